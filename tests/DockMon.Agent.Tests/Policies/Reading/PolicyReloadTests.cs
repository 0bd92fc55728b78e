using DockMon.Agent.Configuration;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Reading;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Reading;

public sealed class PolicyReloadTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogCapture _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly PolicyLoader _loader;
    private PolicySource? _policies;
    private PolicyReload? _reload;
    private Task _running = Task.CompletedTask;
    private int _applied;

    public PolicyReloadTests() => _loader = new PolicyLoader(new AgentOptions { ServerUrl = new Uri("wss://host") }, _folder.File("policy.yaml"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_has_changed_is_in_force_and_in_the_log()
    {
        Start("mode: full\ndeny: [shell]");
        await ReloadAsync("mode: operate\ndeny: [shell]");
        _policies!.Current.Mode.ShouldBe(PolicyMode.Operate);
        _log.Text.ShouldContain("no longer says: mode full: the server may do everything");
        _log.Text.ShouldContain("says now: mode operate: ");
        _log.Text.ShouldNotContain("now: refused");
    }

    [Fact]
    public async Task What_is_the_same_is_said_to_be()
    {
        Start("mode: operate");
        await ReloadAsync("mode: operate # still");
        _log.Text.ShouldContain("says the same as before");
    }

    [Fact]
    public async Task A_file_that_became_wrong_leaves_only_observing_and_one_that_is_corrected_counts_again()
    {
        Start("mode: full");
        await ReloadAsync("mode: fulll");
        _policies!.Current.Judge("stop", null).Allowed.ShouldBeFalse();
        _log.Lines.ShouldContain(line => line.StartsWith("Error: ") && line.Contains("line 1: mode: unknown word \"fulll\""));
        await ReloadAsync("mode: operate");
        _policies.Current.Judge("stop", null).Allowed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_policy_may_come_where_none_was_and_may_not_go()
    {
        Start(null);
        await ReloadAsync("mode: observe");
        _policies!.Current.Mode.ShouldBe(PolicyMode.Observe);
        await ReloadAsync(null);
        _policies.Current.Judge("stop", null).Allowed.ShouldBeFalse();
        _log.Text.ShouldContain("it is not there any more");
    }

    private void Start(string? text)
    {
        Write(text);
        _policies = new PolicySource(_loader.Load(null));
        _reload = new PolicyReload(_loader, _policies, _log.CreateLogger<PolicyReload>());
        _running = _reload.RunAsync(
            (_, _) =>
            {
                Interlocked.Increment(ref _applied);
                return Task.CompletedTask;
            },
            _stop.Token);
    }

    private async Task ReloadAsync(string? text)
    {
        Write(text);
        var before = _applied;
        _reload!.Request();
        await Retry.UntilAsync("it was read again", () => Volatile.Read(ref _applied) > before, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    private void Write(string? text)
    {
        if (text is null)
        {
            File.Delete(_folder.File("policy.yaml"));
        }
        else
        {
            _folder.Write("policy.yaml", text);
        }
    }
}
