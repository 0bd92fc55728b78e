using DockMon.Hub.Access.SignIn;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.SignIn;

public sealed class AttemptsTests
{
    private const string Address = "address 192.0.2.1";

    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private readonly Attempts _attempts;

    public AttemptsTests() => _attempts = new Attempts(_time, new Logger<Attempts>(_log));

    [Fact]
    public void After_the_free_tries_each_one_doubles_the_delay_up_to_the_longest()
    {
        for (var i = 0; i < Attempts.Free; i++)
        {
            _attempts.Begin(Address).ShouldBe(TimeSpan.Zero);
        }

        for (var seconds = 1; seconds < 300; seconds *= 2)
        {
            _attempts.Begin(Address).ShouldBe(TimeSpan.FromSeconds(seconds));
            _attempts.Wait("address 192.0.2.2").ShouldBe(TimeSpan.Zero);
            _time.Advance(TimeSpan.FromSeconds(seconds));
            _attempts.Begin(Address).ShouldBe(TimeSpan.Zero);
        }

        _attempts.Wait(Address).ShouldBe(Attempts.LongestOfAddress);
    }

    [Fact]
    public void An_account_waits_less_and_a_right_try_or_time_forgets_the_wrong_ones()
    {
        var account = Attempts.Account("anna");
        for (var i = 0; i < 1000; i++)
        {
            _attempts.Wrong(account, "password");
        }

        _attempts.Wait(account).ShouldBe(Attempts.LongestOfAccount);
        _attempts.Right(account);
        _attempts.Wait(account).ShouldBe(TimeSpan.Zero);
        for (var i = 0; i <= Attempts.Free; i++)
        {
            _attempts.Wrong(account, "password");
        }

        _time.Advance(TimeSpan.FromMinutes(15));
        for (var i = 0; i < Attempts.Free; i++)
        {
            _attempts.Begin(account).ShouldBe(TimeSpan.Zero);
        }
    }

    [Fact]
    public void What_is_counted_is_bounded_and_logged_once_a_minute_with_its_number()
    {
        for (var i = 0; i < Attempts.Most * 2; i++)
        {
            _attempts.Wrong($"address {i}", "key");
        }

        for (var i = 0; i < 20; i++)
        {
            _attempts.Wrong(Address, "key");
        }

        _attempts.Wait(Address).ShouldBeGreaterThan(TimeSpan.Zero);
        _log.Lines.Count(line => line.Contains("since the last such message", StringComparison.Ordinal)).ShouldBe(1);
        _log.Lines.Count(line => line.Contains("More than 10000", StringComparison.Ordinal)).ShouldBe(1);
        _time.Advance(TimeSpan.FromMinutes(1));
        _attempts.Wrong(Address, "key");
        _log.Lines[^1].ShouldBe($"Warning: {(Attempts.Most * 2) + 20} wrong keys or passwords since the last such message, the newest key from {Address}");
    }
}
