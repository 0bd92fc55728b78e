using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>
/// One agent as the hub sees it: registers, answers pings and commands, and comes back after a lost connection with the delays of a real one.
/// </summary>
internal sealed class SimulatedAgent(int number, Fleet fleet)
{
    // As a real agent has it.
    private static readonly TimeSpan DialLimit = TimeSpan.FromSeconds(30);

    private readonly IPAddress _source = new([127, 0, 1, (byte)(1 + (number % fleet.Sources))]);
    private readonly Queue<TaskCompletionSource> _pings = new();
    private readonly Lock _gate = new();
    private readonly Delivery _delivery = new(number);
    private string _token = fleet.Token;
    private volatile AgentSocket? _socket;
    private long _events;

    public int Number => number;

    /// <summary>The hub's id of its host; empty before the first registration.</summary>
    public string HostId { get; private set; } = "";

    public bool IsConnected => _socket is not null;

    /// <summary>The hub that it is, or was last, connected to.</summary>
    public Uri? Hub { get; private set; }

    /// <summary>Its numbered events.</summary>
    public Delivery Delivery => _delivery;

    /// <summary>Runs until the fleet ends.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var backoff = NewBackoff();
        while (!ct.IsCancellationRequested)
        {
            try
            {
                using var socket = await JoinAsync(ct);
                _socket = socket;
                backoff = NewBackoff();
                var again = _delivery.SendAgainAsync(socket, ct);
                await ListenAsync(socket, ct);
                await again;
            }
            catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                fleet.CountRefused();
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // The connection ended, or there was none.
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // The hub was too slow to answer the registration.
                fleet.CountRefused();
            }
            finally
            {
                _socket = null;
                LosePings();
            }

            await Task.Delay(backoff.Next(), fleet.Time, ct);
        }
    }

    /// <summary>Breaks the connection.</summary>
    public void Cut() => _socket?.Cut();

    /// <summary>Sends numbered events and does not wait until the hub has them.</summary>
    public Task SendNumberedAsync(int count, CancellationToken ct) => _delivery.SendAsync(_socket, count, fleet.Time.GetUtcNow(), ct);

    /// <summary>Sends one sample of each container and, every other second, of the host.</summary>
    /// <returns>Number of frames.</returns>
    public async Task<int> SampleAsync(long second, CancellationToken ct)
    {
        var sent = 0;
        var now = fleet.Time.GetUtcNow();
        for (var i = 0; i < fleet.Containers; i++)
        {
            sent += await SendAsync(AgentFrames.Sample(number, i, second, now), ct);
        }

        return second % 2 == 0 ? sent + await SendAsync(AgentFrames.Host(second), ct) : sent;
    }

    /// <summary>Sends events and a ping, and waits for its answer: then the hub has them.</summary>
    public async Task<int> SendEventsAsync(int count, CancellationToken ct)
    {
        var sent = 0;
        for (var i = 0; i < count; i++)
        {
            sent += await SendAsync(AgentFrames.Event(number, ++_events, fleet.Time.GetUtcNow()), ct);
        }

        await PingAsync(ct);
        return sent;
    }

    /// <summary>Waits until the hub has read everything that was sent.</summary>
    public async Task PingAsync(CancellationToken ct)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _pings.Enqueue(answered);
        }

        if (await SendAsync(AgentSocket.Frame(AgentSocket.Ping, []), ct) > 0)
        {
            await answered.Task.WaitAsync(ct);
        }
        else
        {
            LosePings();
        }
    }

    private static Backoff NewBackoff() => Backoff.ToServer(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), Random.Shared);

    private async Task<AgentSocket> JoinAsync(CancellationToken ct)
    {
        using var turn = HostId.Length == 0 ? await fleet.TakeTurnAsync(ct) : null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(DialLimit);
        Hub = fleet.NextHub(number);
        var socket = await AgentSocket.ConnectAsync(Hub, ProtocolLimits.ControlPath, _source, limit.Token);
        try
        {
            limit.CancelAfter(ProtocolLimits.AuthWait);
            await socket.SendAsync(AgentFrames.Register(_token, number), limit.Token);
            var message = await socket.ReadAsync(limit.Token);
            if (message.Opcode != AgentSocket.Text)
            {
                throw new IOException("the hub closed during the registration");
            }

            var answer = JsonElement.Parse(message.Payload);
            if (answer.GetProperty("type").GetString() != FrameTypes.AuthSuccess)
            {
                throw new InvalidOperationException($"the hub refused agent {number}: {Encoding.UTF8.GetString(message.Payload)}");
            }

            _token = answer.GetProperty("permanent_token").GetString()!;
            HostId = answer.GetProperty("host_id").GetString()!;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ListenAsync(AgentSocket socket, CancellationToken ct)
    {
        while (true)
        {
            var message = await socket.ReadAsync(ct);
            switch (message.Opcode)
            {
                case AgentSocket.Ping:
                    await socket.SendAsync(AgentSocket.Frame(AgentSocket.Pong, message.Payload), ct);
                    break;
                case AgentSocket.Pong when message.Payload.Length > 0:
                    _delivery.Confirm(message.Payload);
                    break;
                case AgentSocket.Pong:
                    Answered();
                    break;
                case AgentSocket.Close:
                    return;
                case AgentSocket.Text when JsonElement.Parse(message.Payload) is var request && request.TryGetProperty("id", out _):
                    await socket.SendAsync(AgentFrames.Answer(request, number, fleet.Containers, fleet.Time.GetUtcNow()), ct);
                    break;
            }
        }
    }

    private async Task<int> SendAsync(byte[] frame, CancellationToken ct)
    {
        try
        {
            if (_socket is { } socket)
            {
                await socket.SendAsync(frame, ct);
                return 1;
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // The reader sees the same, and dials again.
        }

        return 0;
    }

    private void Answered()
    {
        lock (_gate)
        {
            if (_pings.TryDequeue(out var ping))
            {
                ping.SetResult();
            }
        }
    }

    private void LosePings()
    {
        lock (_gate)
        {
            while (_pings.TryDequeue(out var ping))
            {
                ping.SetException(new IOException("the connection ended before a ping was answered"));
                _ = ping.Task.Exception;
            }
        }
    }
}
