using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Connection;
using DockMon.Agent.Streams;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Logging;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams;

public sealed class EventStreamTests : IAsyncLifetime
{
    private const string ListPath = "/containers/json?all=0";
    private const string Maintenance = "<html>down for maintenance</html>";

    private readonly TemporaryFolder _folder = new();
    private readonly LogCapture _log = new(json: false);
    private readonly ContainerTracker _tracker = new();
    private readonly CancellationTokenSource _stop = new();

    // The stream's headers stay away: nothing happens in this engine.
    private readonly ScriptedEngine _engine = new(("/info", 200, Maintenance), (ListPath, 200, Maintenance))
    {
        BeforeAnswer = path => path.StartsWith("/events", StringComparison.Ordinal) ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System) : Task.CompletedTask,
    };

    private Task _running = Task.CompletedTask;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        var outbound = new Outbound(new Outbox(_folder.Path), _engine.Time, NullLogger<Outbound>.Instance);
        var listing = new ContainerListing(_engine.Client, NullLogger<ContainerListing>.Instance);
        _running = new EventStream(_engine.Client, _tracker, listing, outbound, new Random(1), _engine.Time, _log.Factory.CreateLogger<EventStream>()).RunAsync(_stop.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _engine.DisposeAsync();
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_page_where_the_engine_should_answer_is_a_failed_try_and_not_the_end()
    {
        await UntilAsync("the engine's time could not be read", () => _log.Text.Contains("GET /info cannot be read", StringComparison.Ordinal));
        _engine.Set("/info", """{"SystemTime":"2026-01-01T00:00:00Z"}""");
        await UntilAsync("the list of what runs could not be read", () => _log.Text.Contains("GET /containers/json cannot be read", StringComparison.Ordinal));
        _engine.Set(ListPath, """[{"Id":"id-a","Names":["/a"],"Image":"i"}]""");
        await UntilAsync("what runs is known", () => _tracker.Running.Count == 1 || _running.IsCompleted);
        _running.IsCompleted.ShouldBeFalse();
    }

    private Task UntilAsync(string reason, Func<bool> condition) => Retry.UntilAsync(
        reason,
        () =>
        {
            _engine.Time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        ct: Token);
}
