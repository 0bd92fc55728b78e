using DockMon.Testing;

namespace DockMon.Agent.Tests.Streams.Stats;

/// <summary>A file system as the kernel shows it, with the files that statistics come from.</summary>
internal sealed class KernelTree : IDisposable
{
    public const string Id = "0aa612487b3321dca66b32e53f26e92c032c4810149a7ca0914d732dfe394e7a";
    public const string OtherId = "18ed6a0f4a527b0b2ade1b194e0c3e5e27a28ae2638726f4203653ee1ded958f";
    public const int Pid = 4711;
    public const string Unlimited = "9223372036854771712";

    private readonly TemporaryFolder _folder = new();

    public KernelTree(string mountInfo, string proc = "proc")
    {
        Proc = proc;
        Write("proc/self/mountinfo", "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n23 22 0:21 / /proc rw,nosuid - proc proc rw\n" + mountInfo);
        Write($"{proc}/meminfo", "MemTotal:        8000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\n");
        WriteStat(1000);
    }

    public string Root => _folder.Path;

    public string Proc { get; }

    /// <summary>Version 2 on one mount, as the kernel tells it of this process.</summary>
    public static string Version2(string root = "/", string point = "/sys/fs/cgroup") =>
        $"31 23 0:27 {root} {point} rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    /// <summary>Version 1, with the processor's two controllers on one mount and a link beside it, as systemd makes it.</summary>
    public static string Version1(string root = "/", string point = "/sys/fs/cgroup") =>
        $"30 23 0:26 / {point} ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755\n"
        + $"32 30 0:29 {root} {point}/cpu,cpuacct rw,relatime shared:11 - cgroup cgroup rw,cpu,cpuacct\n"
        + $"33 30 0:30 {root} {point}/memory rw,relatime shared:12 - cgroup cgroup rw,memory\n"
        + $"34 30 0:31 {root} {point}/blkio rw,relatime shared:13 - cgroup cgroup rw,blkio\n"
        + $"35 30 0:32 {root} {point}/systemd rw,relatime shared:10 - cgroup cgroup rw,xattr,name=systemd\n";

    public string PathOf(string name) => Path.Combine(Root, name);

    public void Write(string name, string content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    /// <summary>The host's processor time in ticks, of two processors; a line beyond those the engine adds up is added to it.</summary>
    public void WriteStat(long idle) => Write(
        $"{Proc}/stat",
        $"cpu  100 20 30 {idle} 5 6 7 999 888 777\ncpu0 50 10 15 {idle / 2} 2 3 3 0 0 0\ncpu1 50 10 15 {idle / 2} 3 3 4 0 0 0\nintr 12345 1 2 3\nctxt "
        + "99\nbtime 1700000000\n");

    /// <summary>The container's first process.</summary>
    /// <param name="cgroup">Its <c>/proc/PID/cgroup</c>.</param>
    /// <param name="pid">Its number.</param>
    public void WriteProcess(string cgroup, int pid = Pid)
    {
        Write($"{Proc}/{pid}/cgroup", cgroup);
        WriteStartTime(1952879, pid);
        WriteNetwork(rx: 726, tx: 84, pid);
    }

    /// <summary>The reader itself, as it is seen without the host's files.</summary>
    /// <param name="cgroup">Its <c>/proc/self/cgroup</c>.</param>
    public void WriteSelf(string cgroup)
    {
        WriteProcess(cgroup);
        Write("proc/self/cgroup", cgroup);
        foreach (var name in new[] { $"{Pid}/stat", $"{Pid}/net/dev", "stat", "meminfo" })
        {
            Write("proc/" + name.Replace($"{Pid}", "self", StringComparison.Ordinal), File.ReadAllText(PathOf($"{Proc}/{name}")));
        }
    }

    public void WriteStartTime(long startTime, int pid = Pid) => Write(
        $"{Proc}/{pid}/stat",
        $"{pid} (a (na) me)) S 25992 {pid} {pid} 0 -1 4194560 1119 0 0 0 1 1 0 0 20 0 1 0 {startTime} 2322432 332 18446744073709551615 1 1 0 0 0 0 0 0 "
        + "0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");

    public void WriteNetwork(long rx, long tx, int pid = Pid, string more = "", string name = "  eth0") => Write(
        $"{Proc}/{pid}/net/dev",
        "Inter-|   Receive                                                |  Transmit\n"
        + " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
        + "    lo:    5000      50    0    0    0     0          0         0     5000      50    0    0    0     0       0          0\n"
        + $"{name}: {rx,7}       9    0    0    0     0          0         0 {tx,8}       1    0    0    0     0       0          0\n{more}");

    /// <summary>A group of version 2.</summary>
    public void WriteVersion2(string group, long usec = 1_500_000, string max = "max", long anon = 57344, long activeFile = 8192)
    {
        Write($"{group}/cpu.stat", $"usage_usec {usec}\nuser_usec {usec / 2}\nsystem_usec {usec / 2}\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n");
        Write($"{group}/memory.current", "999424\n");
        Write($"{group}/memory.max", $"{max}\n");
        Write(
            $"{group}/memory.stat",
            $"anon {anon}\nfile 905216\nkernel 36864\nkernel_stack 16384\npagetables 40960\nsock 0\nshmem 0\nfile_mapped 0\nfile_dirty 0\nanon_thp 0\n"
            + $"inactive_anon 45056\nactive_anon 4096\ninactive_file 897024\nactive_file {activeFile}\nunevictable 0\npgfault 1095\npgmajfault "
            + "0\nworkingset_refault_anon 0\n");
        Write(
            $"{group}/io.stat",
            "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n8:0 rbytes=100 wbytes=200 rios=3 wios=1 dbytes=0 dios=0\n253:0 \n");
    }

    /// <summary>A group of version 1, the same below each controller's mount.</summary>
    public void WriteVersion1(string group, string limit = Unlimited, string point = "sys/fs/cgroup")
    {
        Write($"{point}/cpu,cpuacct/{group}/cpuacct.usage", "1500000123\n");
        Write($"{point}/memory/{group}/memory.usage_in_bytes", "999424\n");
        Write($"{point}/memory/{group}/memory.limit_in_bytes", $"{limit}\n");
        Write($"{point}/memory/{group}/memory.stat", "cache 905216\nrss 57344\ninactive_file 1\nactive_file 8192\nhierarchical_memory_limit "
            + "9223372036854771712\ntotal_cache 905216\ntotal_inactive_file 897024\ntotal_active_file 8192\n");
        Write($"{point}/blkio/{group}/blkio.throttle.io_service_bytes", "8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 12288\n8:0 Async 0\n8:0 Discard "
            + "0\n8:0 Total 12288\n8:16 Read 1\n8:16 Write 2\n8:16 Total 3\nTotal 12291\n");
    }

    public void Dispose() => _folder.Dispose();
}
