using DockMon.Agent.Streams.Stats.Kernel;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Stats.Kernel;

public sealed class NetworkCountersTests : IDisposable
{
    private const int OtherPid = 4712;

    private readonly KernelTree _tree = new(KernelTree.Version2());
    private readonly KernelSource _source;

    public NetworkCountersTests()
    {
        _tree.WriteProcess($"0::/docker/{KernelTree.Id}\n");
        _tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.Id}");
        _source = new KernelSource(_tree.Root);
    }

    [Fact]
    public void What_the_engine_made_counts_and_what_a_program_put_beside_it_does_not()
    {
        _tree.WriteNetwork(100, 10, more: Line("eth1", 1000, 1) + Line("wg0", 7777, 7777) + Line("docker0", 7777, 7777));
        Read().ShouldBe((1100UL, 11UL));
    }

    [Fact]
    public void Where_nothing_bears_the_engines_names_all_but_the_loopback_counts()
    {
        _tree.WriteNetwork(100, 10, more: Line("tap0", 1000, 1), name: "enp1s0");
        Read().ShouldBe((1100UL, 11UL));
    }

    [Fact]
    public void A_number_may_follow_the_name_without_a_blank()
    {
        _tree.WriteNetwork(
            0,
            0,
            more: "  eth1:4294967296       9    0    0    0     0          0         0 8589934592       1    0    0    0     0       0          0\n");
        Read().ShouldBe((4294967296UL, 8589934592UL));
    }

    [Fact]
    public void More_interfaces_than_one_read_brings_are_all_counted()
    {
        _tree.WriteNetwork(0, 0, more: string.Concat(Enumerable.Range(1, 300).Select(i => Line($"eth{i}", 2, 1))));
        Read().ShouldBe((600UL, 300UL));
    }

    [Fact]
    public void A_container_on_the_hosts_network_has_no_figures_of_it()
    {
        using var container = _source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: false);
        Bytes(container).ShouldBe((0UL, 0UL));
    }

    [Fact]
    public void Containers_that_share_a_namespace_are_read_once_and_outlive_each_other()
    {
        _tree.WriteProcess($"0::/docker/{KernelTree.OtherId}\n", OtherPid);
        _tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.OtherId}");
        _tree.WriteNetwork(5, 5, OtherPid);
        Link(KernelTree.Pid, "net:[4026543002]");
        Link(OtherPid, "net:[4026543002]");
        var owner = _source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: true);
        var guest = _source.Open(KernelTree.OtherId, OtherPid, hasNetwork: true);
        Bytes(guest).ShouldBe((726UL, 84UL));
        owner.Dispose();
        _tree.WriteNetwork(800, 90);
        _source.Begin();
        Bytes(guest).ShouldBe((800UL, 90UL));
        guest.Dispose();

        // Nobody is left who holds it: the next one reads its own again.
        using var later = _source.Open(KernelTree.OtherId, OtherPid, hasNetwork: true);
        _source.Begin();
        Bytes(later).ShouldBe((5UL, 5UL));
    }

    public void Dispose()
    {
        _source.Dispose();
        _tree.Dispose();
    }

    private static string Line(string name, long rx, long tx) =>
        $"{name,6}: {rx,7}       9    0    0    0     0          0         0 {tx,8}       1    0    0    0     0       0          0\n";

    private (ulong, ulong) Read()
    {
        using var container = _source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: true);
        return Bytes(container);
    }

    private (ulong, ulong) Bytes(KernelContainer container) => _source.Read(container) is { NetworkRx: var rx, NetworkTx: var tx } ? (rx, tx) : default;

    private void Link(int pid, string target)
    {
        Directory.CreateDirectory(_tree.PathOf($"proc/{pid}/ns"));
        File.CreateSymbolicLink(_tree.PathOf($"proc/{pid}/ns/net"), target);
    }
}
