using System.Text.Json;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Audit.Chain;

/// <summary>
/// The last record, in a file of its own beside the audit: what is cut off from the end of the audit is missed. It is written after each record over
/// what was there, in one block of the disk, and not flushed.
/// </summary>
/// <param name="Sequence">The number of the last record.</param>
/// <param name="Hash">The SHA-256 of its line.</param>
/// <param name="Open">How much was begun and had not ended.</param>
/// <param name="Boot">The start of the machine that it was written in.</param>
internal sealed record AuditHead(long Sequence, string Hash, int Open = 0, string? Boot = null)
{
    public const string FileName = "head.json";

    private const int Bytes = 512;

    /// <summary>Reads it; null when there is none.</summary>
    /// <exception cref="IOException">There is one that cannot be read, or that is none.</exception>
    public static AuditHead? Read(string folder)
    {
        try
        {
            using var file = SafePath.OpenFileIn(folder, FileName);
            var buffer = new byte[Bytes];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            var head = JsonSerializer.Deserialize(buffer.AsSpan(0, length), AuditJson.Default.AuditHead);
            return head is { Sequence: > 0 } && Digest.TryParse(head.Hash, out _) ? head : throw new IOException("it names no record");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new IOException("it is no JSON", e);
        }
    }

    public void Write(string folder)
    {
        Span<byte> buffer = stackalloc byte[Bytes];
        buffer.Fill((byte)' ');
        buffer[^1] = (byte)'\n';
        JsonSerializer.SerializeToUtf8Bytes(this, AuditJson.Default.AuditHead).CopyTo(buffer);
        using var file = AuditFile.Open(folder, FileName);
        RandomAccess.Write(file, buffer, 0);
    }
}
