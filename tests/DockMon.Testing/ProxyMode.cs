namespace DockMon.Testing;

/// <summary>What a <see cref="FaultProxy"/> does.</summary>
public enum ProxyMode
{
    /// <summary>Passes bytes on, both ways.</summary>
    Relay,

    /// <summary>
    /// Keeps connections open and takes new ones, but passes nothing on: a link that is dead and
    /// does not say so. What it holds goes on with <see cref="Relay"/>.
    /// </summary>
    Paused,

    /// <summary>Resets every new connection as soon as it is accepted.</summary>
    Refuse,
}
