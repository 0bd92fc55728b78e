using System.Net;

namespace DockMon.Hub.Agents.Limits;

/// <summary>
/// Limits the sockets that have not registered yet, in total and per address. Anybody can open one: together they use at most
/// <see cref="Most"/> times <see cref="FrameBytes"/> of memory. Where there is no place, the oldest socket that says nothing gives way, of the address
/// with the most: so sockets that are only held open keep nobody out, also behind a proxy, where all agents share one address.
/// </summary>
internal sealed partial class UnregisteredSockets(TimeProvider time, ILogger<UnregisteredSockets> logger)
{
    /// <summary>Maximum in total. Registration takes milliseconds; agents that are refused after a restart of the hub try again.</summary>
    public const int Most = 512;

    /// <summary>Maximum per address.</summary>
    public const int MostOfAddress = 256;

    /// <summary>Maximum size of the register frame. A usual one has about two kilobytes.</summary>
    public const int FrameBytes = 64 * 1024;

    /// <summary>Timeout of the registration.</summary>
    public static readonly TimeSpan RegisterWait = TimeSpan.FromSeconds(5);

    /// <summary>How long a socket keeps its place in any case. An agent registers as soon as it is connected: one round trip of the slowest link.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Maximum number of requests that wait for a place.</summary>
    public const int MostWaiting = 16_384;

    /// <summary>How long a request waits for a place.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private readonly Dictionary<IPAddress, LinkedList<UnregisteredSocket>> _places = [];
    private readonly LogLimit _refusals = new(time);
    private readonly LogLimit _displacements = new(time);
    private int _all;

    /// <summary>Takes a place, released by disposing it. Where there is none it waits a little: thousands of agents may come back at once.</summary>
    /// <returns>Null when nobody gave way in time.</returns>
    public async Task<UnregisteredSocket?> EnterAsync(IPAddress? remote, CancellationToken ct)
    {
        var address = ClientNetwork.Of(remote);
        var started = time.GetTimestamp();
        while (true)
        {
            if (TryEnter(address) is { } entered)
            {
                return entered;
            }

            var left = LongestWait - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || Queue() is not { } turn)
            {
                Refused(address);
                return null;
            }

            try
            {
                // Now and then it looks whether somebody has been silent for long enough by now.
                await turn.Task.WaitAsync(left < Grace ? left : Grace, time, ct);
            }
            catch (TimeoutException)
            {
                // It looks again.
            }
            finally
            {
                lock (_gate)
                {
                    _waiting.Remove(turn);
                }
            }
        }
    }

    /// <summary>Takes a place at once; null when none is free and nobody gives way.</summary>
    public UnregisteredSocket? TryEnter(IPAddress? remote)
    {
        var address = ClientNetwork.Of(remote);
        UnregisteredSocket? displaced = null;
        UnregisteredSocket entered;
        int all, ofAddress;
        lock (_gate)
        {
            (all, ofAddress) = (_all, _places.TryGetValue(address, out var own) ? own.Count : 0);
            if (ofAddress >= MostOfAddress || all >= Most)
            {
                displaced = ofAddress >= MostOfAddress ? Silent(own!) : Silent();
                if (displaced is null)
                {
                    return null;
                }

                Remove(displaced);
            }

            entered = new UnregisteredSocket(this, address, time.GetTimestamp());
            Add(entered);
        }

        if (displaced is not null)
        {
            displaced.GiveWay();
            if (_displacements.Happened(out var count))
            {
                Log.SocketsDisplaced(logger, count, displaced.Address.ToString(), all, Most, ofAddress, MostOfAddress);
            }
        }

        return entered;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(UnregisteredSocket socket)
    {
        lock (_gate)
        {
            if (Remove(socket) && _waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                next.Value.SetResult();
            }
        }
    }

    /// <summary>Queues for a place; null when too many wait.</summary>
    private TaskCompletionSource? Queue()
    {
        lock (_gate)
        {
            return _waiting.Count < MostWaiting
                ? _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Value : null;
        }
    }

    private void Refused(IPAddress address)
    {
        if (!_refusals.Happened(out var refused))
        {
            return;
        }

        int all, ofAddress;
        lock (_gate)
        {
            (all, ofAddress) = (_all, _places.TryGetValue(address, out var own) ? own.Count : 0);
        }

        Log.SocketsRefused(logger, refused, address.ToString(), all, Most, ofAddress, MostOfAddress);
    }

    private void Add(UnregisteredSocket socket)
    {
        if (!_places.TryGetValue(socket.Address, out var places))
        {
            _places[socket.Address] = places = [];
        }

        places.AddLast(socket);
        _all++;
    }

    /// <returns>False for one that gave way before.</returns>
    private bool Remove(UnregisteredSocket socket)
    {
        if (!_places.TryGetValue(socket.Address, out var places) || !places.Remove(socket))
        {
            return false;
        }

        _all--;
        if (places.Count == 0)
        {
            _places.Remove(socket.Address);
        }

        return true;
    }

    /// <summary>The socket to give way, of the address with the most.</summary>
    private UnregisteredSocket? Silent() =>
        _places.Values.OrderByDescending(places => places.Count).Select(Silent).FirstOrDefault(socket => socket is not null);

    private UnregisteredSocket? Silent(LinkedList<UnregisteredSocket> places) =>
        places.FirstOrDefault(socket => !socket.IsServed) is { } oldest && time.GetElapsedTime(oldest.Since) >= Grace ? oldest : null;

    private static partial class Log
    {
        [LoggerMessage(5, LogLevel.Warning,
            "Refused {Count} sockets since the last such message, the newest of {Address}: {Waiting} sockets have not registered yet (limit {Most}), "
            + "{OfAddress} of them of that address (limit {MostOfAddress})")]
        public static partial void SocketsRefused(ILogger logger, int count, string address, int waiting, int most, int ofAddress, int mostOfAddress);

        [LoggerMessage(31, LogLevel.Warning,
            "Closed {Count} sockets since the last such message that had not registered, to make room for newer ones, the newest of {Address}: "
            + "{Waiting} sockets have not registered yet (limit {Most}), {OfAddress} of them of the newcomer's address (limit {MostOfAddress})")]
        public static partial void SocketsDisplaced(ILogger logger, int count, string address, int waiting, int most, int ofAddress, int mostOfAddress);
    }
}
