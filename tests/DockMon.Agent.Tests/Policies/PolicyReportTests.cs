using System.Text;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Tests.Connection;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies;

public sealed class PolicyReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PolicySource _policies = Gates.NoPolicy;
    private readonly ConnectionState _connection = new();
    private readonly Outbound _outbound;

    public PolicyReportTests()
    {
        _outbound = new Outbound(new Outbox(_folder.Path), TimeProvider.System, NullLogger<Outbound>.Instance);
        PolicyReport.Follow(_policies, _connection, _outbound, TimeProvider.System);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_told_when_the_agent_connects_and_when_another_policy_is_in_force()
    {
        _policies.Use(Gates.Policy("mode: operate"));
        _outbound.HasPending.ShouldBeFalse("nobody is connected");
        _connection.SetConnected(TestConnections.Auth with { Extensions = [ExtensionNames.Policy] });
        Taken().ShouldContain("\"command\":\"policy\",\"payload\":{\"mode\":\"operate\",\"enforced\":true,\"usable\":true,\"actions\":{");
        _policies.Use(Gates.Policy("mode: observe"));
        Taken().ShouldContain("\"mode\":\"observe\"");
    }

    [Fact]
    public void A_server_that_does_not_use_it_is_not_told()
    {
        _connection.SetConnected(TestConnections.Auth);
        _policies.Use(Gates.Policy("mode: observe"));
        _outbound.HasPending.ShouldBeFalse();
    }

    [Theory]
    [InlineData("mode: full", "allowed", "allowed")]
    [InlineData("mode: observe", "refused", "refused")]
    [InlineData("mode: full\ndeny: [stop]", "refused", "allowed")]
    [InlineData("mode: full\nenforce: false\ndeny: [stop]", "allowed", "allowed")]
    [InlineData("mode: full\ncontainers: [{ match: { name: db }, deny: [stop] }]", "depends", "allowed")]
    [InlineData("mode: observe\ncontainers: [{ match: { name: web }, allow: [shell] }]", "refused", "depends")]
    public void Each_action_is_allowed_or_refused_or_depends_on_the_container(string policy, string stop, string shell)
    {
        var told = PolicyReport.Of(Gates.Policy(policy)).Actions;
        (told["stop"], told["shell"]).ShouldBe((stop, shell));
        told.Count.ShouldBe(HostActions.Groups.Count);
    }

    [Fact]
    public void Whether_containers_are_hidden_cannot_be_seen()
    {
        var hidden = PolicyReport.Of(Gates.Policy("mode: full\ncontainers: [{ match: { name: secret }, hide: true }]"));
        hidden.Actions.ShouldBe(PolicyReport.Of(Gates.Policy("mode: full")).Actions, ignoreOrder: true);
    }

    [Fact]
    public void A_policy_that_cannot_be_used_says_so_and_not_why()
    {
        var told = PolicyReport.Of(HostPolicy.Unusable("/etc/policy.yaml", ["line 3 is wrong"], before: null));
        (told.Usable, told.Mode, told.Actions["stop"]).ShouldBe((false, "observe", "refused"));
    }

    [Fact]
    public void The_last_one_that_is_told_is_the_one_in_force()
    {
        var reload = new Thread(() => _policies.Use(Gates.Policy("mode: observe")));
        var meanwhile = new Meanwhile(() =>
        {
            reload.Start();
            SpinWait.SpinUntil(() => _outbound.HasPending || reload.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(30)).ShouldBeTrue();
        });
        var connection = new ConnectionState();
        PolicyReport.Follow(_policies, connection, _outbound, meanwhile);
        connection.SetConnected(TestConnections.Auth with { Extensions = [ExtensionNames.Policy] });
        reload.Join();
        Taken().ShouldContain("\"mode\":\"full\"");
        Taken().ShouldContain("\"mode\":\"observe\"");
    }

    private string Taken() => Encoding.UTF8.GetString(_outbound.TryTake().ShouldNotBeNull().Bytes);

    /// <summary>A clock at which something happens when it is looked at for the first time.</summary>
    private sealed class Meanwhile(Action happens) : TimeProvider
    {
        private int _looks;

        public override DateTimeOffset GetUtcNow()
        {
            if (Interlocked.Increment(ref _looks) == 1)
            {
                happens();
            }

            return base.GetUtcNow();
        }
    }
}
