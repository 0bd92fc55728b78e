using System.Threading.Channels;
using DockMon.Hub.Bus.Streams;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Bus;

/// <summary>
/// This hub on the bus: messages to all hubs, each with a number so that a missing one is noticed, and requests to one hub. The hubs of one database
/// are a fleet; others on the same NATS have other subjects.
/// </summary>
internal sealed partial class HubLink(IHubBus bus, HubIdentity self, Database database, ILogger<HubLink> logger) : IAsyncDisposable
{
    /// <summary>Name of the setting that tells the fleets of a NATS apart.</summary>
    public const string FleetSetting = "fleet_id";

    /// <summary>Maximum number of messages to all that wait to be sent.</summary>
    private const int MostMessages = 10_000;

    /// <summary>Maximum size of them.</summary>
    private const long MostBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan FirstConnection = TimeSpan.FromSeconds(5);

    private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(MostMessages);
    private readonly Dictionary<HubMessageKind, Func<HubMessage, Task<byte[]?>>> _served = [];
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly List<IAsyncDisposable> _subscriptions = [];
    private Task _subscribing = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private string _prefix = "";
    private long _number;
    private long _waiting;
    private volatile bool _subscribed;

    /// <summary>Called for each message to all from another hub, one after the other. Must return at once.</summary>
    public event Action<HubMessage>? Received;

    /// <summary>Called when messages to all are missing: what they said has to be found out in another way.</summary>
    public event Action? Missed;

    /// <summary>Called when the bus came up or went down.</summary>
    public event Action<bool>? Changed;

    /// <summary>Whether the other hubs can be reached now.</summary>
    public bool IsUp => !self.IsAlone && _subscribed && bus.IsUp;

    /// <summary>Sets what serves a kind of request; its result is whether that could be done here. Before the start.</summary>
    public void Serve(HubMessageKind kind, Func<HubMessage, Task<bool>> serve) => Answer(kind, async message => await serve(message) ? [] : null);

    /// <summary>Sets what answers a kind of request; null when that cannot be done here. Before the start.</summary>
    public void Answer(HubMessageKind kind, Func<HubMessage, Task<byte[]?>> answer) => _served.Add(kind, answer);

    /// <summary>Connects to the other hubs; waits for that for some seconds only.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        _prefix = "dockmon." + await FleetIdAsync(ct);
        bus.Changed += OnChanged;
        _sending = SendAsync();
        _subscribing = SubscribeAsync();
        if (await Task.WhenAny(_subscribing, Task.Delay(FirstConnection, TimeProvider.System, ct)) != _subscribing)
        {
            ct.ThrowIfCancellationRequested();
            Log.NotThere(logger);
        }
    }

    /// <summary>Queues a message to all. When it cannot be sent, the others notice that its number is missing.</summary>
    public void Broadcast(HubMessage message)
    {
        if (self.IsAlone)
        {
            return;
        }

        lock (_gate)
        {
            var bytes = (message with { Hub = self.Id, Number = ++_number }).Write();
            if (!IsUp || _outgoing.Reader.Completion.IsCompleted)
            {
                return;
            }

            if (Interlocked.Add(ref _waiting, bytes.Length) > MostBytes || !_outgoing.Writer.TryWrite(bytes))
            {
                Interlocked.Add(ref _waiting, -bytes.Length);
                Log.TooSlow(logger, message.Kind.ToString());
            }
        }
    }

    /// <summary>Asks one hub to do something.</summary>
    /// <returns>How that ended, and whether it was done.</returns>
    public async Task<(BusOutcome Outcome, bool Done)> RequestAsync(string hub, HubMessage message, TimeSpan limit, CancellationToken ct)
    {
        var (outcome, answer) = await AskAsync(hub, message, limit, ct);
        return (outcome, answer is not null);
    }

    /// <summary>Asks one hub for something.</summary>
    /// <returns>How that ended, and the answer; null when there is none, or that hub cannot do it.</returns>
    public async Task<(BusOutcome Outcome, ReadOnlyMemory<byte>? Answer)> AskAsync(string hub, HubMessage message, TimeSpan limit, CancellationToken ct)
    {
        if (!IsUp)
        {
            return (BusOutcome.Down, null);
        }

        var reply = await bus.RequestAsync(Address(hub), (message with { Hub = self.Id }).Write(), limit, ct);
        return (reply.Outcome, reply.Message is { Length: > 0 } whole && whole.Span[0] == 1 ? whole[1..] : (ReadOnlyMemory<byte>?)null);
    }

    /// <summary>Tells one hub something, without an answer.</summary>
    public Task TellAsync(string hub, HubMessage message, CancellationToken ct) =>
        bus.PublishAsync(Address(hub), (message with { Hub = self.Id }).Write(), ct);

    /// <summary>The subject of a new stream.</summary>
    public string NewStream() => $"{_prefix}.stream.{Guid.NewGuid():N}";

    /// <summary>Opens one end of a stream.</summary>
    public Task<BusStream> OpenStreamAsync(string subject, bool first, CancellationToken ct) => BusStream.OpenAsync(bus, subject, first, ct);

    /// <summary>Sends what waits, and leaves the bus.</summary>
    public async Task StopAsync()
    {
        _outgoing.Writer.TryComplete();
        await _sending;
        await _stopping.CancelAsync();
        await _subscribing;
        bus.Changed -= OnChanged;
        foreach (var subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }

        _subscriptions.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private string Address(string hub) => $"{_prefix}.hub.{hub}";

    private async Task<string> FleetIdAsync(CancellationToken ct) => (await database.TransactAsync(
        async open =>
        {
            await open.ExecuteAsync(
                $"INSERT INTO settings (name, value) VALUES ('{FleetSetting}', @id) ON CONFLICT (name) DO NOTHING", ("@id", Guid.NewGuid().ToString("N")));
            return await open.QueryAsync($"SELECT value FROM settings WHERE name = '{FleetSetting}'", row => row.GetString(0));
        },
        ct)).Single();

    private async Task SubscribeAsync()
    {
        try
        {
            await bus.StartAsync(_stopping.Token);
            _subscriptions.Add(await bus.SubscribeAsync(_prefix + ".all", Take, _stopping.Token));
            _subscriptions.Add(await bus.ServeAsync(Address(self.Id), ServeAsync, _stopping.Token));
            _subscribed = true;
            OnChanged(bus.IsUp);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The hub stops, and never reached the bus.
        }
    }

    private void OnChanged(bool up)
    {
        if (_subscribed)
        {
            Changed?.Invoke(up);
        }
    }

    private async Task SendAsync()
    {
        await foreach (var message in _outgoing.Reader.ReadAllAsync(CancellationToken.None))
        {
            Interlocked.Add(ref _waiting, -message.Length);
            await bus.PublishAsync(_prefix + ".all", message, CancellationToken.None);
        }
    }

    private void Take(ReadOnlyMemory<byte> bytes)
    {
        if (HubMessage.Read(bytes) is not { } message || message.Hub == self.Id)
        {
            return;
        }

        if (_numbers.TryGetValue(message.Hub, out var last) && message.Number != last + 1)
        {
            Log.MessagesMissing(logger, message.Number - last - 1, message.Hub);
            Missed?.Invoke();
        }

        _numbers[message.Hub] = message.Number;
        if (message.Kind == HubMessageKind.Leaving)
        {
            _numbers.Remove(message.Hub);
        }

        Received?.Invoke(message);
    }

    private async Task<byte[]> ServeAsync(ReadOnlyMemory<byte> bytes) =>
        HubMessage.Read(bytes) is { } message && _served.TryGetValue(message.Kind, out var serve) && await serve(message) is { } answer ? [1, .. answer] : [0];

    private static partial class Log
    {
        [LoggerMessage(57, LogLevel.Warning, "The other hubs cannot be reached yet: this hub serves its own agents only until they can")]
        public static partial void NotThere(ILogger logger);

        [LoggerMessage(58, LogLevel.Error, "A message to the other hubs ({Kind}) was dropped: too many wait to be sent")]
        public static partial void TooSlow(ILogger logger, string kind);

        [LoggerMessage(59, LogLevel.Warning, "{Count} messages of hub {Hub} are missing: the state is read from the database")]
        public static partial void MessagesMissing(ILogger logger, long count, string hub);
    }
}
