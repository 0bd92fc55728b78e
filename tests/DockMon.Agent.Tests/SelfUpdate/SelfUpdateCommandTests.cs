using System.Text;
using System.Text.Json;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Delivery;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Tests.Audit;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.SelfUpdate;

/// <summary>What was promised is told of, however it ends. The server is the engine and the download at once, and each test has it hang somewhere.</summary>
public sealed class SelfUpdateCommandTests : IAsyncLifetime
{
    private readonly TemporaryFolder _data = new();
    private readonly TemporaryFolder _outbox = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _hangs = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _hangAt = "/agent";
    private WebApplication _server = null!;
    private EngineClient _engine = null!;
    private Outbound _outbound = null!;
    private readonly AuditScene _records = new();
    private AuditLog _audit = null!;
    private SelfUpdateReporter _report = null!;
    private SelfUpdateStore _store = null!;
    private SelfUpdateCommand _command = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync(AnswerAsync, Token);
        _engine = new EngineClient(EngineEndpoint.FromEnvironment("tcp://" + new Uri(_server.Urls.Single()).Authority, null, null), _time);
        _outbound = new Outbound(new Outbox(_outbox.Path), _time, _log.CreateLogger<Outbound>());
        _audit = _records.Start();
        _report = new SelfUpdateReporter(_outbound, _audit, _time);
        _store = new SelfUpdateStore(Path.Combine(_data.Path, "data"));
        var options = new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = Path.Combine(_data.Path, "data") };
        _command = new SelfUpdateCommand(
            new AgentContext(options, _log, _time, new Random(1)),
            _engine,
            TestOwnContainers.None,
            new Lanes(),
            _store,
            new ProgramTrust(null, ReleaseKeys.Parse("")),
            _report);
    }

    public async ValueTask DisposeAsync()
    {
        _goOn.TrySetResult();
        await _command.WhenEndedAsync(TimeSpan.FromDays(1));
        _command.Dispose();
        _engine.Dispose();
        await _server.DisposeAsync();
        await _records.DisposeAsync();
        _data.Dispose();
        _outbox.Dispose();
    }

    [Theory]
    [InlineData(true, "the machine was restarted")]
    [InlineData(false, "the agent ended")]
    public async Task An_agent_that_ends_in_the_middle_has_the_next_one_tell(bool rebooted, string why)
    {
        await StartAsync(Download);
        var written = _store.Read();
        written.Accepted.ShouldNotBeNull().What.ShouldBe("version 9.9.9");
        if (rebooted)
        {
            _store.Save(written with { Accepted = written.Accepted with { Boot = "another" } });
        }

        Told().ShouldBeEmpty();
        (await NextStartAsync()).ShouldBeFalse();
        Told().ShouldHaveSingleItem().ShouldContain($"the self-update to version 9.9.9 was interrupted before anything was changed: {why}");
        await NextStartAsync();
        Told().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_end_is_recorded_by_whichever_version_tells_it()
    {
        await _audit.BeginAsync(new AuditEntry(CommandNames.SelfUpdate) { Work = AuditAction.SelfUpdateWork });
        await StartAsync(Download);
        await NextStartAsync();
        await AuditScene.StopAsync(_audit);
        var end = _records.Records().Single(record => record.Phase == AuditPhase.End);
        (end.Begin, end.Action).ShouldBe((2, CommandNames.SelfUpdate));
        end.Outcome!.ShouldStartWith("the self-update to version 9.9.9 was interrupted before anything was changed");
    }

    [Fact]
    public async Task An_agent_that_stops_in_the_middle_tells_it_itself()
    {
        await StartAsync(Download);
        _command.Stop();
        await _command.WhenEndedAsync(TimeSpan.FromSeconds(2));
        Told().ShouldHaveSingleItem().ShouldContain("the agent was stopped before anything was changed");
        _store.Read().Accepted.ShouldBeNull();
    }

    [Fact]
    public async Task A_self_update_that_cannot_be_written_down_is_refused_and_not_promised()
    {
        Directory.CreateDirectory(Path.Combine(_store.Folder, "state.json"));
        (await Should.ThrowAsync<CommandException>(() => StartAsync(Download))).Message.ShouldContain("cannot write to");
        (await Should.ThrowAsync<CommandException>(() => StartAsync(Download))).Message.ShouldContain("cannot write to", customMessage: "none is under way");
    }

    [Fact]
    public async Task A_self_update_whose_program_others_could_change_is_refused()
    {
        File.SetUnixFileMode(_store.Folder, File.GetUnixFileMode(_store.Folder) | UnixFileMode.OtherWrite);
        (await Should.ThrowAsync<CommandException>(() => StartAsync(Download))).Message.ShouldContain("others than its owner may write to");
    }

    [Fact]
    public async Task A_data_path_that_goes_in_the_middle_is_told_of_and_ends_nothing_else()
    {
        await StartAsync(Download);
        Directory.Delete(Path.Combine(_data.Path, "data"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "data"), "", Token);
        _goOn.SetResult();
        await _command.WhenEndedAsync(TimeSpan.FromSeconds(2));
        Told().ShouldHaveSingleItem().ShouldContain("\"stage\":\"download\"");

        File.Delete(Path.Combine(_data.Path, "data"));
        await StartAsync(Download);
    }

    [Fact]
    public async Task An_engine_that_hangs_while_what_was_made_is_removed_does_not_keep_the_agent_from_stopping()
    {
        _hangAt = "DELETE";
        await StartAsync(new SelfUpdateRequest { Image = "agent:2" });
        await _hangs.Task.WaitAsync(Token);
        _command.Stop();
        var ending = _command.WhenEndedAsync(TimeSpan.FromSeconds(2));
        ending.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(2));
        await ending;
        _log.Text.ShouldContain("does not come to its end within 2 s");
        _store.Read().Accepted.ShouldNotBeNull("the next start tells of it");
    }

    [Fact]
    public async Task A_self_update_that_is_asked_for_as_soon_as_another_is_told_to_have_failed_is_not_refused()
    {
        _goOn.SetResult();
        for (var i = 0; i < 50; i++)
        {
            await StartAsync(Download);
            while (Told().Count == 0)
            {
                Token.ThrowIfCancellationRequested();
                await Task.Yield(); // At once, and not when somebody next looks.
            }
        }
    }

    private static SelfUpdateRequest Download => new() { Version = "9.9.9", BinaryUrl = "", Checksum = new string('0', 64) };

    private async Task StartAsync(SelfUpdateRequest request)
    {
        var routes = new Routes();
        _command.AddTo(routes);
        request = request with { BinaryUrl = request.BinaryUrl is null ? null : _server.Urls.Single() + "/agent" };
        var payload = JsonSerializer.SerializeToElement(request, ProtocolJson.Default.SelfUpdateRequest);
        await routes.Commands[CommandNames.SelfUpdate].Bind(payload).Run(Token);
    }

    /// <summary>What a new process does first.</summary>
    private Task<bool> NextStartAsync() => new TrialWatch(_store, TestConnections.Create(isConnected: true), _report, _time, _log).RunAsync(Token);

    /// <summary>The ends that were told since it was last asked.</summary>
    private List<string> Told()
    {
        var told = new List<string>();
        while (_outbound.TryTake() is { } frame)
        {
            told.Add(Encoding.UTF8.GetString(frame.Bytes));
        }

        return [.. told.Where(frame => frame.Contains("\"error\":", StringComparison.Ordinal))];
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path == _hangAt || context.Request.Method == _hangAt)
        {
            _hangs.TrySetResult();
            await _goOn.Task.WaitAsync(context.RequestAborted);
        }

        context.Response.Headers["Api-Version"] = "1.41";
        context.Response.StatusCode = path.EndsWith("/archive", StringComparison.Ordinal) ? 404 : 200;
        await context.Response.WriteAsync(
            path.EndsWith("/images/create", StringComparison.Ordinal) ? """{"status":"Pulled"}"""
            : path.EndsWith("/containers/create", StringComparison.Ordinal) ? """{"Id":"c"}"""
            : path.EndsWith("/containers/json", StringComparison.Ordinal) ? "[]" : "{}",
            context.RequestAborted);
    }
}
