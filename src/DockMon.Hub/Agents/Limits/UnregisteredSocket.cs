using System.Net;

namespace DockMon.Hub.Agents.Limits;

/// <summary>The place of a socket that has not registered yet. Disposing it gives the place back.</summary>
internal sealed class UnregisteredSocket(UnregisteredSockets owner, IPAddress address, long since) : IDisposable
{
    private readonly CancellationTokenSource _displaced = new();

    public IPAddress Address => address;

    /// <summary>Timestamp of its beginning.</summary>
    public long Since => since;

    /// <summary>Whether the hub has its registration and works on it. Such a socket is not displaced.</summary>
    public bool IsServed { get; private set; }

    /// <summary>Fires when the place went to a newer socket.</summary>
    public CancellationToken Displaced => _displaced.Token;

    /// <summary>Marks that the hub works on the registration, or that it does not any more.</summary>
    public void Serve(bool served) => IsServed = served;

    public void GiveWay() => _displaced.Cancel();

    // The source has no timer and no handle: nothing to dispose of, and whoever displaces it may do so at this moment.
    public void Dispose() => owner.Leave(this);
}
