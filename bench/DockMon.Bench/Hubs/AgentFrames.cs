using System.Globalization;
using System.Text;
using DockMon.Protocol;

namespace DockMon.Bench.Hubs;

/// <summary>What a simulated agent says, as real ones do: the same fields, of the same length.</summary>
internal static class AgentFrames
{
    private const long MiB = 1024 * 1024;

    private static readonly Dictionary<string, bool> Able = new(StringComparer.Ordinal)
    {
        [Capabilities.ContainerOperations] = true,
        [Capabilities.ContainerUpdates] = true,
        [Capabilities.EventStreaming] = true,
        [Capabilities.StatsCollection] = true,
        [Capabilities.SelfUpdate] = false,
        [Capabilities.ComposeDeployments] = true,
        [Capabilities.ShellAccess] = true,
        [Capabilities.MultiEnvFiles] = true,
    };

    public static byte[] Register(string token, int agent) => AgentSocket.Frame(AgentSocket.Text, FrameWriter.Message(
        new RegisterRequest
        {
            Token = token,
            EngineId = Engine(agent),
            Hostname = Hostname(agent),
            HostnameSource = HostnameSources.Daemon,
            Version = "3.0.0",
            ProtoVersion = ProtocolLimits.ProtocolVersion,
            Capabilities = Able,
            AgentOs = "linux",
            AgentArch = "amd64",
            OsType = "linux",
            OsVersion = "Debian GNU/Linux 12 (bookworm)",
            KernelVersion = "6.1.0-18-amd64",
            DockerVersion = "26.1.5",
            DaemonStartedAt = "2026-11-01T10:11:12.123456789Z",
            TotalMemory = 16L * 1024 * MiB,
            NumCpus = 8,
            HostIps = [$"10.0.{agent / 250 % 250}.{agent % 250}"],
            HostIp = $"10.0.{agent / 250 % 250}.{agent % 250}",
        },
        ProtocolJson.Default.RegisterRequest));

    public static string Hostname(int agent) => string.Create(CultureInfo.InvariantCulture, $"bench-{agent:00000}");

    public static byte[] Sample(int agent, int container, long second, DateTimeOffset now) => AgentSocket.Frame(AgentSocket.Text, FrameWriter.Event(
        EventNames.ContainerStats,
        new ContainerStats
        {
            ContainerId = ContainerId(agent, container),
            ContainerName = string.Create(CultureInfo.InvariantCulture, $"project-service-{container}"),
            CpuPercent = Math.Round((container + second) % 100 * 0.7, 1),
            MemoryUsage = (100 + ((container + second) % 50)) * MiB,
            MemoryLimit = 16L * 1024 * MiB,
            MemoryPercent = Math.Round((100 + ((container + second) % 50)) / 163.84, 2),
            NetworkRx = second * 1234,
            NetworkTx = second * 567,
            DiskRead = second * 4096,
            DiskWrite = second * 8192,
            Timestamp = Rfc3339.Format(now),
        },
        ProtocolJson.Default.ContainerStats,
        now));

    public static byte[] Host(long second) => AgentSocket.Frame(AgentSocket.Text, FrameWriter.Message(
        new HostStatsFrame { Stats = new HostStats { CpuPercent = second % 100 * 0.5, MemPercent = 42.5, NetBytesPerSec = 12_345.5 } },
        ProtocolJson.Default.HostStatsFrame));

    /// <param name="agent">Number of the agent.</param>
    /// <param name="number">Each has its own: the hub takes events that are the same for one.</param>
    /// <param name="now">Its time.</param>
    public static byte[] Event(int agent, long number, DateTimeOffset now) => AgentSocket.Frame(AgentSocket.Text, FrameWriter.Event(
        EventNames.ContainerEvent,
        new ContainerEvent
        {
            ContainerId = ContainerId(agent, (int)(number % 10)),
            ContainerName = string.Create(CultureInfo.InvariantCulture, $"project-service-{number % 10}"),
            Image = "registry.example.org/project/service:1.2.3",
            Action = number % 2 == 0 ? "start" : "die",
            Timestamp = string.Create(CultureInfo.InvariantCulture, $"2026-11-01T00:00:00.{number:000000000}Z"),
            Attributes = new Dictionary<string, string>
            {
                ["com.docker.compose.project"] = "project",
                ["com.docker.compose.service"] = "service",
                ["exitCode"] = "0",
                ["image"] = "registry.example.org/project/service:1.2.3",
                ["name"] = string.Create(CultureInfo.InvariantCulture, $"project-service-{number % 10}"),
            },
        },
        ProtocolJson.Default.ContainerEvent,
        now));

    public static byte[] Answer(string id, DateTimeOffset now) =>
        AgentSocket.Frame(AgentSocket.Text, FrameWriter.Response(id, """{"docker_version":"26.1.5","os_type":"linux","num_cpus":8}"""u8, now));

    private static string Engine(int agent) => string.Create(CultureInfo.InvariantCulture, $"BENCH:{agent:00000}:7XYZ:ABCD:EFGH:IJKL:MNOP:QRST:UVWX:YZ23");

    private static string ContainerId(int agent, int container) =>
        string.Create(CultureInfo.InvariantCulture, $"{agent:x8}{container:x8}{new StringBuilder().Insert(0, "ab12", 12)}");
}
