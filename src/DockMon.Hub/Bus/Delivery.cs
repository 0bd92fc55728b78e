namespace DockMon.Hub.Bus;

/// <summary>What became of a frame for an agent.</summary>
/// <param name="SessionId">The session it was sent to; null when it is not known whether it was.</param>
/// <param name="MayRepeat">Whether it may be sent again.</param>
/// <param name="Gaps">How often the bus had come up before.</param>
internal sealed record Delivery(string? SessionId, bool MayRepeat, int Gaps);
