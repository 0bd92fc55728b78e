namespace DockMon.Protocol;

/// <summary>The limits both sides of the protocol keep, in bytes, characters or time as each says.</summary>
public static class ProtocolLimits
{
    /// <summary>Path of the control socket below the server's URL.</summary>
    public const string ControlPath = "api/agent/ws";

    /// <summary>Path of the stats socket below the server's URL.</summary>
    public const string StatsPath = "api/stats/ws/ingest";

    /// <summary>Version of the protocol, sent as <c>proto_version</c>.</summary>
    public const string ProtocolVersion = "1.1";

    /// <summary>Largest frame, in bytes, a server reads on the control socket. A larger one makes it drop the connection.</summary>
    public const int ControlFrameBytes = 16 * 1024 * 1024;

    /// <summary>Largest frame, in bytes, a server reads on the stats socket.</summary>
    public const int StatsFrameBytes = 16 * 1024;

    /// <summary>How deep JSON may nest, in either direction. Deeper text is refused, never recursed into.</summary>
    public const int JsonDepth = 64;

    /// <summary>How often an agent sends a WebSocket ping.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may be silent, pongs included, before it counts as dead.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(40);

    /// <summary>How long a server waits for the register frame before it closes with 1008.</summary>
    public static readonly TimeSpan RegisterWait = TimeSpan.FromSeconds(30);

    /// <summary>How long an agent waits for the answer to its register frame.</summary>
    public static readonly TimeSpan AuthWait = TimeSpan.FromSeconds(10);
}
