using System.Text;
using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Streams.Backfill;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Backfill;

public sealed class BackfillerTests : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly ConnectionState _connection = new();
    private readonly Outbound _outbound;
    private readonly Backfiller _backfill;
    private readonly Task _running;

    public BackfillerTests()
    {
        _outbound = new Outbound(new Outbox(_data.Path), _time, NullLogger<Outbound>.Instance);
        var context = new AgentContext(new AgentOptions { ServerUrl = new Uri("ws://127.0.0.1:1") }, new LogCapture(), _time, new Random(1));
        _backfill = new Backfiller(context, _connection, _outbound);
        _running = _backfill.RunAsync(_stop.Token);
    }

    [Fact]
    public async Task What_was_kept_goes_out_after_everything_else_one_frame_at_a_time()
    {
        Connect(ExtensionNames.StatsBackfill);
        _backfill.IsKeeping.ShouldBeFalse();
        _connection.SetDisconnected();
        _backfill.IsKeeping.ShouldBeTrue();
        Measure(minutes: 25);
        Connect(ExtensionNames.StatsBackfill);
        _outbound.PostEvent("{}"u8.ToArray());
        await LookAsync();
        Text(_outbound.TryTake()).ShouldBe("{}");
        await LookAsync();
        _outbound.TryTake().ShouldBeNull("it is not certain yet that the other event has arrived");
        Confirm(1);
        var counts = new List<int>();
        for (var sent = 2; sent <= 4; sent++)
        {
            OutboundFrame? frame = null;
            await Retry.UntilAsync("minutes are sent", () =>
            {
                _time.Advance(Backfiller.Pause);
                return (frame = _outbound.TryTake()) is not null;
            }, ct: TestContext.Current.CancellationToken);
            var json = JsonElement.Parse(Text(frame)!);
            json.GetProperty("command").GetString().ShouldBe(EventNames.StatsBackfill);
            counts.Add(json.GetProperty("payload").GetProperty("minutes").GetArrayLength());
            await LookAsync();
            _outbound.TryTake().ShouldBeNull("the one before has to arrive first");
            Confirm(sent);
        }

        counts.ShouldBe([10, 10, 5]);
        await LookAsync();
        _outbound.TryTake().ShouldBeNull();
    }

    [Fact]
    public async Task For_a_server_that_does_not_want_it_nothing_is_kept_or_sent()
    {
        _backfill.IsKeeping.ShouldBeFalse("there was no server yet");
        Connect();
        _connection.SetDisconnected();
        _backfill.IsKeeping.ShouldBeFalse();
        Connect(ExtensionNames.StatsBackfill);
        _connection.SetDisconnected();
        Measure(minutes: 25);
        Connect();
        await LookAsync();
        _outbound.TryTake().ShouldBeNull();
        Connect(ExtensionNames.StatsBackfill);
        await LookAsync();
        _outbound.TryTake().ShouldBeNull("it was forgotten when another server came");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _data.Dispose();
    }

    private void Connect(params string[] extensions) =>
        _connection.SetConnected(new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = "t", Extensions = extensions });

    private void Measure(int minutes)
    {
        for (var i = 0; i < minutes; i++)
        {
            _backfill.Minutes.Add(new HostStats { CpuPercent = i });
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>Lets it look several times whether it may send.</summary>
    private async Task LookAsync()
    {
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(Backfiller.Pause);
            await Task.Yield();
        }
    }

    private void Confirm(long messages)
    {
        var ping = _outbound.BeginPing(messages);
        _outbound.Confirm(ping);
    }

    private static string? Text(OutboundFrame? frame) => frame is null ? null : Encoding.UTF8.GetString(frame.Bytes);
}
