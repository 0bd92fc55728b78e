using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Configuration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Tests.Hosting;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy;

/// <summary>
/// Deployments of the project "shop" by a compose that is a script: it resolves a file to itself,
/// with the variable PORT and the project's directory in a comment,
/// and refuses what has the word "refuse" in it. At each call somebody who has the directory of all projects mounted rewrites what lies there.
/// </summary>
internal sealed class ComposeScene : IAsyncDisposable
{
    public const string Evil = "services: {evil: {}}";

    private static readonly string List = "/containers/json?all=1&filters=" + Uri.EscapeDataString("""{"label":["com.docker.compose.project=shop"]}""");
    private readonly TemporaryFolder _folder = new();
    private readonly List<Lanes> _before = [];
    private readonly CancellationTokenSource _over = new();

    /// <param name="audit">Records what is done; null to record nothing.</param>
    public ComposeScene(AuditLog? audit = null)
    {
        Audit = audit ?? AuditLog.Off;
        Engine = new ScriptedEngine((List, 200, "[]"), ("/volumes", 200, """{"Volumes":[]}"""));
        Directory.CreateDirectory(Path.GetDirectoryName(Compose)!);
        File.WriteAllText(Compose, $$"""
            #!/bin/sh
            [ "$1" = version ] && echo 2.26.1 && exit
            cd {{_folder.Path}}
            [ -f tamper ] && [ -d stacks/shop ] && echo '{{Evil}}' > stacks/shop/docker-compose.yml && echo PORT=666 > stacks/shop/.env
            for staged in stacks/.candidate-*; do [ -d "$staged" ] && echo '{{Evil}}' > "$staged/docker-compose.yml"; done
            arguments="$*"
            while [ $# -gt 0 ]; do
              case "$1" in
                --file) file=$2; shift;;
                --env-file) variables=$2; shift;;
                --project-directory) directory=$2; shift;;
                config|pull|restart|up|down) verb=$1;;
              esac
              shift
            done
            echo "$arguments" >> calls
            [ -z "$variables" ] || . "$variables"
            case $verb in
              config) grep -q refuse "$file" && echo "Invalid hostPort: $PORT" >&2 && exit 15
                      cat "$file"; echo "# $directory/data on $PORT" ;;
              pull) while [ -f hold ]; do sleep 0.05; done ;;
              up) cat "$file" > ran
                  while [ -f hold ]; do sleep 0.05; done ;;
            esac
            exit 0
            """);
        File.SetUnixFileMode(Compose, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Deployments = Start();
    }

    public ScriptedEngine Engine { get; }

    public AuditLog Audit { get; set; }

    public LogCapture Log { get; } = new();

    /// <summary>What the server may do; everything at first.</summary>
    public PolicySource Policies { get; } = new(HostPolicy.Unrestricted);

    public Lanes Lanes { get; private set; } = new();

    public Outbound Outbound { get; private set; }

    /// <summary>Never goes on by itself: who waits, waits for ever.</summary>
    public FakeTimeProvider Time { get; } = new();

    public ComposeDeployer Deployments { get; private set; }

    public string Data => _folder.Path;

    public string Compose => At(".docker/cli-plugins/docker-compose");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public string At(string path) => Path.Combine(_folder.Path, path);

    public string? Text(string path) => File.Exists(At(path)) ? File.ReadAllText(At(path)) : null;

    /// <summary>The agent as it starts after the one before was killed, which never hears of anything again.</summary>
    public async Task RestartAsync(CancellationToken ct)
    {
        _before.Add(Lanes);
        Lanes = new Lanes();
        Deployments = Start();
        await Deployments.DetectAsync(Token);
        Deployments.Recover(ct);
    }

    /// <summary>One container of the project, as the engine tells of it.</summary>
    public void Runs(string service, string status, string state, string mounts = "")
    {
        var labels = $$"""{"com.docker.compose.project":"shop","com.docker.compose.service":"{{service}}","com.docker.compose.container-number":"1"}""";
        var id = new string('a', 64);
        Engine.Set(List, $$"""[{"Id":"{{id}}","Names":["/shop-{{service}}-1"],"Status":"{{status}}"}]""");
        Engine.Set($"/containers/{id}/json", $$$"""
            {"Id":"{{{id}}}","Name":"/shop-{{{service}}}-1","State":{{{state}}},"Mounts":[{{{mounts}}}],"HostConfig":{"RestartPolicy":{"Name":"always"}},
             "Config":{"Image":"app:1","Labels":{{{labels}}}}}
            """);
    }

    public void EngineAnswers(int status, string body) => Engine.Set(List, body, status);

    public async Task<string> AskAsync(string request)
    {
        await Deployments.DetectAsync(Token);
        var routes = new Routes();
        Deployments.AddTo(routes);
        return Encoding.UTF8.GetString(await routes.Commands["deploy_compose"].Bind(JsonElement.Parse(request)).Run(_over.Token));
    }

    /// <summary>Asks, waits until nothing is done any more, and tells how it ended.</summary>
    public async Task<JsonElement> DeployAsync(string request)
    {
        await AskAsync(request);
        await Lanes.WhenIdleAsync().WaitAsync(TimeSpan.FromMinutes(1), Token);
        return Ends()[^1];
    }

    /// <summary>What the server is told of ends, since it was asked last.</summary>
    public IReadOnlyList<JsonElement> Ends()
    {
        var ends = new List<JsonElement>();
        while (Outbound.TryTake() is { } frame)
        {
            var sent = JsonElement.Parse(frame.Bytes);
            if (sent.GetProperty("command").GetString() == "deploy_complete")
            {
                ends.Add(sent.GetProperty("payload"));
            }
        }

        return ends;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        foreach (var lanes in _before.Append(Lanes))
        {
            await lanes.WhenIdleAsync().WaitAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
            lanes.Dispose();
        }

        _over.Dispose();
        await Engine.DisposeAsync();
        _folder.Dispose();
    }

    [MemberNotNull(nameof(Outbound))]
    private ComposeDeployer Start()
    {
        Outbound = new Outbound(new Outbox(_folder.Path), TimeProvider.System, NullLogger<Outbound>.Instance);
        var variables = new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = "ws://x",
            ["DATA_PATH"] = _folder.Path,
            ["HOME"] = _folder.Path,
            ["PATH"] = "/usr/bin:/bin"
        };
        var options = AgentOptions.Load(variables.GetValueOrDefault).Options;
        var context = new AgentContext(options, Log, Time, new Random(1)) { Policies = Policies, Audit = Audit };
        var own = TestOwnContainers.None;
        return new ComposeDeployer(
            context, Engine.Client, own, new CreateGate(context, Engine.Client, own), Lanes, Outbound, variables.GetValueOrDefault);
    }
}
