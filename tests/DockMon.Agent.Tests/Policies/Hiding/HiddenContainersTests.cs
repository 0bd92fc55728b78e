using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Hiding;

public sealed class HiddenContainersTests
{
    private static readonly string Id = new('a', 64);

    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private Func<string, ContainerFacts?> _read = id => new ContainerFacts(id, "secret", "db:1", new Dictionary<string, string> { ["hidden"] = "true" });
    private int _asked;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_is_inspected_once_and_judged_by_the_name_that_it_has_now()
    {
        var hidden = Create(Hidden.ByName);
        hidden.IsHidden(Id, "web").ShouldBeTrue("nothing is known of it yet");
        await hidden.LearnAsync([Id], Token);
        hidden.IsHidden(Id, "secret-1").ShouldBeTrue();
        hidden.IsHidden(Id, "web").ShouldBeFalse();
        (await hidden.FindAsync([(Id, "secret")], Token)).ShouldBe([Id]);
        (await hidden.FindAsync([(Id, "web")], Token)).ShouldBeEmpty();
        _asked.ShouldBe(1);
        hidden.Forget(Id);
        hidden.IsHidden(Id, "web").ShouldBeTrue();
    }

    [Fact]
    public async Task Without_a_rule_that_hides_nothing_is_asked_and_nothing_hidden()
    {
        var hidden = Create(Hidden.Policy(new ContainerRule { Name = "*", Text = "*" }));
        await hidden.LearnAsync(Never(), Token);
        (await hidden.FindAsync(Never().Select(id => (id, id)), Token)).ShouldBeEmpty();
        hidden.IsHidden(Id, "secret").ShouldBeFalse();
        _asked.ShouldBe(0);

        static IEnumerable<string> Never() => Enumerable.Range(0, 1).Select<int, string>(_ => throw new InvalidOperationException("It looks at them."));
    }

    [Fact]
    public async Task A_policy_that_is_only_tried_out_hides_none()
    {
        var hidden = Create(new PolicySource(Hidden.ByName.Current with { Enforce = false }));
        await hidden.LearnAsync([Id], Token);
        hidden.IsHidden(Id, "secret").ShouldBeFalse();
    }

    [Fact]
    public async Task The_first_rule_that_matches_decides_and_another_policy_counts_at_once()
    {
        var policies = Hidden.Policy(
            new ContainerRule { Image = ImagePattern.Parse("db"), Text = "db" },
            new ContainerRule { Label = "hidden=true", Hide = true, Text = "label" });
        var hidden = Create(policies);
        await hidden.LearnAsync([Id], Token);
        hidden.IsHidden(Id, "any").ShouldBeFalse();
        policies.Use(policies.Current with { Containers = [policies.Current.Containers[1]] });
        hidden.IsHidden(Id, "any").ShouldBeTrue();
    }

    [Fact]
    public async Task A_container_that_the_engine_cannot_inspect_is_hidden_and_asked_about_again_after_a_while()
    {
        var read = _read;
        _read = _ => throw new EngineException("layer does not exist");
        var hidden = Create(Hidden.ByName);
        await hidden.LearnAsync([Id], Token);
        await hidden.LearnAsync([Id], Token);
        (_asked, hidden.IsHidden(Id, "web")).ShouldBe((1, true));
        _log.Text.ShouldContain("layer does not exist");

        _read = read;
        _time.Advance(HiddenContainers.RetryInterval);
        await hidden.LearnAsync([Id], Token);
        (_asked, hidden.IsHidden(Id, "web")).ShouldBe((2, false));
    }

    [Fact]
    public async Task An_engine_that_is_away_is_asked_again_at_once_when_it_is_back()
    {
        var read = _read;
        _read = _ => throw new EngineUnavailableException("away");
        var hidden = Create(Hidden.ByName);
        await hidden.LearnAsync([Id], Token);
        _read = read;
        await hidden.LearnAsync([Id], Token);
        hidden.IsHidden(Id, "web").ShouldBeFalse();
    }

    [Fact]
    public async Task Containers_that_are_gone_do_not_pile_up()
    {
        var hidden = Create(Hidden.ByName);
        var ids = Enumerable.Range(0, 3000).Select(i => i.ToString("x64", null)).ToList();
        await hidden.LearnAsync(ids, Token);
        await hidden.FindAsync([(Id, "web")], Token);
        hidden.IsHidden(ids[0], "web").ShouldBeFalse();
        hidden.Keep([Id]);
        hidden.IsHidden(ids[0], "web").ShouldBeTrue("it was forgotten");
        hidden.IsHidden(Id, "web").ShouldBeFalse();
    }

    private HiddenContainers Create(PolicySource policies) => new(
        policies,
        (id, _) =>
        {
            Interlocked.Increment(ref _asked);
            return Task.FromResult(_read(id));
        },
        _time,
        _log.CreateLogger<HiddenContainers>());
}
