using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>Whether the server is connected: <see cref="ServerLink"/> writes it, and whatever depends on a connection reads it.</summary>
internal sealed class ConnectionState
{
    private volatile AuthSuccess? _current;
    private volatile string? _lastFailure;

    /// <summary>Raised after each registration with what the server said.</summary>
    public event Action<AuthSuccess>? Connected;

    /// <summary>Raised after the end of each connection that had registered.</summary>
    public event Action? Disconnected;

    /// <summary>Whether a registered connection is there now.</summary>
    public bool IsConnected => _current is not null;

    /// <summary>Whether the server that is connected now uses an extension: one of <see cref="ExtensionNames"/>.</summary>
    public bool Uses(string extension) => _current?.Uses(extension) == true;

    /// <summary>Why the last try to connect failed or the last connection ended; null when there was neither.</summary>
    public string? LastFailure => _lastFailure;

    /// <summary>A connection has registered.</summary>
    public void SetConnected(AuthSuccess auth)
    {
        _current = auth;
        Connected?.Invoke(auth);
    }

    /// <summary>The connection has ended; nothing happens when there was none.</summary>
    public void SetDisconnected()
    {
        if (_current is not null)
        {
            _current = null;
            Disconnected?.Invoke();
        }
    }

    /// <summary>A try to connect has failed, or the connection has ended.</summary>
    public void SetFailure(string reason) => _lastFailure = reason;
}
