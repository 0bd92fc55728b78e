using System.Globalization;
using DockMon.Agent.Storage;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Audit.Chain;

/// <summary>How a file of the audit ends.</summary>
/// <param name="Sequence">The number of the last record; 0 when there is none, or none is found near the end.</param>
/// <param name="Hash">The SHA-256 of its line.</param>
/// <param name="Torn">The SHA-256 of what follows it without a line's end: a record that a power cut or a full disk broke off; null for nothing.</param>
/// <param name="NeedsNewLine">Whether the next record has to begin with the end of a line.</param>
/// <param name="IsOdd">Whether there is something else after the last record.</param>
internal readonly record struct AuditTail(long Sequence, string Hash, string? Torn, bool NeedsNewLine, bool IsOdd)
{
    /// <summary>How the files of a directory end, the last record's own place in the chain included.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditTail ReadIn(string folder)
    {
        for (var age = 0; age <= 1; age++)
        {
            try
            {
                using var file = SafePath.OpenFileIn(folder, AuditFile.NameOf(age));
                if (file.Length > 0)
                {
                    return Read(file.SafeFileHandle, file.Length);
                }
            }
            catch (FileNotFoundException)
            {
                // It was made into a predecessor just now, or there is none yet.
            }
        }

        return new(0, AuditRecord.NoPrevious, null, NeedsNewLine: false, IsOdd: false);
    }

    /// <summary>In what the files end otherwise than their head file says; null if they end as they should.</summary>
    /// <param name="head">What the head file said before; null for none.</param>
    public string? Differs(AuditHead? head) => this switch
    {
        { IsOdd: true } => "something that is no record follows the last one",
        _ when head is null => Sequence > 0 ? "there is no head file" : null,
        _ when Sequence < head.Sequence => string.Create(
            CultureInfo.InvariantCulture, $"the head file names record {head.Sequence}, and the last in the files is {Sequence}"),
        _ when Sequence == head.Sequence && Hash != head.Hash => string.Create(
            CultureInfo.InvariantCulture, $"record {Sequence} is another one than the head file names"),
        _ => null,
    };

    /// <summary>Reads the end of a file.</summary>
    public static AuditTail Read(SafeFileHandle file, long length)
    {
        var buffer = new byte[Math.Min(length, 2 * AuditRecord.MaxBytes)];
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, ReadAll(file, buffer, length - buffer.Length));
        var tail = new AuditTail(0, AuditRecord.NoPrevious, null, NeedsNewLine: rest is [.., not (byte)'\n'], IsOdd: false);
        if (tail.NeedsNewLine)
        {
            var last = rest[(rest.LastIndexOf((byte)'\n') + 1)..];
            if (AuditRecord.Read(last) is { } whole)
            {
                return tail with { Sequence = whole.Sequence, Hash = Digest.Of(last).ToString() }; // Only the end of its line is missing.
            }

            tail = tail with { Torn = Digest.Of(last).ToString() };
            rest = rest[..^last.Length];
        }

        while (!rest.IsEmpty)
        {
            rest = rest[..^1];
            var line = rest[(rest.LastIndexOf((byte)'\n') + 1)..];
            if (AuditRecord.Read(line) is { } record)
            {
                return tail with { Sequence = record.Sequence, Hash = Digest.Of(line).ToString() };
            }

            tail = tail with { IsOdd = tail.IsOdd || !line.IsEmpty };
            rest = rest[..^line.Length];
        }

        return tail;
    }

    private static int ReadAll(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var read = 0;
        while (read < buffer.Length && RandomAccess.Read(file, buffer[read..], offset + read) is var count and > 0)
        {
            read += count;
        }

        return read;
    }
}
