using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>Who the host is, as the server is told.</summary>
internal sealed record HostDescription
{
    /// <summary>The engine's id, by which the server knows the host.</summary>
    public required string EngineId { get; init; }

    public required string Hostname { get; init; }

    /// <summary>One of <see cref="HostnameSources"/>.</summary>
    public required string HostnameSource { get; init; }

    /// <summary>Why what the agent sees of a machine is not of this host; null when it is.</summary>
    public string? Elsewhere { get; init; }

    /// <summary>The rest; what cannot be told is null.</summary>
    public required SystemInformation System { get; init; }
}
