namespace DockMon.Engine;

/// <summary>Something the engine sent that was larger than there is room for, or could not be read: it cost itself, and nothing else.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Length">Bytes of the document.</param>
/// <param name="Problem">What was done about it, for people.</param>
public sealed record EngineExcess(string Request, long Length, string Problem);
