using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>The kernel does not show a container. The message says why.</summary>
internal sealed class KernelUnreachableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// What containers use, read from their control groups and from /proc: it asks nothing of the engine, and a reading makes no garbage.
/// Not thread-safe: the sampler's loop alone uses it.
/// </summary>
/// <param name="root">The file system; <c>/</c> but for tests.</param>
internal sealed class KernelSource(string root = "/") : IDisposable
{
    private readonly Machine _machine = new(root);
    private readonly NetworkNamespaces _namespaces = new();
    private readonly ReadBuffer _buffer = new();
    private CgroupMounts? _mounts;
    private HostTotals? _host;
    private long _tick;

    /// <summary>To be called once before the containers are read: what is the same for all of them is read here.</summary>
    /// <exception cref="IOException">The kernel cannot be read.</exception>
    public void Begin()
    {
        _tick++;
        _host?.Refresh(_buffer);
    }

    /// <summary>Reads one container.</summary>
    /// <exception cref="IOException">It has ended.</exception>
    public Reading Read(KernelContainer container) => container.Read(_host!, _buffer, _tick);

    /// <summary>Opens the files of a container.</summary>
    /// <param name="id">Its whole id.</param>
    /// <param name="pid">Its first process, as the engine names it.</param>
    /// <param name="hasNetwork">Whether it has a network that is not the host's.</param>
    /// <param name="isOwn">Whether the agent itself runs in it.</param>
    /// <exception cref="KernelUnreachableException">They are not there, or not this container's.</exception>
    public KernelContainer Open(string id, int pid, bool hasNetwork, bool isOwn = false)
    {
        var opened = new Stack<IDisposable>();
        try
        {
            return Open(FindProcess(id, pid) ?? (isOwn ? OwnProcess(id) : null), hasNetwork, opened);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KernelUnreachableException)
        {
            while (opened.TryPop(out var file))
            {
                file.Dispose();
            }

            throw e as KernelUnreachableException ?? new KernelUnreachableException(e.Message, e);
        }
    }

    public void Dispose() => _host?.Dispose();

    private KernelContainer Open(FoundProcess? found, bool hasNetwork, Stack<IDisposable> opened)
    {
        var (folder, process, groups) = found ?? throw new KernelUnreachableException("the engine's processes are not in a /proc the agent can see");
        opened.Push(process);
        _mounts ??= new CgroupMounts(root, _machine.Mounts);
        _host ??= OpenHost(Path.GetDirectoryName(folder)!);
        var cpu = OpenCpu(groups);
        opened.Push(cpu);
        var memory = OpenMemory(groups);
        if (memory is not null)
        {
            opened.Push(memory);
        }

        var blockIo = OpenBlockIo(groups);
        opened.Push(blockIo);
        var network = hasNetwork ? _namespaces.Join(folder) : null;
        var container = new KernelContainer(process, cpu, memory, blockIo, network, _namespaces);
        opened.Push(container);

        // All of it was opened by number: had the process ended meanwhile, some of it could be another's.
        process.Check(_buffer);
        return container;
    }

    /// <summary>
    /// The number a process has on the host means another process, or none, in a process namespace of one's own. So the process counts only
    /// when its control groups bear the container's id.
    /// </summary>
    private FoundProcess? FindProcess(string id, int pid) =>
        new[] { _machine.HostProc, _machine.Proc }
            .Select(proc => TryProcess(Path.Combine(proc, $"{pid}"), text => CgroupPaths.OfContainer(text, id)))
            .FirstOrDefault(found => found is not null);

    /// <summary>The agent itself is in its container as surely as the first process is, and sees itself without the host's files.</summary>
    private FoundProcess? OwnProcess(string id) =>
        TryProcess(Path.Combine(_machine.Proc, "self"), text => CgroupPaths.OfContainer(text, id) is { Any: true } named ? named : CgroupPaths.OfOwn(text, id));

    private FoundProcess? TryProcess(string folder, Func<string, CgroupPaths> select)
    {
        var cgroup = Path.Combine(folder, "cgroup");
        if (!File.Exists(cgroup))
        {
            return null;
        }

        var process = ProcessFile.Open(folder, _buffer);
        try
        {
            var groups = select(File.ReadAllText(cgroup));
            process.Check(_buffer);
            if (groups.Any)
            {
                return new FoundProcess(folder, process, groups);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            process.Dispose();
            throw;
        }

        process.Dispose();
        return null;
    }

    private HostTotals OpenHost(string proc)
    {
        var host = HostTotals.Open(proc, _buffer);
        host.Refresh(_buffer);
        return host;
    }

    private CpuFile OpenCpu(CgroupPaths groups) =>
        TryOpen(groups, "cpuacct", "cpuacct.usage") is { } version1 ? new CpuFile(version1, isVersion2: false)
        : TryOpen(groups, "", "cpu.stat") is { } version2 ? new CpuFile(version2, isVersion2: true)
        : throw new KernelUnreachableException("the control groups of the engine's containers are not mounted where the agent can see them");

    private MemoryFiles? OpenMemory(CgroupPaths groups)
    {
        if (TryOpen(groups, "memory", "memory.usage_in_bytes") is { } usage)
        {
            if (TryOpen(groups, "memory", "memory.stat") is { } version1)
            {
                return new MemoryFiles(version1, TryOpen(groups, "memory", "memory.limit_in_bytes"), usage);
            }

            usage.Dispose();
            throw new KernelUnreachableException("the control group has no memory.stat");
        }

        // Without the controller, as some boards come, there are no figures.
        return TryOpen(groups, "", "memory.stat") is { } stat ? new MemoryFiles(stat, TryOpen(groups, "", "memory.max"), usage: null) : null;
    }

    private BlockIoFiles OpenBlockIo(CgroupPaths groups) => new(
        [.. new[]
        {
            TryOpen(groups, "blkio", "blkio.io_service_bytes_recursive"),
            TryOpen(groups, "blkio", "blkio.throttle.io_service_bytes"),
            TryOpen(groups, "", "io.stat")
        }.OfType<KernelFile>()]);

    private KernelFile? TryOpen(CgroupPaths groups, string controller, string file) =>
        groups.Of(controller) is { } group && _mounts!.Find(controller, group, groups.ContainerId, file) is { } directory
            ? KernelFile.TryOpen(Path.Combine(directory, file))
            : null;

    private sealed record FoundProcess(string Folder, ProcessFile Process, CgroupPaths Groups);
}
