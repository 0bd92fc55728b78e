using System.Net;
using System.Net.Sockets;

namespace DockMon.Hub.Agents;

/// <summary>
/// Limits the sockets that have not registered yet, in total and per address. Anybody can open one: together they use at most
/// <see cref="Most"/> times <see cref="FrameBytes"/> of memory.
/// </summary>
internal sealed partial class UnregisteredSockets(TimeProvider time, ILogger<UnregisteredSockets> logger)
{
    /// <summary>Maximum in total. Registration takes milliseconds; agents that are refused after a restart of the hub try again.</summary>
    public const int Most = 128;

    /// <summary>Maximum per address. Behind a proxy all agents share one address.</summary>
    public const int MostOfAddress = 64;

    /// <summary>Maximum size of the register frame. A usual one has about two kilobytes.</summary>
    public const int FrameBytes = 64 * 1024;

    /// <summary>Timeout of the registration.</summary>
    public static readonly TimeSpan RegisterWait = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _ofAddress = [];
    private readonly LogLimit _refusals = new(time);
    private int _all;

    /// <summary>Takes a place, released by disposing it; null when none is free.</summary>
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

    /// <summary>The network of an address: an IPv6 client usually owns a whole /64.</summary>
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
            "Refused {Count} sockets since the last such message, the newest of {Address}: {Waiting} sockets have not registered yet (limit {Most}), "
            + "{OfAddress} of them of that address (limit {MostOfAddress})")]
        public static partial void SocketsRefused(ILogger logger, int count, string address, int waiting, int most, int ofAddress, int mostOfAddress);
    }
}
