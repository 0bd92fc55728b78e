using System.Collections.Concurrent;

namespace DockMon.Hub.Bus;

/// <summary>The bus of hubs in one process: of the only hub, which sends nothing, or of several in a test.</summary>
internal sealed class InProcessBus : IHubBus
{
    private readonly ConcurrentDictionary<string, Func<ReadOnlyMemory<byte>, Task<byte[]>>> _served = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Subject, Guid Id), Action<ReadOnlyMemory<byte>>> _subscribers = new();

    public event Action<bool>? Changed;

    public bool IsUp { get; private set; } = true;

    /// <summary>Takes the bus down, or up again.</summary>
    public void Set(bool up)
    {
        IsUp = up;
        Changed?.Invoke(up);
    }

    public Task StartAsync(CancellationToken ct) => Task.CompletedTask;

    public Task<IAsyncDisposable> ServeAsync(string address, Func<ReadOnlyMemory<byte>, Task<byte[]>> answer, CancellationToken ct)
    {
        _served[address] = answer;
        return Task.FromResult<IAsyncDisposable>(new Registration(() => _served.TryRemove(address, out _)));
    }

    public async Task<BusReply> RequestAsync(string address, ReadOnlyMemory<byte> request, TimeSpan limit, CancellationToken ct)
    {
        var reply = !IsUp ? new BusReply(BusOutcome.Down)
            : _served.TryGetValue(address, out var answer) ? new BusReply(BusOutcome.Answered, await answer(request))
            : new BusReply(BusOutcome.NoResponders);

        // Who does not wait any more does not know what the answer was, as with a bus that takes time.
        ct.ThrowIfCancellationRequested();
        return reply;
    }

    public Task<IAsyncDisposable> SubscribeAsync(string subject, Action<ReadOnlyMemory<byte>> take, CancellationToken ct)
    {
        var key = (subject, Guid.NewGuid());
        _subscribers[key] = take;
        return Task.FromResult<IAsyncDisposable>(new Registration(() => _subscribers.TryRemove(key, out _)));
    }

    public async Task<bool> PublishAsync(string subject, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (!IsUp)
        {
            return false;
        }

        foreach (var (_, take) in _subscribers.Where(subscriber => subscriber.Key.Subject == subject))
        {
            take(message);
        }

        if (_served.TryGetValue(subject, out var answer))
        {
            await answer(message);
        }

        return true;
    }

    private sealed class Registration(Action remove) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            remove();
            return ValueTask.CompletedTask;
        }
    }
}
