using System.Net;
using System.Net.Sockets;

namespace DockMon.Hub.Agents;

/// <summary>
/// Counts the sockets whose agent has not shown a token yet, in all and of each address. Anybody can open those: what they may cost together is the
/// number times <see cref="FrameBytes"/>.
/// </summary>
internal sealed partial class UnregisteredSockets(TimeProvider time, ILogger<UnregisteredSockets> logger)
{
    /// <summary>Most of them. An agent needs its place for milliseconds: more than that many come at once only after a restart, and they come again.</summary>
    public const int Most = 128;

    /// <summary>Most of one address; not much less, because behind a proxy all agents have one.</summary>
    public const int MostOfAddress = 64;

    /// <summary>Largest first frame. A registration has about two kilobytes.</summary>
    public const int FrameBytes = 64 * 1024;

    /// <summary>How long a socket may be open without a registration. Agents register at once.</summary>
    public static readonly TimeSpan RegisterWait = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _ofAddress = [];
    private readonly LogLimit _refusals = new(time);
    private int _all;

    /// <summary>Takes a place, which is given back by disposing of it; null when there is none.</summary>
    public IDisposable? TryEnter(IPAddress? remote)
    {
        var address = Network(remote ?? IPAddress.None);
        int all, ofAddress;
        lock (_gate)
        {
            (all, ofAddress) = (_all, _ofAddress.GetValueOrDefault(address));
            if (all < Most && ofAddress < MostOfAddress)
            {
                _all = all + 1;
                _ofAddress[address] = ofAddress + 1;
                return new Place(this, address);
            }
        }

        if (_refusals.Happened(out var refused))
        {
            Log.SocketsRefused(logger, refused, address.ToString(), all, Most, ofAddress, MostOfAddress);
        }

        return null;
    }

    /// <summary>Whom an address belongs to: whoever has one of IPv6 has the 2^64 beside it, too.</summary>
    private static IPAddress Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void Leave(IPAddress address)
    {
        lock (_gate)
        {
            _all--;
            if (--_ofAddress[address] == 0)
            {
                _ofAddress.Remove(address);
            }
        }
    }

    private sealed class Place(UnregisteredSockets owner, IPAddress address) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                owner.Leave(address);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5, LogLevel.Warning,
            "Refused {Count} sockets since this was last told, the newest of {Address}: {Waiting} sockets have not registered yet (at most {Most} may), "
            + "{OfAddress} of them of that address (at most {MostOfAddress})")]
        public static partial void SocketsRefused(ILogger logger, int count, string address, int waiting, int most, int ofAddress, int mostOfAddress);
    }
}
