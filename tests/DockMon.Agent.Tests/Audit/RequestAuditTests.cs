using System.Text;
using System.Text.Json;
using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

/// <summary>What the gate records of requests, with the payloads that servers send.</summary>
public sealed class RequestAuditTests : IAsyncDisposable
{
    private static readonly string Id = new('c', 64);

    private const string Another = """{"Id":"dddddddddddd","Name":"/web","Config":{"Image":"other:1"}}""";

    private readonly AuditScene _scene = new();
    private readonly ScriptedEngine _engine = new(("/containers/web/json", 200, $$$"""
        {"Id":"{{{Id}}}","Name":"/web","Image":"sha256:1","Config":{"Image":"nginx:1","Labels":{},"Env":["PASSWORD=hunter2"],"Cmd":["run","hunter2"]},
         "HostConfig":{"Privileged":true,"Binds":["/srv/web:/usr/share"]}}
        """));

    private readonly AuditLog _audit;
    private HostPolicy _policy = HostPolicy.Unrestricted;

    public RequestAuditTests() => _audit = _scene.Start();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _scene.DisposeAsync();
    }

    [Fact]
    public async Task A_change_is_recorded_before_and_after_it_with_its_container_and_what_reaches_out_of_it()
    {
        var seen = Array.Empty<AuditRecord>();
        await DoAsync("stop", Operation, """{"action":"stop","container_id":"web"}""", () => seen = _scene.Records());
        var begin = seen[^1];
        (begin.Phase, begin.Action, begin.Request, begin.Decision, begin.Rule).ShouldBe(("begin", "stop", "r1", "allowed", "mode: full"));
        begin.Container.ShouldBe(new AuditedContainer(Id, "web", "nginx:1"));
        begin.Dangers.ShouldBe(["privileged", "host path /srv/web"]);
        var end = (await EndedAsync())[^1];
        (end.Phase, end.Action, end.Begin, end.Outcome, end.Container!.Name).ShouldBe(("end", "stop", begin.Sequence, "ok", "web"));
    }

    [Fact]
    public async Task What_is_recorded_is_the_container_that_was_judged_and_not_the_one_that_has_its_name_then()
    {
        _policy = Gates.Policy("mode: full\ncontainers: [{ match: { name: x }, deny: [stop] }]");
        var asked = 0;
        _engine.BeforeAnswer = path =>
        {
            if (path == "/containers/web/json" && ++asked == 2)
            {
                _engine.Set("/containers/web/json", Another);
            }

            return Task.CompletedTask;
        };
        _engine.Set($"/containers/{Id}/json", $$"""{"Id":"{{Id}}","Name":"/renamed","Config":{"Image":"nginx:1"} }""");
        await DoAsync("stop", Operation, """{"action":"stop","container_id":"web"}""");
        (await EndedAsync())[^1].Container.ShouldBe(new AuditedContainer(Id, "renamed", "nginx:1"));
    }

    [Theory]
    [InlineData(typeof(CommandException), "conflict", "conflict")]
    [InlineData(typeof(InvalidOperationException), "oops", "internal error: oops")]
    [InlineData(typeof(OperationCanceledException), "x", "cancelled: it took too long, or the agent stops")]
    public async Task A_failure_is_the_outcome(Type type, string message, string outcome)
    {
        var failure = (Exception)Activator.CreateInstance(type, message)!;
        await Should.ThrowAsync<Exception>(() => DoAsync("stop", Operation, """{"action":"stop","container_id":"web"}""", () => throw failure));
        (await EndedAsync())[^1].Outcome.ShouldBe(outcome);
    }

    [Fact]
    public async Task An_error_that_quotes_the_command_line_or_a_variable_of_the_container_is_recorded_without_it()
    {
        var failure = new CommandException("failed to start container: exec: \"hunter2\": not found, with PASSWORD=hunter2");
        await Should.ThrowAsync<CommandException>(() => DoAsync("start", Operation, """{"action":"start","container_id":"web"}""", () => throw failure));
        (await EndedAsync())[^1].Outcome.ShouldBe("failed to start container: exec: \"…\": not found, with …");
    }

    [Fact]
    public async Task A_container_that_the_engine_does_not_know_is_recorded_as_it_was_named()
    {
        await DoAsync("stop", Operation, """{"action":"stop","container_id":"nosuch"}""");
        (await EndedAsync())[1].Subject.ShouldBe("container nosuch");
    }

    [Fact]
    public async Task What_only_looks_is_recorded_where_a_policy_that_is_tried_out_would_refuse_it()
    {
        _policy = Gates.Policy("mode: full\ndeny: [logs]\nenforce: false");
        await DoAsync("get_logs", Operation, """{"action":"get_logs","container_id":"web"}""");
        var record = (await EndedAsync())[^1];
        (record.Phase, record.Action, record.Decision, record.Rule, record.Outcome).ShouldBe(("noted", "get_logs", "tolerated", "deny: get_logs", "ok"));
        record.Subject.ShouldBe("container web");
    }

    [Theory]
    [InlineData("inspect", """{"action":"inspect","container_id":"web"}""")]
    [InlineData("get_logs", """{"action":"get_logs","container_id":"web"}""")]
    [InlineData("list_images", "{}")]
    public async Task What_only_looks_is_not_recorded(string action, string payload)
    {
        await DoAsync(action, Operation, payload);
        (await EndedAsync()).Select(record => record.Action).ShouldBe(["agent_start"]);
        _engine.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_policy_refuses_is_recorded_with_its_rule_also_what_would_only_look()
    {
        _policy = new HostPolicy { Origin = "test", Mode = PolicyMode.Observe, Deny = ActionSet.Read(["logs"], out _) };
        await Should.ThrowAsync<CommandException>(() => DoAsync("stop", Operation, """{"action":"stop","container_id":"web"}"""));
        await Should.ThrowAsync<CommandException>(() => DoAsync("get_logs", Operation, """{"action":"get_logs","container_id":"web"}"""));
        (await EndedAsync())[1..].Select(record => (record.Phase, record.Action, record.Decision, record.Rule, record.Subject, record.Outcome)).ShouldBe([
            ("refused", "stop", "refused", "mode: observe", "container web", "stop is not allowed"),
            ("refused", "get_logs", "refused", "deny: get_logs", "container web", "get_logs is not allowed")]);
    }

    [Fact]
    public async Task What_a_policy_that_is_tried_out_would_refuse_is_recorded_as_tolerated()
    {
        _policy = new HostPolicy { Origin = "test", Mode = PolicyMode.Observe, Enforce = false };
        await DoAsync("stop", Operation, """{"action":"stop","container_id":"web"}""");
        (await EndedAsync())[1..].Select(record => (record.Phase, record.Decision, record.Rule)).ShouldBe([
            ("begin", "tolerated", "mode: observe"), ("end", null, null)]);
    }

    [Fact]
    public async Task Nothing_is_done_without_a_record_where_one_is_required()
    {
        await AuditScene.StopAsync(_audit);
        _audit.Required = true;
        File.Delete(_scene.Current);
        Directory.CreateDirectory(_scene.Current);
        var done = false;
        var refusal = await Should.ThrowAsync<CommandException>(() => DoAsync(
            "stop", Operation, """{"action":"stop","container_id":"web"}""", () => done = true));
        refusal.Message.ShouldStartWith("refused: the policy of this host requires a record of every change");
        done.ShouldBeFalse();
        await DoAsync("inspect", Operation, """{"action":"inspect","container_id":"web"}""", () => done = true);
        done.ShouldBeTrue();
    }

    [Fact]
    public async Task A_create_is_recorded_with_its_image_and_its_dangers_and_without_its_variables_and_command()
    {
        await Should.ThrowAsync<CommandException>(() => DoAsync(
            "create",
            Operation,
            """
            {"action":"create","config":{"image":"app:1","name":"new","command":["serve","--key","k3y-on-the-line"],"network_mode":"host",
             "environment":{"PASSWORD":"hunter2","SHORT":"abc"},"volumes":["/etc:/host"]}}
            """,
            () => throw new CommandException("invalid: PASSWORD=hunter2, SHORT=abc, hunter2, k3y-on-the-line")));
        var records = await EndedAsync();
        records[1].Container.ShouldBe(new AuditedContainer("", "new", "app:1"));
        records[1].Dangers!.Order(StringComparer.Ordinal).ShouldBe(["host network namespace", "host path /etc"]);
        records[2].Outcome.ShouldBe("invalid: …, …, …, …");
        await NothingIsToldAsync("hunter2", "abc", "k3y-on-the-line");
    }

    [Fact]
    public async Task A_deployment_is_recorded_without_its_files_and_passwords_and_ended_by_its_id()
    {
        const string Payload = """
            {"deployment_id":"d1","project_name":"shop","compose_content":"services: {web: {image: secret-image}}","env_file_content":"A=hunter2",
             "env_files":{"web.env":"TOKEN='t0ken-of-web'"},"registry_credentials":[{"registry_url":"r","username":"u","password":"passw0rd"}]}
            """;
        await DoAsync("deploy_compose", Deployment, Payload);
        _audit.EndWork("deploy_compose", "d1", "failed with hunter2, t0ken-of-web, passw0rd");
        var records = await EndedAsync();
        records[1..].Select(record => (record.Phase, record.Work, record.Subject, record.Outcome)).ShouldBe([
            ("begin", "d1", "up of project shop", null), ("end", "d1", "up of project shop", "failed with …, …, …")]);
        await NothingIsToldAsync("hunter2", "t0ken-of-web", "passw0rd", "secret-image");
    }

    [Fact]
    public async Task An_update_that_is_refused_at_once_ends_at_once_and_does_not_end_the_one_that_runs()
    {
        const string Payload = """{"container_id":"web","new_image":"nginx:2","registry_auth":{"username":"u","password":"passw0rd"}}""";
        await DoAsync("update_container", Update, Payload);
        static void Refuse() => throw new CommandException("passw0rd? one is under way");
        await Should.ThrowAsync<CommandException>(() => DoAsync("update_container", Update, Payload, Refuse));
        _audit.EndWork("update_container", "web", null);
        var records = await EndedAsync();
        records[1..].Select(record => (record.Phase, record.Begin, record.Subject, record.Outcome)).ShouldBe([
            ("begin", null, "new image nginx:2", null),
            ("begin", null, "new image nginx:2", null),
            ("end", 3, "new image nginx:2", "…? one is under way"),
            ("end", 2, "new image nginx:2", "ok")]);
        await NothingIsToldAsync("passw0rd");
    }

    [Fact]
    public async Task A_self_update_is_recorded_without_the_address_of_the_program()
    {
        await DoAsync("self_update", SelfUpdate, """{"binary_url":"https://u:t0ken@h/agent","checksum":"00"}""");
        _audit.EndWork(CommandNames.SelfUpdate, AuditAction.SelfUpdateWork, "cannot download https://u:t0ken@h/agent");
        var records = await EndedAsync();
        records[1].Subject.ShouldBe("version unknown of a program from https://h");
        records[2].Outcome.ShouldBe("cannot download …");
        await NothingIsToldAsync("t0ken");
    }

    [Fact]
    public async Task Reading_files_of_the_host_is_recorded_with_their_paths()
    {
        await DoAsync("read_compose_file", Reading, """{"path":"/srv/app/compose.yaml"}""");
        await DoAsync("scan_compose_dirs", Scan, """{"paths":["/srv","/opt"]}""");
        (await EndedAsync())[1..].Select(record => (record.Phase, record.Action, record.Subject)).ShouldBe([
            ("begin", "read_compose_file", "/srv/app/compose.yaml"),
            ("end", "read_compose_file", "/srv/app/compose.yaml"),
            ("begin", "scan_compose_dirs", "/srv, /opt"),
            ("end", "scan_compose_dirs", "/srv, /opt")]);
    }

    [Fact]
    public async Task A_shell_is_recorded_from_its_start_to_its_end_and_what_ended_it()
    {
        var audit = new RequestAudit(_audit, _engine.Client);
        (await audit.RunAsync(HostActions.Shell, Subject.OfContainer("web"), "s1", () => Task.FromResult<string?>("the connection was lost")))
            .ShouldBe("the connection was lost");
        var records = await EndedAsync();
        records[1..].Select(record => (record.Phase, record.Action, record.Work, record.Container!.Name, record.Outcome)).ShouldBe([
            ("begin", "shell", "s1", "web", null), ("end", "shell", "s1", "web", "the connection was lost")]);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_read_is_recorded_by_its_size_and_hash()
    {
        const string Config = """{"image":"app:1","name":"new","environment":{"PASSWORD":"hunter2"},"devices":7}""";
        await Should.ThrowAsync<CommandException>(() => DoAsync(
            "create", Operation, $$"""{"action":"create","config":{{Config}}}""", () => throw new CommandException("devices is no list")));
        var begin = (await EndedAsync())[1];
        begin.Container.ShouldBe(new AuditedContainer("", "new", "app:1"));
        begin.Subject.ShouldBe($"a configuration of {Config.Length} bytes, SHA-256 {Digest.Of(Encoding.UTF8.GetBytes(Config))}");
        await NothingIsToldAsync("hunter2");
    }

    [Theory]
    [InlineData("u:passw0rd@reg.example/app:1", "reg.example/app:1")]
    [InlineData("https://u:passw0rd@reg.example/app:1", "https://reg.example/app:1")]
    [InlineData("https://passw0rd@reg.example/app:1", "https://reg.example/app:1")]
    [InlineData("reg:5000/app:1@sha256:0123456789abcdef0123456789abcdef", "reg:5000/app:1@sha256:0123456789abcdef0123456789abcdef")]
    [InlineData("app:1@sha256:0123456789abcdef0123456789abcdef", "app:1@sha256:0123456789abcdef0123456789abcdef")]
    public async Task Credentials_in_the_name_of_an_image_are_not_recorded(string image, string recorded)
    {
        await Should.ThrowAsync<CommandException>(() => DoAsync(
            "pull_image", Operation, $$"""{"action":"pull_image","image":"{{image}}"}""", () => throw new CommandException($"cannot pull \"{image}\"")));
        var records = await EndedAsync();
        records[1].Subject.ShouldBe(recorded);
        records[2].Outcome.ShouldBe($"cannot pull \"{recorded}\"");
        await NothingIsToldAsync("passw0rd");
    }

    [Fact]
    public async Task What_a_rule_refuses_that_can_only_be_judged_later_ends_as_refused()
    {
        var refusal = Decision.Refuse("create.privileged", "it is privileged");
        await Should.ThrowAsync<CommandException>(() => DoAsync(
            "create", Operation, """{"action":"create","config":{"image":"app:1"}}""", () => throw new RefusedException(refusal)));
        await DoAsync("deploy_compose", Deployment, """{"deployment_id":"d1","project_name":"shop","compose_content":"services: {}"}""");
        _audit.RefuseWork("deploy_compose", "d1", refusal);
        _audit.EndWork("deploy_compose", "d1", refusal.Error);
        var records = await EndedAsync();
        records[1..].Select(record => (record.Phase, record.Begin, record.Decision, record.Rule, record.Outcome)).ShouldBe([
            ("begin", null, "allowed", "mode: full", null),
            ("refused", 2, "refused", "create.privileged", "it is privileged"),
            ("begin", null, "allowed", "deploy_compose", null),
            ("refused", 4, "refused", "create.privileged", "it is privileged")]);
        AuditHead.Read(_scene.Folder)!.Open.ShouldBe(0);
        AuditReader.Unended(_scene.Folder).ShouldBeEmpty();
    }

    private static BoundRequest Operation(JsonElement payload, Action run) => Bind(ProtocolJson.Default.ContainerOperation, payload, run);

    private static BoundRequest Deployment(JsonElement payload, Action run) => Bind(ProtocolJson.Default.DeployComposeRequest, payload, run);

    private static BoundRequest Update(JsonElement payload, Action run) => Bind(ProtocolJson.Default.UpdateContainerRequest, payload, run);

    private static BoundRequest SelfUpdate(JsonElement payload, Action run) => Bind(ProtocolJson.Default.SelfUpdateRequest, payload, run);

    private static BoundRequest Reading(JsonElement payload, Action run) => Bind(ProtocolJson.Default.ReadComposeRequest, payload, run);

    private static BoundRequest Scan(JsonElement payload, Action run) => Bind(ProtocolJson.Default.ScanComposeRequest, payload, run);

    private static BoundRequest Bind<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, JsonElement payload, Action run)
        where T : class =>
        Route.For("do", type, ProtocolJson.Default.SuccessResult, lane: null, (_, _) =>
        {
            run();
            return Task.FromResult(new SuccessResult());
        }).Bind(payload);

    private async Task DoAsync(string action, Func<JsonElement, Action, BoundRequest> bind, string payload, Action? run = null)
    {
        var options = new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = _scene.DataPath };
        var context = new AgentContext(options, NullLoggerFactory.Instance, _scene.Time, new Random(1)) { Policies = new PolicySource(_policy) };
        var gate = new RequestGate(context, new ContainerFactsReader(_engine.Client), new RequestAudit(_audit, _engine.Client));
        await gate.RunAsync("r1", action, bind(JsonElement.Parse(payload), run ?? (() => { })), Token);
    }

    private async Task<AuditRecord[]> EndedAsync()
    {
        await AuditScene.StopAsync(_audit);
        return _scene.Records()[..^1];
    }

    private async Task NothingIsToldAsync(params string[] secrets)
    {
        var file = await File.ReadAllTextAsync(_scene.Current, Encoding.UTF8, Token);
        foreach (var secret in secrets)
        {
            file.ShouldNotContain(secret);
            _scene.Log.Text.ShouldNotContain(secret);
        }
    }
}
