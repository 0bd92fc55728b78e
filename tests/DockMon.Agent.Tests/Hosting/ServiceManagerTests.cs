using System.Globalization;
using System.Net.Sockets;
using System.Text;
using DockMon.Agent.Hosting;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class ServiceManagerTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _systemd.Dispose();
        _root.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task States_go_to_the_socket_of_the_variable(bool isAbstract)
    {
        var name = _root.File("notify");
        _systemd.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + name : name));
        using var manager = Create(("NOTIFY_SOCKET", isAbstract ? '@' + name : name));

        manager.Ready();
        (await ReceiveAsync()).ShouldBe("READY=1");
        manager.Status("Connected to\nwss://h");
        (await ReceiveAsync()).ShouldBe("STATUS=Connected to wss://h");
        manager.Stopping();
        (await ReceiveAsync()).ShouldStartWith("STOPPING=1\n");
    }

    [Fact]
    public async Task The_watchdog_is_fed_at_half_its_interval()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint(_root.File("notify")));
        using var manager = Create(
            ("NOTIFY_SOCKET", _root.File("notify")),
            ("WATCHDOG_USEC", "30000000"),
            ("WATCHDOG_PID", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = manager.RunAsync(stop.Token);

        _time.Advance(TimeSpan.FromSeconds(14.9));
        manager.Status("before");
        (await ReceiveAsync()).ShouldBe("STATUS=before");
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await ReceiveAsync()).ShouldBe("WATCHDOG=1");
        _time.Advance(TimeSpan.FromSeconds(15));
        (await ReceiveAsync()).ShouldBe("WATCHDOG=1");

        await stop.CancelAsync();
        await running;
    }

    [Theory]
    [InlineData("WATCHDOG_PID", "1")]
    [InlineData("WATCHDOG_USEC", "soon")]
    public async Task A_watchdog_of_another_process_or_without_an_interval_is_not_fed(string variable, string value)
    {
        _systemd.Bind(new UnixDomainSocketEndPoint(_root.File("notify")));
        using var manager = Create((variable, value), ("NOTIFY_SOCKET", _root.File("notify")), ("WATCHDOG_USEC", "30000000"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = manager.RunAsync(stop.Token);
        _time.Advance(TimeSpan.FromHours(1));
        running.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        await running;
        manager.Status("last");
        (await ReceiveAsync()).ShouldBe("STATUS=last");
    }

    [Fact]
    public void Without_a_service_manager_nothing_is_said_and_nothing_fails()
    {
        using var manager = Create();
        manager.Ready();
        manager.Stopping();
        _log.Text.ShouldBeEmpty();
    }

    [Fact]
    public void A_socket_that_is_gone_is_logged_once()
    {
        using var manager = Create(("NOTIFY_SOCKET", _root.File("nobody")));
        manager.Ready();
        manager.Stopping();
        _log.Lines.Length.ShouldBe(1);
        _log.Lines[0].ShouldContain("NOTIFY_SOCKET");
    }

    private ServiceManager Create(params (string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(variable => variable.Name == name).Value, _time, _log);

    private async Task<string> ReceiveAsync()
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, await _systemd.ReceiveAsync(buffer, Token));
    }
}
