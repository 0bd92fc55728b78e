namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>A program that has come and is not known to be one yet.</summary>
/// <param name="Sha256">Checksum of the file, hexadecimal.</param>
/// <param name="Signature">What came with it as its signature; null when none came, or none was asked for.</param>
internal sealed record FetchedProgram(string Sha256, byte[]? Signature);
