using DockMon.Agent.Linux;
using DockMon.Agent.Storage;
using DockMon.Protocol;

namespace DockMon.Agent.Audit.Chain;

/// <summary>
/// The chain of records: numbers them, has each name the hash of the one before, and goes on where the file ended, also when that is not where it should
/// have ended. For one caller at a time.
/// </summary>
/// <param name="folder">The directory of the file; null for no file, where the chain is only in the log.</param>
/// <param name="maxBytes">Most bytes of one file.</param>
/// <param name="server">The server as each record names it.</param>
/// <param name="time">The clock.</param>
internal sealed class AuditTrail(string? folder, long maxBytes, string server, TimeProvider time) : IDisposable
{
    private const int MaxNotes = 16;

    private readonly AuditFile? _file = folder is null ? null : new(folder, maxBytes);
    private readonly string? _boot = Machine.Current.BootId;
    private readonly Queue<string> _notes = new();
    private AuditTail _end = new(0, AuditRecord.NoPrevious, null, NeedsNewLine: false, IsOdd: false);
    private bool _isStarted;
    private bool _mayHaveUnended;

    /// <summary>Why the last record is not in the head file; null when it is.</summary>
    public string? HeadProblem { get; private set; }

    /// <summary>Called after each record, the trail's own included, with the record and the hash of its line.</summary>
    public Action<AuditRecord, string>? Written { get; set; }

    /// <summary>Appends a record.</summary>
    /// <param name="record">The record, without its number and its place in the chain.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="open">How much is begun and not ended, this record included.</param>
    /// <returns>The record as it stands in the file.</returns>
    /// <exception cref="IOException">It cannot be written. The chain goes on with the next record that can.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public AuditRecord Append(AuditRecord record, DateTimeOffset at, int open)
    {
        EnsureOpen();
        while (_notes.TryPeek(out var note))
        {
            Write(new AuditEntry(AuditAction.Audit).ToRecord(AuditPhase.Noted, note), time.GetUtcNow(), open);
            _notes.Dequeue();
        }

        return Write(record, at, open);
    }

    /// <summary>Opens the file, so that it is known what an earlier run left.</summary>
    public void EnsureOpen()
    {
        if (_file is not null && !_file.IsIntact())
        {
            Continue(_file.Open());
        }
    }

    /// <summary>The begins that have no end. All files are read for it, but not where the last run of the agent left none.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IReadOnlyList<AuditRecord> FindUnended() => _mayHaveUnended ? AuditReader.Unended(folder!) : [];

    /// <summary>Why a record could not be written, and what to do about it.</summary>
    public string Explain(Exception e) => folder is null ? e.Message : $"{folder}: {StorageAdvice.Describe(e, folder)}";

    public void Dispose() => _file?.Dispose();

    private AuditRecord Write(AuditRecord record, DateTimeOffset at, int open)
    {
        record = record with
        {
            Time = Rfc3339.Format(at), Sequence = _end.Sequence + 1, Server = server, Torn = _end.Torn, Previous = _end.Hash,
        };
        var line = record.ToLine();
        _file?.Append(_end.NeedsNewLine ? [(byte)'\n', .. line, (byte)'\n'] : [.. line, (byte)'\n']);
        _end = new(record.Sequence, Digest.Of(line).ToString(), Torn: null, NeedsNewLine: false, IsOdd: false);
        WriteHead(open);
        Written?.Invoke(record, _end.Hash);
        return record;
    }

    private void WriteHead(int open)
    {
        try
        {
            if (folder is not null)
            {
                new AuditHead(_end.Sequence, _end.Hash, open, _boot).Write(folder);
            }

            HeadProblem = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HeadProblem = e.Message; // The record is in its file all the same.
        }
    }

    /// <summary>Goes on from the end of the file, or from what is known of a later one that is not there any more.</summary>
    private void Continue(AuditTail found)
    {
        var (known, why) = _isStarted ? (new AuditHead(_end.Sequence, _end.Hash), "") : ReadHead();
        _mayHaveUnended = !_isStarted && (known is null ? found.Sequence > 0 : known.Open > 0 || known.Hash != found.Hash);
        if (found.Torn is not null)
        {
            Note("the record before this one was not written to its end, and is left as it is: a power cut or a full disk");
        }

        if (found.IsOdd)
        {
            Note("something that is no record stands at the end of the file");
        }

        if (Differs(found, known, why) is { } difference)
        {
            Note(difference);
        }

        var isBehind = known is not null && found.Sequence <= known.Sequence;
        _end = found with { Sequence = isBehind ? known!.Sequence : found.Sequence, Hash = isBehind ? known!.Hash : found.Hash };
        _isStarted = true;
    }

    private void Note(string text)
    {
        // An opening that has to be tried again finds the same again.
        if (_notes.Count < MaxNotes && !_notes.Contains(text))
        {
            _notes.Enqueue(text);
        }
    }

    private string? Differs(AuditTail found, AuditHead? known, string why)
    {
        if (known is null)
        {
            return why.Length > 0 ? $"the head file cannot be used ({why}), so nobody knows whether records are missing before this one"
                : found.Sequence > 0 ? "there is no head file, so nobody knows whether records are missing before this one"
                : null;
        }

        var last = $"the last known record is {known.Sequence} with hash {known.Hash}";
        var reboot = known.Boot is not null && known.Boot != _boot ? "; the machine was started again since: a power cut may have taken them" : "";
        return found.Sequence switch
        {
            0 => $"the file was deleted or emptied: {last}{reboot}",
            _ when found.Sequence < known.Sequence => $"the file ends with record {found.Sequence}, others after it are missing: {last}{reboot}",
            _ when found.Sequence == known.Sequence && found.Hash != known.Hash => $"the last record in the file is not the one that was written: {last}",
            _ when found.Sequence > known.Sequence && _isStarted => $"somebody else has written to the file: {last}, and the file ends with {found.Sequence}",
            _ => null,
        };
    }

    private (AuditHead? Head, string Why) ReadHead()
    {
        try
        {
            return (AuditHead.Read(folder!), "");
        }
        catch (IOException e)
        {
            return (null, e.Message);
        }
    }
}
