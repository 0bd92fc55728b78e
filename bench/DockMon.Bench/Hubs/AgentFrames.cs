using System.Globalization;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>What a simulated agent says, as real ones do: the same fields, of the same length.</summary>
internal static class AgentFrames
{
    private const long MiB = 1024 * 1024;

    // The other events never get so far.
    private const long FirstNumber = 500_000_000;

    private static readonly Dictionary<string, bool> Able = new(StringComparer.Ordinal)
    {
        [Capabilities.ContainerOperations] = true,
        [Capabilities.ContainerUpdates] = true,
        [Capabilities.EventStreaming] = true,
        [Capabilities.StatsCollection] = true,
        [Capabilities.SelfUpdate] = false,
        [Capabilities.ComposeDeployments] = false,
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

    /// <summary>An event of <see cref="Delivery"/>.</summary>
    public static byte[] Numbered(int agent, long number, DateTimeOffset now) => Event(agent, FirstNumber + number, now);

    /// <summary>The number of a stored event of <see cref="Delivery"/>; null for any other.</summary>
    public static long? NumberOf(JsonElement stored) =>
        stored.GetProperty("timestamp").GetString() is { } time && long.Parse(time[(time.IndexOf('.') + 1)..^1], CultureInfo.InvariantCulture) is var number
            && number > FirstNumber ? number - FirstNumber : null;

    /// <summary>The answer to a command.</summary>
    /// <param name="request">The command.</param>
    /// <param name="agent">Number of the agent.</param>
    /// <param name="containers">Number of its containers.</param>
    /// <param name="now">Its time.</param>
    public static byte[] Answer(JsonElement request, int agent, int containers, DateTimeOffset now)
    {
        var payload = request.TryGetProperty("command", out var command) && command.ValueEquals(CommandNames.ListContainers)
            ? $"[{string.Join(',', Enumerable.Range(0, containers).Select(container => Listed(agent, container)))}]"
            : """{"docker_version":"26.1.5","os_type":"linux","num_cpus":8}""";
        return AgentSocket.Frame(AgentSocket.Text, FrameWriter.Response(request.GetProperty("id").GetString()!, Encoding.UTF8.GetBytes(payload), now));
    }

    private static string Listed(int agent, int container) => $$$"""
        {"Id":"{{{ContainerId(agent, container)}}}","Names":["/project-service-{{{container}}}"],"Image":"registry.example.org/project/service:1.2.3",
        "ImageID":"sha256:{{{ContainerId(agent, container)}}}","Command":"/docker-entrypoint.sh nginx -g 'daemon off;'","Created":1760000000,
        "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],
        "Labels":{"com.docker.compose.project":"project","com.docker.compose.service":"service-{{{container}}}","com.docker.compose.version":"2.29.0"},
        "State":"running","Status":"Up 2 weeks","HostConfig":{"NetworkMode":"project_default"},"NetworkSettings":{"Networks":{"project_default":
        {"NetworkID":"{{{ContainerId(agent, container)}}}","IPAddress":"172.18.0.2","Gateway":"172.18.0.1"} } },"Mounts":[],"RepoDigests":[],
        "StartedAt":"2026-11-01T10:11:12.123456789Z","Env":{"PATH":"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","LANG":"C.UTF-8"}}
        """.ReplaceLineEndings("");

    private static string Engine(int agent) => string.Create(CultureInfo.InvariantCulture, $"BENCH:{agent:00000}:7XYZ:ABCD:EFGH:IJKL:MNOP:QRST:UVWX:YZ23");

    private static string ContainerId(int agent, int container) =>
        string.Create(CultureInfo.InvariantCulture, $"{agent:x8}{container:x8}{new StringBuilder().Insert(0, "ab12", 12)}");
}
