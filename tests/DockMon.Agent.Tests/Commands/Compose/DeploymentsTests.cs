using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Compose;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Logging;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Compose;

/// <summary>Deployments by a compose that is a script, and refuses everything.</summary>
public sealed class DeploymentsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedEngine _engine = new(("/containers/json?all=1", 200, "[]"));
    private readonly LogCapture _log = new(json: false);
    private readonly Lanes _lanes = new();
    private readonly Outbound _outbound;
    private readonly Deployments _deployments;

    public DeploymentsTests()
    {
        var variables = new Dictionary<string, string> { ["DOCKMON_URL"] = "ws://x", ["DATA_PATH"] = _folder.Path, ["HOME"] = _folder.Path, ["PATH"] = "/usr/bin:/bin" };
        _outbound = new Outbound(new Outbox(_folder.Path), TimeProvider.System, NullLogger<Outbound>.Instance);
        _deployments = new Deployments(
            AgentOptions.Load(variables.GetValueOrDefault), _engine.Client, () => null, _lanes, _outbound, TimeProvider.System, _log.Factory.CreateLogger<Deployments>(), variables.GetValueOrDefault);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        var compose = Path.Combine(_folder.Path, ".docker", "cli-plugins", "docker-compose");
        Directory.CreateDirectory(Path.GetDirectoryName(compose)!);
        File.WriteAllText(compose, """
            #!/bin/sh
            [ "$1" = version ] && echo 2.26.1 && exit
            . ./.env
            echo "Invalid hostPort: $PORT" >&2
            exit 15
            """);
        File.SetUnixFileMode(compose, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _lanes.Dispose();
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_compose_says_of_a_variable_goes_to_who_asked_and_not_to_the_log()
    {
        await _deployments.DetectAsync(Token);
        var routes = new Dictionary<string, Route>(StringComparer.Ordinal);
        _deployments.AddTo(routes);
        const string Request = """{"deployment_id":"d1","project_name":"shop","compose_content":"services: {}","env_file_content":"PORT=hunter2"}""";
        await routes["deploy_compose"].Run(JsonElement.Parse(Request), Token);
        await _lanes.WhenIdleAsync().WaitAsync(Token);

        var sent = new List<string>();
        while (_outbound.TryTake() is { } frame)
        {
            sent.Add(Encoding.UTF8.GetString(frame.Bytes));
        }

        sent.ShouldContain(frame => frame.Contains("deploy_complete", StringComparison.Ordinal) && frame.Contains("Invalid hostPort: hunter2", StringComparison.Ordinal));
        _log.Text.ShouldContain("up of project shop failed: compose ended with 15");
        _log.Text.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task What_a_killed_deployment_left_of_passwords_is_gone_after_the_next_start()
    {
        var left = RegistryConfig.Write(_folder.Path, [new() { RegistryUrl = "r:5000", Username = "me", Password = "p" }]).ShouldNotBeNull();
        Directory.Exists(left.Folder).ShouldBeTrue();
        await _deployments.DetectAsync(Token);
        Directory.Exists(left.Folder).ShouldBeFalse();
    }
}
