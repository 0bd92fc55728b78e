using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Chaos;

/// <summary>An agent that remembers what it was asked for and which of its events were confirmed, and sends the others again.</summary>
internal sealed class SimulatedAgent(int number, string token, IReadOnlyList<Uri> hubs, ConcurrentDictionary<long, int> executions, Random random)
{
    private const int NoHub = -1;

    // Half of them wait as long as this project's agents do, the others as long as it takes to be quick.
    private readonly TimeSpan _longestSilence = TimeSpan.FromSeconds(number % 2 == 0 ? 45 : 20);

    private readonly List<(long Number, byte[] Frame)> _unconfirmed = [];
    private readonly ConcurrentQueue<byte[]> _answers = new();
    private readonly Lock _gate = new();
    private string _token = token;
    private long _events;
    private volatile int _hub = NoHub;

    /// <summary>Duration between two of its events.</summary>
    public required TimeSpan Pace { get; init; }

    /// <summary>Number of the hub that it is connected to; null for none.</summary>
    public int? Hub => _hub is var hub and not NoHub ? hub : null;

    public string HostId { get; private set; } = "";

    /// <summary>Number of events that were sent so far; all of them are to be in the database at the end.</summary>
    public long Events => Volatile.Read(ref _events);

    public int Unconfirmed
    {
        get
        {
            lock (_gate)
            {
                return _unconfirmed.Count;
            }
        }
    }

    public bool IsQuiet { get; set; }

    public int Connections { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        var hub = random.Next(hubs.Count);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await ConnectAsync(hub, ct);
                hub = random.Next(hubs.Count);
            }
            catch (Exception e) when (e is IOException or SocketException or HttpRequestException or JsonException or OperationCanceledException)
            {
                // The connection ended, or there was none: a load balancer takes the next hub.
                hub = (hub + 1) % hubs.Count;
            }

            _hub = NoHub;

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200, 1500)), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task ConnectAsync(int hub, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        using var socket = await AgentSocket.ConnectAsync(hubs[hub], ProtocolLimits.ControlPath, IPAddress.Any, limit.Token);
        var register = new RegisterRequest
        {
            Token = _token, EngineId = $"CHAOS:{number}", Hostname = $"chaos-{number}", HostnameSource = HostnameSources.Daemon, Version = "3.0.0",
            ProtoVersion = ProtocolLimits.ProtocolVersion, Capabilities = new Dictionary<string, bool> { [Capabilities.ContainerOperations] = true },
        };
        await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, FrameWriter.Message(register, ProtocolJson.Default.RegisterRequest)), limit.Token);
        var (kind, data) = await socket.ReadAsync(limit.Token);
        var answer = kind == AgentSocket.Text ? JsonElement.Parse(data) : default;
        if (kind != AgentSocket.Text || answer.GetProperty("type").GetString() != "auth_success")
        {
            throw new IOException("not registered");
        }

        (HostId, _token) = (answer.GetProperty("host_id").GetString()!, answer.GetProperty("permanent_token").GetString()!);
        Connections++;
        _hub = hub;
        var writing = WriteAsync(socket, ended.Token);
        try
        {
            await ReadAsync(socket, ended.Token);
        }
        finally
        {
            await ended.CancelAsync();
            try
            {
                await writing;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // As the reader.
            }
        }
    }

    private async Task WriteAsync(AgentSocket socket, CancellationToken ct)
    {
        List<(long Number, byte[] Frame)> again;
        lock (_gate)
        {
            again = [.. _unconfirmed];
        }

        foreach (var (_, frame) in again)
        {
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, frame), ct);
        }

        while (true)
        {
            while (_answers.TryPeek(out var answer))
            {
                await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, answer), ct);
                _answers.TryDequeue(out _);
            }

            if (!IsQuiet)
            {
                var next = Volatile.Read(ref _events) + 1;
                var id = next.ToString("x12", CultureInfo.InvariantCulture);
                const string Time = "2026-01-01T00:00:00Z";
                var payload = $"{{\"action\":\"start\",\"container_name\":\"c\",\"image\":\"i\",\"timestamp\":\"{Time}\",\"container_id\":\"{id}\"}}";
                var frame = Encoding.UTF8.GetBytes($"{{\"type\":\"event\",\"command\":\"container_event\",\"payload\":{payload}}}");
                lock (_gate)
                {
                    _unconfirmed.Add((next, frame));
                }

                Volatile.Write(ref _events, next);
                await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, frame), ct);
            }

            var number8 = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(number8, Events);
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Ping, number8), ct);
            await Task.Delay(Pace, TimeProvider.System, ct);
        }
    }

    private async Task ReadAsync(AgentSocket socket, CancellationToken ct)
    {
        while (true)
        {
            // The hub pings as well: one that is silent for so long is gone.
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
            silence.CancelAfter(_longestSilence);
            var (kind, data) = await socket.ReadAsync(silence.Token);
            switch (kind)
            {
                case AgentSocket.Close:
                    return;
                case AgentSocket.Ping:
                    await socket.SendAsync(AgentSocket.Frame(AgentSocket.Pong, data), ct);
                    break;
                case AgentSocket.Pong when data.Length == 8:
                    var confirmed = BinaryPrimitives.ReadInt64BigEndian(data);
                    lock (_gate)
                    {
                        _unconfirmed.RemoveAll(sent => sent.Number <= confirmed);
                    }

                    break;
                case AgentSocket.Text:
                    await TakeAsync(socket, JsonElement.Parse(data), ct);
                    break;
            }
        }
    }

    private async Task TakeAsync(AgentSocket socket, JsonElement frame, CancellationToken ct)
    {
        if (!frame.TryGetProperty("id", out var id) || !frame.TryGetProperty("command", out var command))
        {
            return;
        }

        var payload = "[]";
        if (command.GetString() == CommandNames.PruneImages)
        {
            executions.AddOrUpdate(frame.GetProperty("payload").GetProperty("n").GetInt64(), 1, (_, count) => count + 1);
            payload = "{}";
        }

        var answer = Encoding.UTF8.GetBytes($$"""{"type":"response","id":"{{id.GetString()}}","payload":{{payload}}}""");
        try
        {
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, answer), ct);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _answers.Enqueue(answer);
            throw;
        }
    }
}
