using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using NATS.Client.Core;

namespace DockMon.Hub.Bus.Nats;

/// <summary>The bus of hubs on several machines: NATS core, which stores nothing. See docs/decisions/0015.</summary>
internal sealed partial class NatsBus : IHubBus, IAsyncDisposable
{
    /// <summary>Maximum number of requests to an address that are answered at once; more wait.</summary>
    private const int MostAtOnce = 64;

    private static readonly NatsRawSerializer<byte[]> Bytes = NatsRawSerializer<byte[]>.Default;

    private readonly NatsConnection _connection;
    private readonly NatsSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<NatsBus> _logger;
    private readonly Lock _gate = new();
    private CancellationTokenSource _lost = new();
    private Task _connecting = Task.CompletedTask;
    private bool _isDisposed;

    public NatsBus(NatsSettings settings, TimeProvider time, ILogger<NatsBus> logger)
    {
        (_settings, _time, _logger) = (settings, time, logger);
        _connection = new NatsConnection(settings.ToOptions());
        _connection.ConnectionOpened += (_, _) => SetAsync(up: true);
        _connection.ConnectionDisconnected += (_, _) => SetAsync(up: false);
        _connection.ServerError += (_, e) =>
        {
            Log.ServerSays(_logger, e.Error);
            return ValueTask.CompletedTask;
        };
        _connection.MessageDropped += (_, e) =>
        {
            Log.MessagesDropped(_logger, e.Subject);
            return ValueTask.CompletedTask;
        };
    }

    public event Action<bool>? Changed;

    public bool IsUp { get; private set; }

    public Task StartAsync(CancellationToken ct)
    {
        _connecting = ConnectAsync();
        return _connecting.WaitAsync(ct);
    }

    public async Task<IAsyncDisposable> ServeAsync(string address, Func<ReadOnlyMemory<byte>, Task<byte[]>> answer, CancellationToken ct)
    {
        var subscription = await _connection.SubscribeCoreAsync(address, serializer: Bytes, cancellationToken: ct);
        return new Subscription(subscription, Parallel.ForEachAsync(
            ReadAsync(subscription, CancellationToken.None),
            new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = CancellationToken.None },
            async (request, _) => await AnswerAsync(request.Message, request.ReplyTo, answer)));
    }

    public async Task<BusReply> RequestAsync(string address, ReadOnlyMemory<byte> request, TimeSpan limit, CancellationToken ct)
    {
        var lost = Lost();
        using var late = new CancellationTokenSource(limit, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token, lost);
        var sent = false;
        try
        {
            if (!IsUp)
            {
                return new BusReply(BusOutcome.Down);
            }

            var inbox = _connection.NewInbox();
            await using var answers = await _connection.SubscribeCoreAsync(inbox, serializer: Bytes, cancellationToken: ended.Token);
            foreach (var part in MessageParts.Cut(request))
            {
                sent = true;
                await _connection.PublishAsync(address, part, replyTo: inbox, serializer: Bytes, cancellationToken: ended.Token);
            }

            var parts = new MessageParts();
            await foreach (var answer in answers.Msgs.ReadAllAsync(ended.Token))
            {
                // The server's word that a part reached nobody: the request is incomplete, and is not served.
                if (answer.HasNoResponders)
                {
                    return new BusReply(BusOutcome.NoResponders);
                }

                if (parts.Add(answer.Data) is { } whole)
                {
                    return new BusReply(BusOutcome.Answered, whole);
                }
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Late, or the connection was lost.
        }
        catch (Exception e) when (IsConnectionsEnd(e))
        {
            Log.RequestFailed(_logger, address, e.Message);
        }

        ct.ThrowIfCancellationRequested();
        return new BusReply(sent ? BusOutcome.Unknown : BusOutcome.Down);
    }

    public async Task<IAsyncDisposable> SubscribeAsync(string subject, Action<ReadOnlyMemory<byte>> take, CancellationToken ct)
    {
        var subscription = await _connection.SubscribeCoreAsync(subject, serializer: Bytes, cancellationToken: ct);
        return new Subscription(subscription, TakeAsync());

        async Task TakeAsync()
        {
            await foreach (var (message, _) in ReadAsync(subscription, CancellationToken.None))
            {
                take(message);
            }
        }
    }

    public async Task<bool> PublishAsync(string subject, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (!IsUp)
        {
            return false;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, Lost());
        try
        {
            foreach (var part in MessageParts.Cut(message))
            {
                await _connection.PublishAsync(subject, part, serializer: Bytes, cancellationToken: ended.Token);
            }

            return true;
        }
        catch (Exception e) when (IsConnectionsEnd(e) || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _connecting;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            (IsUp, _isDisposed) = (false, true);
        }

        await _lost.CancelAsync();
        _lost.Dispose();
    }

    /// <summary>Whether an error is of the connection, which may be closing while it is used, and not of what was sent.</summary>
    private static bool IsConnectionsEnd(Exception e) =>
        e is NatsException or ObjectDisposedException or ChannelClosedException or IOException or SocketException;

    private async Task ConnectAsync()
    {
        try
        {
            await _connection.ConnectAsync();
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            // Only when the hub stops before there was a connection: it is tried until then.
            Log.RequestFailed(_logger, "(connect)", e.Message);
        }
    }

    private async Task AnswerAsync(ReadOnlyMemory<byte> request, string? replyTo, Func<ReadOnlyMemory<byte>, Task<byte[]>> answer)
    {
        try
        {
            var reply = await answer(request);
            if (replyTo is not null)
            {
                await PublishAsync(replyTo, reply, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The other hub finds that there is no answer; the next request is served all the same.
            Log.RequestNotServed(_logger, e);
        }
    }

    private static async IAsyncEnumerable<(ReadOnlyMemory<byte> Message, string? ReplyTo)> ReadAsync(
        INatsSub<byte[]> subscription, [EnumeratorCancellation] CancellationToken ct)
    {
        var parts = new MessageParts();
        await foreach (var part in subscription.Msgs.ReadAllAsync(ct))
        {
            if (parts.Add(part.Data) is { } message)
            {
                yield return (message, part.ReplyTo);
            }
        }
    }

    private CancellationToken Lost()
    {
        lock (_gate)
        {
            return _isDisposed ? new CancellationToken(canceled: true) : _lost.Token;
        }
    }

    private ValueTask SetAsync(bool up)
    {
        lock (_gate)
        {
            if (IsUp == up || _isDisposed)
            {
                return ValueTask.CompletedTask;
            }

            IsUp = up;
            if (up)
            {
                _lost.Dispose();
                _lost = new CancellationTokenSource();
            }
        }

        if (up)
        {
            Log.Connected(_logger, _settings.Servers);
        }
        else
        {
            Log.Lost(_logger, _settings.Servers);
            _lost.Cancel();
        }

        Changed?.Invoke(up);
        return ValueTask.CompletedTask;
    }

    private sealed class Subscription(INatsSub<byte[]> subscription, Task reading) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await subscription.DisposeAsync();
            await reading;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Information, "Connected to NATS at {Servers}")]
        public static partial void Connected(ILogger logger, string servers);

        [LoggerMessage(51, LogLevel.Warning, "Lost the connection to NATS at {Servers}: this hub serves its own agents only until it is back")]
        public static partial void Lost(ILogger logger, string servers);

        [LoggerMessage(53, LogLevel.Error, "NATS says: {Text}")]
        public static partial void ServerSays(ILogger logger, string text);

        [LoggerMessage(54, LogLevel.Error, "Messages of {Subject} came faster than they are read, and were dropped")]
        public static partial void MessagesDropped(ILogger logger, string subject);

        [LoggerMessage(55, LogLevel.Warning, "A request to {Address} failed: {Reason}")]
        public static partial void RequestFailed(ILogger logger, string address, string reason);

        [LoggerMessage(56, LogLevel.Error, "A request of another hub could not be served")]
        public static partial void RequestNotServed(ILogger logger, Exception exception);
    }
}
