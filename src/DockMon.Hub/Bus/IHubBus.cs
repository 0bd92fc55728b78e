namespace DockMon.Hub.Bus;

/// <summary>
/// What moves between the hubs of a fleet: requests to an address that one hub serves, and messages to all who subscribed. A message may have up to
/// <see cref="MessageParts.MaxBytes"/>. Nothing is stored: who is not there misses it.
/// </summary>
internal interface IHubBus
{
    /// <summary>Whether messages can be sent now.</summary>
    bool IsUp { get; }

    /// <summary>Called after each change of <see cref="IsUp"/>. Must return at once.</summary>
    event Action<bool>? Changed;

    /// <summary>Connects; tries until that succeeded or <paramref name="ct"/> fires.</summary>
    Task StartAsync(CancellationToken ct);

    /// <summary>Answers requests to an address, several at once, until the result is disposed.</summary>
    Task<IAsyncDisposable> ServeAsync(string address, Func<ReadOnlyMemory<byte>, Task<byte[]>> answer, CancellationToken ct);

    /// <summary>Sends a request, once.</summary>
    Task<BusReply> RequestAsync(string address, ReadOnlyMemory<byte> request, TimeSpan limit, CancellationToken ct);

    /// <summary>Takes messages of a subject, one after the other and in the order in which each hub sent them, until the result is disposed.</summary>
    Task<IAsyncDisposable> SubscribeAsync(string subject, Action<ReadOnlyMemory<byte>> take, CancellationToken ct);

    /// <summary>Sends a message to all subscribers, and to who serves the subject as an address, at most once each.</summary>
    /// <returns>False when the bus is down.</returns>
    Task<bool> PublishAsync(string subject, ReadOnlyMemory<byte> message, CancellationToken ct);
}

/// <summary>How a request ended.</summary>
internal enum BusOutcome
{
    /// <summary>Answered.</summary>
    Answered,

    /// <summary>Nobody serves the address: nobody got the request.</summary>
    NoResponders,

    /// <summary>No answer came: whether the request was served is not known.</summary>
    Unknown,

    /// <summary>The bus is down: the request was not sent.</summary>
    Down,
}

/// <summary>The end of a request.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Message">The answer, if there is one.</param>
internal readonly record struct BusReply(BusOutcome Outcome, ReadOnlyMemory<byte> Message = default);
