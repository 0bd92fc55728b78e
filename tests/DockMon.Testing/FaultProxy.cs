using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DockMon.Testing;

/// <summary>Sees the bytes of one connection as they pass, before the other side does.</summary>
/// <param name="fromClient">Which way they go.</param>
/// <param name="bytes">The bytes.</param>
public delegate void BytesPassing(bool fromClient, ReadOnlySpan<byte> bytes);

/// <summary>A TCP proxy in front of a loopback port, with faults on demand.</summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<ProxyLink, Task> _links = new();
    private readonly Lock _gateLock = new();
    private readonly Func<BytesPassing>? _watch;
    private readonly Task _accepting;
    private TaskCompletionSource _gate = Open();
    private ProxyMode _mode;
    private int _accepted;
    private long _passed;
    private long _fromServer;

    private FaultProxy(int targetPort, Func<BytesPassing>? watch)
    {
        TargetPort = targetPort;
        _watch = watch;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Where new connections lead, on 127.0.0.1; may change, as for a server that comes back elsewhere.</summary>
    public int TargetPort { get; set; }

    /// <summary>Pauses by itself once this many bytes have passed; null for never.</summary>
    public long? PauseAfterBytes { get; set; }

    /// <summary>Bytes that came from the server so far, those that it holds, too.</summary>
    public long BytesFromServer => Volatile.Read(ref _fromServer);

    /// <summary>How long bytes take on each way, as over a long distance.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Connections accepted so far, refused ones too.</summary>
    public int AcceptedConnections => Volatile.Read(ref _accepted);

    /// <summary>Connections open now.</summary>
    public int OpenConnections => _links.Count;

    /// <summary>What it does from now on, with open connections too.</summary>
    public ProxyMode Mode
    {
        get
        {
            lock (_gateLock)
            {
                return _mode;
            }
        }

        set
        {
            lock (_gateLock)
            {
                _mode = value;
                if (value == ProxyMode.Paused)
                {
                    _gate = _gate.Task.IsCompleted ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : _gate;
                }
                else
                {
                    _gate.TrySetResult();
                }
            }
        }
    }

    /// <summary>Starts a proxy in front of 127.0.0.1:<paramref name="targetPort"/>, relaying.</summary>
    /// <param name="targetPort">Where connections lead.</param>
    /// <param name="watch">Asked once for each connection for who watches it.</param>
    public static FaultProxy Start(int targetPort, Func<BytesPassing>? watch = null) => new(targetPort, watch);

    /// <summary>Resets (RST) every open connection on both sides.</summary>
    public void CutAll()
    {
        foreach (var link in _links.Keys)
        {
            link.Reset();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        CutAll();
        await _accepting;
        await Task.WhenAll(_links.Values);
        _stop.Dispose();
    }

    /// <summary>Completes when so many bytes may pass.</summary>
    internal async Task PassAsync(int count, bool fromClient, CancellationToken ct)
    {
        Interlocked.Add(ref _fromServer, fromClient ? 0 : count);
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, TimeProvider.System, ct);
        }

        if (Interlocked.Add(ref _passed, count) > PauseAfterBytes)
        {
            PauseAfterBytes = null;
            Mode = ProxyMode.Paused;
        }

        Task gate;
        lock (_gateLock)
        {
            gate = _gate.Task;
        }

        await gate.WaitAsync(ct);
    }

    private static TaskCompletionSource Open()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gate.SetResult();
        return gate;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _accepted);
            var link = new ProxyLink(this, client, _watch?.Invoke());
            if (Mode == ProxyMode.Refuse)
            {
                link.Reset();
                continue;
            }

            // Entered before it runs, so that CutAll never misses it.
            var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _links[link] = ServeAsync(link, start.Task);
            start.SetResult();
        }
    }

    private async Task ServeAsync(ProxyLink link, Task start)
    {
        await start;
        await link.RunAsync(TargetPort, _stop.Token);
        _links.TryRemove(link, out _);
    }
}
