using DockMon.Agent.Storage;
using DockMon.Engine;

namespace DockMon.Agent.Audit.Chain;

/// <summary>A line of the audit.</summary>
/// <param name="File">The name of its file.</param>
/// <param name="Number">Its number in that file, from 1.</param>
/// <param name="Bytes">The line without its end; empty for one that is longer than any record.</param>
/// <param name="IsEnded">Whether it has an end.</param>
internal readonly record struct AuditLine(string File, int Number, ReadOnlyMemory<byte> Bytes, bool IsEnded);

/// <summary>Reads the files of the audit from the oldest record to the newest.</summary>
internal static class AuditReader
{
    private const int BufferBytes = 2 * AuditRecord.MaxBytes;

    /// <summary>Most begins without an end that are taken care of at once; the next start takes care of others.</summary>
    private const int MaxUnended = 1000;

    // More than the largest AUDIT_MAX_BYTES: nobody but the agent should have made it, and it does not make that.
    private const long MaxFileBytes = 256L * 1024 * 1024;

    /// <summary>Where the audit of a data directory is.</summary>
    public static string FolderIn(string dataPath) => Path.Combine(dataPath, "audit");

    /// <summary>How old the oldest file is that is there; -1 when there is none.</summary>
    public static int OldestAge(string folder)
    {
        for (var age = AuditFile.Kept; age >= 0; age--)
        {
            if (FileStatus.Read(Path.Combine(folder, AuditFile.NameOf(age)), followLink: false) is not null)
            {
                return age;
            }
        }

        return -1;
    }

    /// <summary>All lines; empty ones are passed over. The bytes of a line are good until the next one is asked for.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IEnumerable<AuditLine> Lines(string folder)
    {
        for (var age = AuditFile.Kept; age >= 0; age--)
        {
            foreach (var line in LinesOf(folder, AuditFile.NameOf(age)))
            {
                yield return line;
            }
        }
    }

    /// <summary>The begins that have no end.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IReadOnlyList<AuditRecord> Unended(string folder)
    {
        var begun = new SortedDictionary<long, AuditRecord>();
        foreach (var line in Lines(folder))
        {
            var record = AuditRecord.Read(line.Bytes.Span);
            if (record is { Phase: AuditPhase.Begin })
            {
                begun[record.Sequence] = record;
            }
            else if (record is { Phase: AuditPhase.End or AuditPhase.Refused, Begin: { } begin })
            {
                begun.Remove(begin);
            }
        }

        return [.. begun.Values.TakeLast(MaxUnended)];
    }

    private static IEnumerable<AuditLine> LinesOf(string folder, string name)
    {
        FileStream opened;
        try
        {
            opened = SafePath.OpenFileIn(folder, name);
        }
        catch (FileNotFoundException)
        {
            yield break;
        }

        using var file = opened;
        if (file.Length > MaxFileBytes)
        {
            throw new IOException($"{name} has {file.Length} bytes, more than the agent writes into one file");
        }

        var buffer = new byte[BufferBytes];
        var (start, end, number, isSkipped) = (0, 0, 0, false);
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                number++;
                if (length > 0 || isSkipped)
                {
                    yield return Line(buffer, start, length, isEnded: true);
                }

                (start, isSkipped) = (start + length + 1, false);
                continue;
            }

            if (end - start > AuditRecord.MaxBytes)
            {
                (start, end, isSkipped) = (0, 0, true); // The rest of the line is read, and not kept.
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            var read = file.Read(buffer, end, buffer.Length - end);
            if (read == 0)
            {
                break;
            }

            end += read;
        }

        if (end > start || isSkipped)
        {
            number++;
            yield return Line(buffer, start, end - start, isEnded: false);
        }

        AuditLine Line(byte[] from, int offset, int count, bool isEnded) =>
            new(name, number, isSkipped ? ReadOnlyMemory<byte>.Empty : from.AsMemory(offset, count), isEnded);
    }
}
