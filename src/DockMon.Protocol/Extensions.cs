namespace DockMon.Protocol;

/// <summary>
/// Names of the extensions of this project. An agent announces them as capabilities, whose names are open, and a server names those that it wants in
/// <see cref="AuthSuccess.Extensions"/>. DockMon servers know none and ask for none; nothing on the wire differs for them.
/// </summary>
public static class ExtensionNames
{
    /// <summary>A request that comes twice is carried out once, and answered with the first answer.</summary>
    public const string CommandIds = "command_ids";

    /// <summary><see cref="HostStats.Extended"/>. A server may also ask for it with <see cref="AuthSuccess.ExtendedHostStats"/>.</summary>
    public const string ExtendedHostStats = "extended_host_stats";

    /// <summary>Logs that are followed: <see cref="LogStreamRequest"/>.</summary>
    public const string LogStream = "log_stream";

    /// <summary>Whether registries have newer images: <see cref="ImageCheckRequest"/>.</summary>
    public const string ImageCheck = "image_check";

    /// <summary>What the policy of the host allows: <see cref="PolicyStatement"/>.</summary>
    public const string Policy = "policy";

    /// <summary>The minutes of a time without a connection: <see cref="Protocol.StatsBackfill"/>.</summary>
    public const string StatsBackfill = "stats_backfill";
}
