using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using DockMon.Agent.Streams.Stats;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Bench;

/// <summary>
/// An agent as one would first write it, to compare with: it keeps one stats stream of the engine for each container that runs, which brings
/// a sample a second, and sends each on both sockets. It does nothing else, and ends when its link does.
/// </summary>
internal sealed class StandIn(EngineClient engine, StatsStream streams, Uri server, string token, TimeProvider time)
{
    private readonly Channel<(byte[] Event, byte[] Sample)> _samples = Channel.CreateBounded<(byte[], byte[])>(1000);

    public static async Task RunAsync(Func<string, string?> environment, CancellationToken ct)
    {
        string Need(string name) => environment(name) ?? throw new UsageException($"{name} is not set; the stand-in is started by the verbs that measure it");
        using var engine = new EngineClient(
            EngineEndpoint.FromEnvironment(environment("DOCKER_HOST"), environment("DOCKER_CERT_PATH"), environment("DOCKER_TLS_VERIFY")),
            TimeProvider.System);
        using var streams = new StatsStream(environment("DOCKER_HOST"), await engine.GetApiVersionAsync(ct));
        await new StandIn(engine, streams, new Uri(Need("DOCKMON_URL")), Need("REGISTRATION_TOKEN"), TimeProvider.System).RunAsync(ct);
    }

    private async Task RunAsync(CancellationToken ct)
    {
        using var control = new ClientWebSocket();
        await control.ConnectAsync(new Uri(server, ProtocolLimits.ControlPath), ct);
        var answer = await RegisterAsync(control, ct);
        using var stats = new ClientWebSocket();
        stats.Options.SetRequestHeader("Authorization", "Bearer " + answer.PermanentToken);
        await stats.ConnectAsync(new Uri(server, ProtocolLimits.StatsPath), ct);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        List<Task> parts = [IgnoreAsync(control, ending.Token), IgnoreAsync(stats, ending.Token), SendAsync(control, stats, ending.Token)];
        parts.AddRange((await engine.ListContainersAsync(all: false, ct)).Select(container => WatchAsync(container.Id, container.Name, ending.Token)));
        try
        {
            await Task.WhenAll(parts);
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private async Task<AuthSuccess> RegisterAsync(ClientWebSocket control, CancellationToken ct)
    {
        var info = await engine.GetInfoAsync(ct);
        var register = new RegisterRequest
        {
            Token = token,
            EngineId = info.Id,
            Hostname = info.Name,
            HostnameSource = HostnameSources.Daemon,
            Version = "3.0.0",
            ProtoVersion = ProtocolLimits.ProtocolVersion,
            Capabilities = new Dictionary<string, bool> { [Capabilities.StatsCollection] = true },
        };
        await control.SendAsync(FrameWriter.Message(register, ProtocolJson.Default.RegisterRequest), WebSocketMessageType.Text, endOfMessage: true, ct);
        var buffer = new byte[16 * 1024];
        var read = await control.ReceiveAsync(buffer.AsMemory(), ct);
        var frame = Frame.Parse(buffer.AsSpan(0, read.Count));
        return frame.Type == FrameTypes.AuthSuccess ? JsonSerializer.Deserialize(buffer.AsSpan(0, read.Count), ProtocolJson.Default.AuthSuccess)!
            : throw new InvalidOperationException($"the hub refused the stand-in: {frame.Error}");
    }

    private async Task WatchAsync(string id, string name, CancellationToken ct)
    {
        var before = new CpuStats();
        await foreach (var sample in streams.WatchAsync(id, ct))
        {
            var cpu = sample.CpuStats;
            var percent = StatsMath.CpuPercent(
                before.CpuUsage.TotalUsage,
                cpu.CpuUsage.TotalUsage,
                before.SystemCpuUsage ?? 0,
                cpu.SystemCpuUsage ?? 0,
                StatsMath.Cpus(cpu));
            before = cpu;
            var memory = (long)StatsMath.WorkingSet(sample);
            var (rx, tx) = StatsMath.Network(sample);
            var (read, write) = StatsMath.BlockIo(sample);
            var stats = new ContainerStats
            {
                ContainerId = id,
                ContainerName = name,
                CpuPercent = Math.Round(percent, 1),
                MemoryUsage = memory,
                MemoryLimit = (long)sample.MemoryStats.Limit,
                MemoryPercent = sample.MemoryStats.Limit > 0 ? Math.Round(100.0 * memory / sample.MemoryStats.Limit, 2) : 0,
                NetworkRx = (long)rx,
                NetworkTx = (long)tx,
                DiskRead = (long)read,
                DiskWrite = (long)write,
                Timestamp = Rfc3339.Format(time.GetUtcNow()),
            };
            await _samples.Writer.WriteAsync(
                (FrameWriter.Event(
                    EventNames.ContainerStats,
                    stats,
                    ProtocolJson.Default.ContainerStats,
                    time.GetUtcNow()), FrameWriter.Message(stats, ProtocolJson.Default.ContainerStats)), ct);
        }
    }

    private async Task SendAsync(ClientWebSocket control, ClientWebSocket stats, CancellationToken ct)
    {
        await foreach (var (frame, sample) in _samples.Reader.ReadAllAsync(ct))
        {
            await control.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, ct);
            await stats.SendAsync(sample, WebSocketMessageType.Text, endOfMessage: true, ct);
        }
    }

    // Reading is what answers the server's pings.
    private static async Task IgnoreAsync(ClientWebSocket socket, CancellationToken ct)
    {
        var buffer = new byte[16 * 1024];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), ct)).MessageType != WebSocketMessageType.Close)
        {
        }

        throw new InvalidOperationException("the hub closed the stand-in's connection");
    }
}
