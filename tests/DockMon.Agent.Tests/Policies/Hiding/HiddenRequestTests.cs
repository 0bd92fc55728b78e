using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Hiding;

/// <summary>Requests about hidden containers, beside the same about containers that do not exist.</summary>
public sealed class HiddenRequestTests : IAsyncLifetime
{
    private const string Nowhere = "nowhere";

    private readonly ScriptedEngine _engine = Hidden.Engine();
    private readonly Routes _routes = new();
    private RequestGate _gate = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        var facts = new ContainerFactsReader(_engine.Client);
        _gate = new RequestGate(Gates.Context(Hidden.ByName, Hidden.In(_engine)), facts, Gates.NoAudit);
        new ContainerOperations(_engine.Client, TestOwnContainers.None, Gates.NoPolicy).AddTo(_routes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    public static TheoryData<string, string> Requests()
    {
        var data = new TheoryData<string, string>();
        foreach (var action in new[]
            {
                OperationActions.Start, OperationActions.Stop, OperationActions.Restart, OperationActions.Kill, OperationActions.Pause,
                OperationActions.Unpause, OperationActions.Rename, OperationActions.Remove, OperationActions.GetStatus, OperationActions.GetLogs,
                OperationActions.Inspect,
            })
        {
            data.Add(action, "");
            data.Add(action, "\"new_name\":\"other\",");
            data.Add(action, "\"since\":\"yesterday\",");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_about_a_hidden_container_is_answered_as_one_about_none(string action, string options)
    {
        var expected = await AnswerAsync(action, options, Nowhere);
        foreach (var reference in new[] { "secret", "/secret", " secret ", Hidden.SecretId, Hidden.SecretId[..12], Hidden.SecretId[..3] })
        {
            _engine.Set($"/containers/{Hidden.SecretId[..3]}/json", Hidden.Inspection(Hidden.SecretId, "secret"));
            var answer = await AnswerAsync(action, options, reference);
            answer.ShouldBe(expected.Replace(Nowhere, reference.Trim().TrimStart('/'), StringComparison.Ordinal));
        }

        _engine.Requests.ShouldNotContain(path => path.Contains("secret", StringComparison.Ordinal) && !path.EndsWith("/json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_beginning_of_the_ids_of_a_hidden_container_and_another_one_finds_none()
    {
        _engine.Set("/containers/e/json", """{"message":"Multiple IDs found with provided prefix: e"}""", status: 500);
        (await AnswerAsync(OperationActions.Inspect, "", "e")).ShouldBe("No such container: e");
        _engine.Set("/containers/eb/json", Hidden.Inspection(Hidden.WebId, "web"));
        (await AnswerAsync(OperationActions.Inspect, "", "eb")).ShouldBe("No such container: eb");
        (await AnswerAsync(OperationActions.Inspect, "", Hidden.WebId[..12])).ShouldContain("\"container\"");
    }

    [Fact]
    public async Task What_is_no_request_finds_none_either()
    {
        await _gate.EnsureAllowedAsync(HostActions.Shell, Subject.OfContainer("web"), Token);
        var error = await Should.ThrowAsync<EngineException>(() => _gate.EnsureAllowedAsync(HostActions.Shell, Subject.OfContainer("secret"), Token));
        error.Message.ShouldBe("No such container: secret");
    }

    [Fact]
    public async Task An_error_of_the_engine_does_not_name_a_hidden_container()
    {
        var id = Hidden.SecretId[..12];
        var said = $"volume is in use - [{Hidden.SecretId}, {Hidden.WebId}] by {id} (name:\"secret\" id:\"{id}\") not secret";
        _routes.Commands["fail"] = new Route("fail", null, (_, _) => throw new EngineException(said));
        var bound = _routes.Commands["fail"].Bind(default);
        var error = await Should.ThrowAsync<EngineException>(() => _gate.RunAsync("1", "fail", bound, Token));
        error.Message.ShouldBe($"volume is in use - [(hidden), {Hidden.WebId}] by (hidden) (name:\"(hidden)\" id:\"(hidden)\") not secret");

        _engine.Set(Hidden.All, "busy", status: 500);
        error = await Should.ThrowAsync<EngineException>(() => _gate.RunAsync("1", "fail", bound, Token));
        error.Message.ShouldNotContain(Hidden.SecretId[..12]);
    }

    private async Task<string> AnswerAsync(string action, string options, string reference)
    {
        var bound = _routes.Operations[action].Bind(JsonElement.Parse($$"""{"action":"{{action}}",{{options}}"container_id":"{{reference}}"}"""));
        try
        {
            return System.Text.Encoding.UTF8.GetString(await _gate.RunAsync("1", action, bound, Token));
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return e.Message;
        }
    }
}
