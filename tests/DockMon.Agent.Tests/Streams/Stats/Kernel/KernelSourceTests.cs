using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Streams.Stats.Kernel;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Stats.Kernel;

public sealed class KernelSourceTests
{
    private const ulong HostMemory = 8_000_000UL * 1024;

    [Theory]
    [InlineData("docker/" + KernelTree.Id)]
    [InlineData("system.slice/docker-" + KernelTree.Id + ".scope")]
    [InlineData("machine.slice/libpod-" + KernelTree.Id + ".scope")]
    [InlineData("user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + KernelTree.Id + ".scope")]
    public void Version_2_is_read_where_the_process_says_its_group_is(string group)
    {
        using var tree = new KernelTree(KernelTree.Version2());
        tree.WriteProcess($"0::/{group}\n");
        tree.WriteVersion2($"sys/fs/cgroup/{group}");
        ShouldBeVersion2(ReadOnce(tree));
    }

    [Fact]
    public void Version_1_is_read_with_each_controller_where_it_is_mounted()
    {
        using var tree = new KernelTree(KernelTree.Version1());
        tree.WriteProcess(Version1Groups($"/docker/{KernelTree.Id}"));
        tree.WriteVersion1($"docker/{KernelTree.Id}");
        ShouldBeVersion1(ReadOnce(tree));
    }

    [Theory]
    [InlineData("cache 905216\ninactive_file 897024\nactive_file 8192\n", 897024)]
    [InlineData("cache 905216\nactive_file 8192\n", 0)]
    [InlineData("inactive_file 1\ntotal_inactive_file 999425\n", 999424)]
    public void The_inactive_page_cache_of_version_1_is_the_groups_own_where_there_is_no_total(string stat, ulong inactive)
    {
        using var tree = new KernelTree(KernelTree.Version1());
        tree.WriteProcess(Version1Groups($"/docker/{KernelTree.Id}"));
        tree.WriteVersion1($"docker/{KernelTree.Id}");
        tree.Write($"sys/fs/cgroup/memory/docker/{KernelTree.Id}/memory.stat", stat);
        ReadOnce(tree).ShouldBe(Version1Reading with { Memory = 999424 - inactive });
    }

    [Fact]
    public void Files_that_are_longer_than_the_buffer_are_read_to_their_end()
    {
        const int Cpus = 700;
        using var tree = Simple();
        var cpus = string.Concat(Enumerable.Range(0, Cpus).Select(i => $"cpu{i} 50 10 15 500 2 3 3 0 0 0\n"));
        tree.Write("proc/stat", $"cpu  100 20 30 1000 5 6 7 999 888 777\n{cpus}intr 12345{string.Concat(Enumerable.Repeat(" 0", 20_000))}\nctxt 99\n");
        tree.Write(
            $"sys/fs/cgroup/docker/{KernelTree.Id}/memory.stat",
            $"anon 57344\n{string.Concat(Enumerable.Range(0, 2000).Select(i => $"other_{i} 4096\n"))}active_file 8192\n");
        ShouldBeVersion2(ReadOnce(tree) with { Cpus = ReadOnce(tree).Cpus - Cpus + 2 });
    }

    [Fact]
    public void Hybrid_takes_a_controller_from_version_1_and_others_from_version_2()
    {
        using var tree = new KernelTree(KernelTree.Version1().Replace("blkio", "pids", StringComparison.Ordinal)
            + KernelTree.Version2(point: "/sys/fs/cgroup/unified"));
        var group = $"system.slice/docker-{KernelTree.Id}.scope";
        tree.WriteProcess($"3:memory:/{group}\n2:cpu,cpuacct:/{group}\n1:name=systemd:/{group}\n0::/{group}\n");
        tree.WriteVersion1(group);
        tree.Write($"sys/fs/cgroup/unified/{group}/io.stat", "8:0 rbytes=11 wbytes=22 rios=3 wios=1 dbytes=0 dios=0\n");
        ReadOnce(tree).ShouldBe(Version1Reading with { DiskRead = 11, DiskWrite = 22 });
    }

    [Theory]
    [InlineData("machine.slice/libpod-" + KernelTree.Id + ".scope", "container")]
    [InlineData("system.slice/docker-" + KernelTree.Id + ".scope", "init.scope")]
    public void A_process_in_a_group_below_the_containers_does_not_hide_the_container(string group, string below)
    {
        using var tree = new KernelTree(KernelTree.Version2());
        tree.WriteProcess($"0::/{group}/{below}\n");
        tree.WriteVersion2($"sys/fs/cgroup/{group}", max: "52428800");
        tree.WriteVersion2($"sys/fs/cgroup/{group}/{below}", usec: 1);
        ReadOnce(tree).ShouldBe(Version2Reading with { MemoryLimit = 52428800 });
    }

    [Fact]
    public void In_a_system_container_without_a_namespace_of_groups_the_mounts_root_is_taken_off()
    {
        using var tree = new KernelTree(KernelTree.Version1(root: "/lxc/104"));
        tree.WriteProcess(Version1Groups($"/lxc/104/docker/{KernelTree.Id}"));
        tree.WriteVersion1($"docker/{KernelTree.Id}");
        ShouldBeVersion1(ReadOnce(tree));
    }

    [Fact]
    public void In_a_system_container_with_a_namespace_of_groups_paths_begin_at_its_root()
    {
        using var tree = new KernelTree(KernelTree.Version2() + KernelTree.Version2(root: "/.lxc", point: "/sys/fs/cgroup/.lxc"));
        tree.WriteProcess($"0::/docker/{KernelTree.OtherId}/docker/{KernelTree.Id}\n");
        tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.OtherId}/docker/{KernelTree.Id}");
        ShouldBeVersion2(ReadOnce(tree));
    }

    [Fact]
    public void In_a_container_with_a_namespace_of_groups_the_hosts_mounts_are_searched_for_the_names_it_hides()
    {
        using var tree = new KernelTree(KernelTree.Version2() + KernelTree.Version2("/../..", "/host/sys/fs/cgroup"), "host/proc");
        tree.WriteProcess($"0::/../docker-{KernelTree.Id}.scope\n");
        tree.WriteVersion2($"host/sys/fs/cgroup/user.slice/docker-{KernelTree.OtherId}.scope", usec: 1);
        tree.WriteVersion2($"host/sys/fs/cgroup/system.slice/docker-{KernelTree.Id}.scope");
        ShouldBeVersion2(ReadOnce(tree));
    }

    [Fact]
    public void In_a_container_of_version_1_the_hosts_mounts_are_preferred_to_its_own()
    {
        using var tree = new KernelTree(KernelTree.Version1($"/docker/{KernelTree.OtherId}") + KernelTree.Version1("/", "/host/sys/fs/cgroup"), "host/proc");
        tree.WriteProcess(Version1Groups($"/docker/{KernelTree.Id}"));
        tree.WriteVersion1($"docker/{KernelTree.Id}", point: "host/sys/fs/cgroup");
        ShouldBeVersion1(ReadOnce(tree));
    }

    [Theory]
    [InlineData("/..", "docker-" + KernelTree.Id)]
    [InlineData("/../..", "system.slice/docker-" + KernelTree.Id + ".scope")]
    [InlineData("/../../..", "machine.slice/libpod-" + KernelTree.Id + ".scope", "container")]
    public void The_agents_own_container_is_found_by_the_name_that_its_namespace_hides(string root, string group, string below = "")
    {
        using var tree = new KernelTree(KernelTree.Version2() + KernelTree.Version2(root, "/host/sys/fs/cgroup"), "host/proc");
        tree.WriteSelf("0::/\n");
        WriteOthers(tree);
        tree.WriteVersion2($"host/sys/fs/cgroup/{group}/{below}", usec: 1);
        tree.WriteVersion2($"host/sys/fs/cgroup/{group}");
        ShouldBeVersion2(ReadOwn(tree));
    }

    [Theory]
    [InlineData("/..")]
    [InlineData("/../..")]
    [InlineData("/../../..")]
    public void The_agents_own_container_is_never_taken_for_another_group_that_is_as_deep(string root)
    {
        using var tree = new KernelTree(KernelTree.Version2() + KernelTree.Version2(root, "/host/sys/fs/cgroup"), "host/proc");
        tree.WriteSelf("0::/\n");
        WriteOthers(tree);
        tree.WriteVersion2("sys/fs/cgroup");
        using var source = new KernelSource(tree.Root);
        Should.Throw<KernelUnreachableException>(() => Open(source));
        ShouldBeVersion2(ReadOwn(tree));
    }

    [Theory]
    [InlineData("/..", KernelTree.Id)]
    [InlineData("/../..", "docker/" + KernelTree.Id)]
    [InlineData("/../../..", "lxc/104/" + KernelTree.Id)]
    public void The_agents_own_container_of_version_1_has_all_its_figures_of_one_group(string root, string group)
    {
        foreach (var isShown in new[] { true, false })
        {
            using var tree = new KernelTree(KernelTree.Version1() + KernelTree.Version1(root, "/host/sys/fs/cgroup"), "host/proc");
            tree.WriteSelf(Version1Groups("/"));
            foreach (var name in new[] { "a", "z", "a/ssh", "z/ssh", "a/ssh/x", "z/ssh/x" })
            {
                tree.Write($"host/sys/fs/cgroup/cpu,cpuacct/{name}/cpuacct.usage", "1\n");
                tree.Write($"host/sys/fs/cgroup/memory/{name}/memory.usage_in_bytes", "2\n");
                tree.Write($"host/sys/fs/cgroup/blkio/{name}/blkio.throttle.io_service_bytes", "8:0 Read 3\n8:0 Write 4\n");
            }

            tree.WriteVersion1(isShown ? group : "", point: isShown ? "host/sys/fs/cgroup" : "sys/fs/cgroup");
            ShouldBeVersion1(ReadOwn(tree));
        }
    }

    [Theory]
    [InlineData("0::/docker/" + KernelTree.OtherId)]
    [InlineData("0::/init.scope")]
    [InlineData("")]
    public void A_process_whose_groups_do_not_bear_the_containers_id_is_not_the_engines(string cgroup)
    {
        using var tree = new KernelTree(KernelTree.Version2());
        tree.WriteProcess(cgroup + "\n");
        tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.Id}");
        using var source = new KernelSource(tree.Root);
        Should.Throw<KernelUnreachableException>(() => source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: true)).Message.ShouldContain("/proc");
        Should.Throw<KernelUnreachableException>(() => source.Open(KernelTree.Id, KernelTree.Pid + 1, hasNetwork: true));
    }

    [Fact]
    public void Groups_that_no_mount_shows_are_named_as_the_reason()
    {
        using var tree = new KernelTree(KernelTree.Version2("/docker/" + KernelTree.OtherId));
        tree.WriteProcess($"0::/docker/{KernelTree.Id}\n");
        tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.Id}");
        using var source = new KernelSource(tree.Root);
        Should.Throw<KernelUnreachableException>(() => source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: true)).Message.ShouldContain("control groups");
    }

    [Fact]
    public void Files_are_read_anew_each_time_and_the_processors_share_is_the_engines()
    {
        using var tree = Simple();
        using var source = new KernelSource(tree.Root);
        using var container = Open(source);
        source.Begin();
        var before = source.Read(container);
        tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.Id}", usec: 2_000_000);
        tree.WriteStat(idle: 1200);
        source.Begin();

        // Half a second of the two seconds that two processors had together in one.
        source.Read(container).CpuPercentSince(before).ShouldBe(50);
    }

    [Fact]
    public void Another_process_of_the_same_number_is_not_taken_for_the_container()
    {
        using var tree = Simple();
        using var source = new KernelSource(tree.Root);
        using var container = Open(source);
        tree.WriteStartTime(1952880);
        Should.Throw<IOException>(() => source.Read(container));
    }

    [Fact]
    public void A_container_without_a_memory_controller_has_no_figures_of_it()
    {
        using var tree = new KernelTree(KernelTree.Version2());
        tree.WriteProcess($"0::/docker/{KernelTree.Id}\n");
        tree.Write($"sys/fs/cgroup/docker/{KernelTree.Id}/cpu.stat", "usage_usec 1500000\n");
        ReadOnce(tree).ShouldBe(Version2Reading with { Memory = 0, DiskRead = 0, DiskWrite = 0 });
    }

    [Theory]
    [InlineData("memory/docker/" + KernelTree.Id + "/memory.stat")]
    [InlineData("cpu,cpuacct/docker/" + KernelTree.Id + "/cpuacct.usage")]
    public void A_container_that_cannot_be_opened_leaves_no_file_open(string missing)
    {
        using var tree = new KernelTree(KernelTree.Version1());
        tree.WriteProcess(Version1Groups($"/docker/{KernelTree.Id}"));
        tree.WriteVersion1($"docker/{KernelTree.Id}");
        File.Delete(tree.PathOf($"sys/fs/cgroup/{missing}"));
        using (var source = new KernelSource(tree.Root))
        {
            Should.Throw<KernelUnreachableException>(() => Open(source));
        }

        new DirectoryInfo("/proc/self/fd")
            .GetFiles()
            .ShouldNotContain(file => file.LinkTarget != null && file.LinkTarget.StartsWith(tree.Root, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_the_scheduler_of_the_disks_counts_its_figures_are_taken()
    {
        using var tree = new KernelTree(KernelTree.Version1());
        tree.WriteProcess(Version1Groups($"/docker/{KernelTree.Id}"));
        tree.WriteVersion1($"docker/{KernelTree.Id}", limit: "52428800");
        tree.Write($"sys/fs/cgroup/blkio/docker/{KernelTree.Id}/blkio.io_service_bytes_recursive", "8:0 Read 70\n8:0 Write 80\n8:0 Total 150\nTotal 150\n");
        ReadOnce(tree).ShouldBe(Version1Reading with { DiskRead = 70, DiskWrite = 80, MemoryLimit = 52428800 });
    }

    [Fact]
    public void A_reading_makes_no_garbage()
    {
        using var tree = Simple();
        using var source = new KernelSource(tree.Root);
        using var container = Open(source);
        Sample(10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Sample(100);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Sample(int count)
        {
            for (var i = 0; i < count; i++)
            {
                source.Begin();
                source.Read(container);
            }
        }
    }

    private static KernelTree Simple()
    {
        var tree = new KernelTree(KernelTree.Version2());
        tree.WriteProcess($"0::/docker/{KernelTree.Id}\n");
        tree.WriteVersion2($"sys/fs/cgroup/docker/{KernelTree.Id}");
        return tree;
    }

    private static KernelContainer Open(KernelSource source) => source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: true);

    private static Reading ReadOnce(KernelTree tree)
    {
        using var source = new KernelSource(tree.Root);
        using var container = Open(source);
        source.Begin();
        return source.Read(container);
    }

    private static Reading ReadOwn(KernelTree tree)
    {
        using var source = new KernelSource(tree.Root);
        using var container = source.Open(KernelTree.Id, KernelTree.Pid, hasNetwork: true, isOwn: true);
        source.Begin();
        return source.Read(container);
    }

    // Whichever the file system names first, one of these is before the container's.
    private static void WriteOthers(KernelTree tree)
    {
        foreach (var name in new[] { "a.slice", "z.slice", "a.slice/ssh.service", "z.slice/ssh.service", "a.slice/ssh.service/x", "z.slice/ssh.service/x" })
        {
            tree.WriteVersion2($"host/sys/fs/cgroup/{name}", usec: 1);
        }
    }

    private static string Version1Groups(string group) => $"4:blkio:{group}\n3:memory:{group}\n2:cpu,cpuacct:{group}\n1:name=systemd:{group}\n0::/\n";

    private static readonly Reading Version2Reading = new()
    {
        Cpu = 1_500_000_000, System = 11_680_000_000, Cpus = 2, Memory = 57344 + 8192, MemoryLimit = HostMemory,
        NetworkRx = 726, NetworkTx = 84, DiskRead = 1459300, DiskWrite = 314773704,
    };

    private static readonly Reading Version1Reading = Version2Reading with { Cpu = 1_500_000_123, Memory = 999424 - 897024, DiskRead = 4097, DiskWrite = 8194 };

    private static void ShouldBeVersion2(Reading reading) => reading.ShouldBe(Version2Reading);

    private static void ShouldBeVersion1(Reading reading) => reading.ShouldBe(Version1Reading);
}
