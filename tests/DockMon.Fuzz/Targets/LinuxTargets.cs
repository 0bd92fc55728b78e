using System.Text;
using DockMon.Agent.Linux;
using DockMon.Agent.Streams.Stats.Kernel;

namespace DockMon.Fuzz.Targets;

/// <summary>Files of /proc and of control groups, which a container's user may have mounted over. Each reader gets every text.</summary>
internal static class LinuxTargets
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    public static void Files(byte[] input)
    {
        FuzzTarget.TryRead<FormatException>(() => _ = CpuTimes.Parse(input).BusyPercentSince(new CpuTimes()));
        FuzzTarget.TryRead<FormatException>(() => FuzzFailure.When(MemoryInfo.Parse(input).UsedPercent is < 0 or > 100, "a percentage is none"));
        _ = CpuTimes.CountCores(input);
        _ = MemoryInfo.Total(input);
        _ = ProcessStat.TryParse(input, out _);
        var interfaces = InterfaceCounters.ParsePhysical(input);
        FuzzFailure.When(InterfaceCounters.BytesBetween(interfaces, interfaces) < 0, "a counter went down");
        _ = KernelText.Value(input, "usage_usec"u8);
        _ = BlockIoFiles.TryParse(input, out _);
        _ = NetworkCounters.Sum(input);

        var text = Encoding.UTF8.GetString(input);
        Mounts(text);
        var groups = ControlGroup.Parse(text).ToList();
        _ = SelfContainerIds.FromControlGroups(groups);
        _ = CgroupPaths.OfContainer(text, Id).Any;
        var half = text.IndexOf("Iface", StringComparison.Ordinal) is var at && at < 0 ? text.Length : at;
        FuzzFailure.When(HostAddresses.Select(text[..half], text[half..]).Count > 50, "there are too many addresses");
    }

    private static void Mounts(string text)
    {
        var mounts = Mount.Parse(text);
        _ = MountTable.Find("/data/bin", mounts);
        _ = SelfContainerIds.FromMounts(mounts);
        _ = SelfContainerIds.RootLayer(mounts);
        // The root does not exist: nothing is found, and nothing of this machine is looked at.
        _ = new CgroupMounts("/nonexistent/dockmon-fuzz", mounts).Find("", "/../../docker/" + Id, Id, "cpu.stat");
    }
}
