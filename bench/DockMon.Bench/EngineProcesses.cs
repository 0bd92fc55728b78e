using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;

namespace DockMon.Bench;

/// <summary>The processes an engine is made of, on this machine.</summary>
/// <param name="Daemon">Who answers on the engine's socket.</param>
/// <param name="Containerd">The containerd it uses; null for an engine without one.</param>
/// <param name="Shims">The parents of containers.</param>
internal sealed record EngineProcesses(int Daemon, int? Containerd, IReadOnlyList<int> Shims)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>Finds them.</summary>
    /// <param name="host">The engine, as DOCKER_HOST has it; null for the machine's own.</param>
    /// <param name="containers">Ids of the containers whose shims are meant.</param>
    public static EngineProcesses Find(string? host, IReadOnlyCollection<string> containers)
    {
        var all = Processes();
        var daemon = DaemonOf(host, all);
        // It is the daemon's child, or the machine's own service; other engines have none.
        var containerd = all.FirstOrDefault(process => process.Name == "containerd" && process.Parent == daemon)
            ?? (all.Any(process => process.Id == daemon && process.Name == "dockerd")
                ? all.FirstOrDefault(process => process.Name == "containerd" && process.Parent == 1)
                : null);
        return new EngineProcesses(daemon, containerd?.Id, [.. all.Where(process => IsShim(process, containers)).Select(process => process.Id)]);
    }

    /// <summary>The path of the engine's socket.</summary>
    public static string SocketOf(string? host) =>
        string.IsNullOrEmpty(host) ? "/var/run/docker.sock"
        : host.StartsWith("unix://", StringComparison.Ordinal) ? host["unix://".Length..]
        : throw new UsageException($"DOCKER_HOST is \"{host}\": what an engine costs is read from its processes, so it must be one of this machine (unix://…)");

    private static int DaemonOf(string? host, IReadOnlyList<ProcessEntry> all)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(SocketOf(host)));
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        var pid = BinaryPrimitives.ReadInt32LittleEndian(credentials);
        if (pid > 1)
        {
            return pid;
        }

        // systemd made the socket and handed it over.
        return all.Where(process => process.Name == "dockerd").ToArray() is [var only] ? only.Id
            : throw new UsageException($"the process behind {SocketOf(host)} cannot be told: it runs in another namespace, or there are several named dockerd");
    }

    private static bool IsShim(ProcessEntry process, IReadOnlyCollection<string> containers) =>
        (process.Name.StartsWith("containerd-shim", StringComparison.Ordinal) || process.Name == "conmon")
        && process.CommandLine().Any(containers.Contains);

    private static List<ProcessEntry> Processes()
    {
        var all = new List<ProcessEntry>();
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && ProcessEntry.Read(pid) is { } process)
            {
                all.Add(process);
            }
        }

        return all;
    }

    private sealed record ProcessEntry(int Id, string Name, int Parent)
    {
        public static ProcessEntry? Read(int pid)
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{pid}/stat");
                var end = stat.LastIndexOf(')');
                return new ProcessEntry(
                    pid,
                    stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end],
                    int.Parse(stat[(end + 2)..].Split(' ')[1], CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                return null; // It has ended.
            }
        }

        public string[] CommandLine()
        {
            try
            {
                return File.ReadAllText($"/proc/{Id}/cmdline").Split('\0');
            }
            catch (IOException)
            {
                return [];
            }
        }
    }
}
