using System.Globalization;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Streams.Shells;
using DockMon.Agent.Tests.Policies;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Shells;

/// <summary>Shells on an engine that is scripted: e1 is the shell, e2 what ends it.</summary>
public sealed class ShellTests : IAsyncLifetime
{
    private const string Upgraded = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    private const string Opening = "dockmon-shell-process:42\r\n";
    private const string Running = """{"Running":true,"ExitCode":null}""";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private readonly ScriptedEngine _engine;
    private readonly Outbound _outbound;
    private readonly ShellManager _shells;
    private readonly PolicySource _policies = Gates.NoPolicy;
    private readonly List<string> _input = [];
    private volatile string _inspection = """{"Running":false,"ExitCode":0}""";
    private int _created;

    public ShellTests()
    {
        _engine = ScriptedEngine.Answering(Answer);
        _outbound = new Outbound(new Outbox(_folder.Path), _time, _log.CreateLogger<Outbound>());
        _shells = new ShellManager(
            _engine.Client,
            Gates.Of(_policies, _engine.Client),
            _outbound,
            Gates.NoAudit,
            _time,
            _log.CreateLogger<ShellManager>());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What the shell's program does after the connection was upgraded. It ends when this does.</summary>
    private Func<Stream, CancellationToken, Task> Program { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What is answered to the creation of the shell; null for its id.</summary>
    private ScriptedAnswer? Refusal { get; set; }

    private ScriptedAnswer Container { get; set; } = ScriptedAnswer.Json("""{"Id":"cc","Name":"/postgres-1","Config":{"Image":"postgres:17"}}""");

    private ScriptedAnswer Resized { get; set; } = ScriptedAnswer.Empty(200);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_shell_says_that_it_started_passes_its_output_on_and_says_that_it_ended()
    {
        Program = async (stream, ct) => await WriteAsync(stream, Opening + "$ ", ct);
        Start();
        (await NextAsync()).GetProperty("action").GetString().ShouldBe("started");
        (await OutputAsync()).ShouldBe("$ ");
        (await EndAsync()).ShouldBe(("closed", null));
        _log.Text.ShouldContain("Shell s in container c started");
    }

    [Fact]
    public async Task Output_before_the_process_id_is_output_too()
    {
        Program = async (stream, ct) => await WriteAsync(stream, "warning: no locale\r\n" + Opening, ct);
        Start();
        await NextAsync();
        (await OutputAsync()).ShouldBe("warning: no locale\r\n");
    }

    [Fact]
    public async Task Large_output_comes_whole_in_pieces_of_the_largest_size()
    {
        var text = string.Concat(Enumerable.Range(0, 30_000).Select(i => i.ToString("D5", CultureInfo.InvariantCulture)));
        Program = async (stream, ct) => await WriteAsync(stream, Opening + text, ct);
        Start();
        await NextAsync();
        var output = new StringBuilder();
        while (output.Length < text.Length)
        {
            var piece = await OutputAsync();
            piece.Length.ShouldBeLessThanOrEqualTo(Shell.OutputBytes);
            output.Append(piece);
        }

        output.ToString().ShouldBe(text);
        (await EndAsync()).Action.ShouldBe("closed");
    }

    [Fact]
    public async Task Input_reaches_the_program_in_the_order_it_came()
    {
        Program = EchoUntilExitAsync;
        Start();
        await NextAsync();
        foreach (var text in new[] { "one ", "two ", "exit" })
        {
            Take($$"""{"action":"data","session_id":"s","data":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}"}""");
        }

        await Retry.UntilAsync("the program has read everything", () => string.Concat(Input()) == "one two exit", ct: Token);
        while ((await NextAsync()).GetProperty("action").GetString() != "closed")
        {
            // The echo.
        }
    }

    [Fact]
    public async Task A_program_that_does_not_read_loses_its_shell_when_too_much_input_waits()
    {
        _inspection = Running;
        Program = async (stream, ct) =>
        {
            await WriteAsync(stream, Opening, ct);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        };
        Start();
        await NextAsync();
        var data = Convert.ToBase64String(new byte[ShellInput.Limit / 4]);
        for (var i = 0; i < 40; i++)
        {
            Take($$"""{"action":"data","session_id":"s","data":"{{data}}"}""");
        }

        await Retry.UntilAsync("what ends it is made", () => Volatile.Read(ref _created) == 2, ct: Token);
        _inspection = """{"Running":false,"ExitCode":129}""";
        await AdvanceUntilGoneAsync();
        (await EndAsync()).Error!.ShouldContain("input wait for a program that does not read");
    }

    [Fact]
    public async Task A_shell_that_the_server_closes_is_hung_up_by_its_process_id_and_ends_without_a_reason()
    {
        _inspection = Running;
        Program = EchoUntilExitAsync;
        Start();
        await NextAsync();
        Take("""{"action":"close","session_id":"s"}""");
        await Retry.UntilAsync("what ends it is made", () => Volatile.Read(ref _created) == 2, ct: Token);
        JsonElement.Parse(_engine.Calls.Last(call => call.Path == "/containers/c/exec").Body)
            .GetProperty("Cmd")
            .EnumerateArray()
            .Last()
            .GetString()
            .ShouldBe("42");
        _inspection = """{"Running":false,"ExitCode":129}""";
        await AdvanceUntilGoneAsync();
        (await EndAsync()).ShouldBe(("closed", null));
    }

    [Fact]
    public async Task A_shell_that_does_not_end_is_told_of_in_the_log_and_to_nobody_for_ever()
    {
        _inspection = Running;
        Program = EchoUntilExitAsync;
        Start();
        await NextAsync();
        Take("""{"action":"close","session_id":"s"}""");
        await AdvanceUntilGoneAsync();
        _log.Text.ShouldContain("Processes of shell s may be left in container c: they did not end within 15 s");
        (await EndAsync()).Action.ShouldBe("closed");
    }

    [Fact]
    public async Task A_shell_whose_connection_to_the_server_is_lost_is_hung_up_without_a_word()
    {
        _inspection = Running;
        Program = EchoUntilExitAsync;
        Start();
        await NextAsync();
        _shells.ConnectionLost();
        await Retry.UntilAsync("what ends it is made", () => Volatile.Read(ref _created) == 2, ct: Token);
        _inspection = """{"Running":false,"ExitCode":129}""";
        await AdvanceUntilGoneAsync();
        _outbound.TryTake().ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"Running":false,"ExitCode":137}""", "the shell was killed, or its container stopped")]
    [InlineData("""{"Running":false,"ExitCode":3}""", null)]
    [InlineData("no JSON", "'no JSON' is an invalid JSON literal")] // The telling part of what the engine said.
    public async Task How_a_shell_ended_by_itself_is_asked_of_the_engine(string inspection, string? reason)
    {
        _inspection = inspection;
        Program = (stream, ct) => WriteAsync(stream, Opening, ct);
        Start();
        await NextAsync();
        var (action, error) = await EndAsync();
        action.ShouldBe("closed");
        (reason is null ? error is null : error!.StartsWith(reason, StringComparison.Ordinal)).ShouldBeTrue(error);
    }

    [Theory]
    [InlineData("sh: not found\r\n", "sh: not found")]
    [InlineData("", "the shell ended at once")]
    [InlineData("dockmon-shell-process:42", "dockmon-shell-process:42")]
    public async Task A_shell_that_never_says_its_process_id_did_not_start(string output, string words)
    {
        Program = (stream, ct) => WriteAsync(stream, output, ct);
        Start();
        var (action, error) = await EndAsync();
        action.ShouldBe("error");
        error.ShouldBe("failed to start shell: " + words);
        _shells.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_shell_that_does_not_begin_in_time_is_given_up()
    {
        var begun = new TaskCompletionSource();
        Program = async (_, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        };
        Start();
        await begun.Task.WaitAsync(Token);
        await AdvanceUntilGoneAsync();
        (await EndAsync()).Error.ShouldBe("failed to start shell: the shell did not begin within 30 s (timeout)");
        _log.Text.ShouldContain("the shell never said its process id");
    }

    [Theory]
    [InlineData(404, "No such container: c")]
    [InlineData(409, "Container c is not running")]
    [InlineData(500, "out of memory")]
    public async Task What_the_engine_refuses_is_said_in_its_words(int status, string words)
    {
        Refusal = ScriptedAnswer.Json($$"""{"message":"{{words}}"}""", status);
        Start();
        (await EndAsync()).ShouldBe(("error", "failed to start shell: " + words));
    }

    [Fact]
    public async Task The_newest_size_reaches_the_terminal_also_after_one_that_the_engine_refused()
    {
        Resized = ScriptedAnswer.Json("""{"message":"not yet"}""", 500);
        Program = EchoUntilExitAsync;
        Start();
        await NextAsync();
        Take("""{"action":"resize","session_id":"s","cols":80,"rows":24}""");
        await Retry.UntilAsync("the refusal is logged", () => _log.Text.Contains("did not take its size: not yet", StringComparison.Ordinal), ct: Token);
        Resized = ScriptedAnswer.Empty(200);
        Take("""{"action":"resize","session_id":"s","cols":120,"rows":40}""");
        await Retry.UntilAsync("the size is asked for", () => _engine.Requests.Contains("/exec/e1/resize?h=40&w=120"), ct: Token);
    }

    [Fact]
    public async Task A_second_start_of_a_session_is_refused_and_the_first_goes_on()
    {
        Program = EchoUntilExitAsync;
        Start();
        await NextAsync();
        Should.Throw<Agent.Commands.CommandException>(Start).Message.ShouldBe("session s is there already");
        Take($$"""{"action":"data","session_id":"s","data":"{{Convert.ToBase64String("still"u8)}}"}""");
        (await OutputAsync()).ShouldBe("still");
    }

    [Theory]
    [InlineData("mode: operate", "failed to start shell: refused by this host's policy: shell is not allowed (mode: operate)")]
    [InlineData(
        "mode: full\ncontainers: [{ match: { name: post* }, deny: [shell] }]",
        "failed to start shell: refused by this host's policy: shell is not allowed on postgres-1 (containers[0] name=post*)")]
    public async Task A_shell_that_the_policy_refuses_is_not_started_and_says_why(string policy, string error)
    {
        _policies.Use(Gates.Policy(policy));
        Start();
        (await EndAsync()).ShouldBe(("error", error));
        Encoding.UTF8.GetByteCount(error).ShouldBeLessThanOrEqualTo(123);
        _engine.Requests.ShouldNotContain(path => path.Contains("exec"));
    }

    [Fact]
    public async Task A_shell_of_a_container_that_the_engine_does_not_tell_of_is_not_started()
    {
        _policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: post* }, deny: [shell] }]"));
        Container = ScriptedAnswer.Json("""{"message":"it is broken"}""", 500);
        Start();
        (await EndAsync()).Error.ShouldNotBeNull().ShouldContain("it is broken");
        _engine.Requests.ShouldNotContain(path => path.Contains("exec"));
    }

    [Fact]
    public async Task A_policy_that_comes_later_ends_the_shells_that_it_does_not_allow()
    {
        Program = EchoUntilExitAsync;
        Start();
        (await NextAsync()).GetProperty("action").GetString().ShouldBe("started");
        _policies.Use(Gates.Policy("mode: full"));
        await _shells.RecheckAsync(Token);
        _shells.Count.ShouldBe(1);
        _policies.Use(Gates.Policy("mode: full\ndeny: [shell]"));
        await _shells.RecheckAsync(Token);
        (await EndAsync()).ShouldBe(("closed", "refused by this host's policy: shell is not allowed (deny: shell)"));
    }

    private static Task WriteAsync(Stream stream, string text, CancellationToken ct) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), ct).AsTask();

    private async Task EchoUntilExitAsync(Stream stream, CancellationToken ct)
    {
        await WriteAsync(stream, Opening, ct);
        var buffer = new byte[1024];
        while (await stream.ReadAsync(buffer, ct) is var count and > 0)
        {
            var text = Encoding.UTF8.GetString(buffer, 0, count);
            lock (_input)
            {
                _input.Add(text);
            }

            await WriteAsync(stream, text, ct);
            if (text.EndsWith("exit", StringComparison.Ordinal))
            {
                return;
            }
        }
    }

    private string[] Input()
    {
        lock (_input)
        {
            return [.. _input];
        }
    }

    private ScriptedAnswer Answer(string line)
    {
        var path = line.Split(' ')[1]["/v1.41".Length..];
        return path switch
        {
            "/containers/c/exec" => Refusal ?? ScriptedAnswer.Json($$"""{"Id":"e{{Interlocked.Increment(ref _created)}}"}""", 201),
            "/exec/e1/start" => new ScriptedAnswer(Upgraded, Then: Program),
            "/exec/e2/start" => new ScriptedAnswer(Upgraded),
            "/containers/c/json" => Container,
            "/exec/e1/json" => ScriptedAnswer.Json(_inspection),
            _ when path.StartsWith("/exec/e1/resize", StringComparison.Ordinal) => Resized,
            _ => ScriptedAnswer.Json("""{"message":"page not found"}""", 404),
        };
    }

    private void Start() => Take("""{"action":"start","session_id":"s","container_id":"c"}""");

    private void Take(string message) => _shells.HandleFrame(JsonElement.Parse(message));

    /// <summary>Turns the clock until the shell is forgotten.</summary>
    private Task AdvanceUntilGoneAsync() => Retry.UntilAsync(
        "the shell is gone",
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return _shells.Count == 0;
        },
        ct: Token);

    private async Task<JsonElement> NextAsync() => (await Retry.FindAsync("a frame comes", () => Task.FromResult(_outbound.TryTake()), ct: Token)) is { } frame
        ? JsonElement.Parse(frame.Bytes).GetProperty("payload") : throw new InvalidOperationException();

    private async Task<string> OutputAsync()
    {
        var payload = await NextAsync();
        payload.GetProperty("action").GetString().ShouldBe("data");
        return Encoding.UTF8.GetString(payload.GetProperty("data").GetBytesFromBase64());
    }

    private async Task<(string? Action, string? Error)> EndAsync()
    {
        var payload = await NextAsync();
        await Retry.UntilAsync("the shell is forgotten", () => _shells.Count == 0, ct: Token);
        return (payload.GetProperty("action").GetString(), payload.TryGetProperty("error", out var error) ? error.GetString() : null);
    }
}
