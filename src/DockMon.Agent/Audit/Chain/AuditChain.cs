using System.Globalization;
using DockMon.Engine;

namespace DockMon.Agent.Audit.Chain;

/// <summary>
/// The chain of the records in the files. It is followed from its end to its beginning: what a record names was not changed after that record was written.
/// </summary>
internal sealed class AuditChain
{
    /// <summary>Most problems that are told.</summary>
    public const int MaxProblems = 100;

    /// <summary>What is told where there is neither a record nor a head file.</summary>
    public const string NoRecords = "there are no records: AUDIT_MAX_BYTES=0 has no file written, and DATA_PATH says where they are";

    private const int MaxTries = 3;

    private readonly List<Link> _links = [];
    private readonly Dictionary<Digest, int> _byHash = [];
    private readonly List<AuditProblem> _problems = [];
    private readonly List<string> _notes = [];
    private readonly int _oldest;
    private bool[] _proven = [];

    private AuditChain(int oldest) => _oldest = oldest;

    /// <summary>Proves the chain of a directory's files, or finds where it is broken.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditVerdict Verify(string folder)
    {
        for (var tries = 0; ; tries++)
        {
            // An agent that runs may have begun a new file meanwhile.
            var before = CurrentFile(folder);
            var verdict = VerifyOnce(folder);
            if (verdict.Ok || tries == MaxTries || CurrentFile(folder) == before)
            {
                return verdict;
            }
        }
    }

    private static ulong? CurrentFile(string folder) => FileStatus.Read(Path.Combine(folder, AuditFile.NameOf(0)), followLink: false)?.Inode;

    private static AuditVerdict VerifyOnce(string folder)
    {
        // Before the files: an agent that runs goes on writing them.
        var (head, headProblem) = ReadHead(folder);
        var chain = new AuditChain(AuditReader.OldestAge(folder));
        chain.Load(folder, head);
        if (chain._links.Count == 0)
        {
            chain.Report(null, head is null ? NoRecords : $"all records are missing, up to {head.Sequence}, which the head file names");
        }
        else
        {
            chain._proven = new bool[chain._links.Count];
            chain.Follow(chain.FindEnd(head, headProblem));
            chain.ReportUnproven();
        }

        return chain.ToVerdict();
    }

    private static (AuditHead? Head, string? Problem) ReadHead(string folder)
    {
        try
        {
            var head = AuditHead.Read(folder);
            return (head, head is null ? "there is no head file" : null);
        }
        catch (IOException e)
        {
            return (null, $"the head file cannot be used: {e.Message}");
        }
    }

    private void Load(string folder, AuditHead? head)
    {
        (AuditLine Line, Digest Hash)? odd = null;
        var isUnderWay = false;
        foreach (var line in AuditReader.Lines(folder))
        {
            var hash = Digest.Of(line.Bytes.Span);
            if (AuditRecord.Read(line.Bytes.Span) is not { } record)
            {
                ReportOdd(odd);
                odd = (line with { Bytes = default }, hash);
                isUnderWay = IsUnderWay(line, head);
                continue;
            }

            if (odd is { } torn && record.Torn == torn.Hash.ToString())
            {
                _notes.Add($"{torn.Line.File} line {torn.Line.Number} was not written to its end; the record after it says so");
                odd = null;
            }

            ReportOdd(odd);
            odd = null;
            _ = Digest.TryParse(record.Previous, out var previous);
            _links.Add(new Link(line.File, line.Number, record.Sequence, previous, hash));
            _byHash.TryAdd(hash, _links.Count - 1);
        }

        if (odd is { Line: var last } && isUnderWay)
        {
            _notes.Add($"{last.File} line {last.Number}, the last one, is not written to its end (yet)");
            return;
        }

        ReportOdd(odd);
    }

    // The agent writes it just now, or a power cut kept it from that.
    private bool IsUnderWay(AuditLine line, AuditHead? head)
    {
        var last = _links.Count > 0 ? _links[^1].Sequence : 0;
        return !line.IsEnded
            && line.File == AuditFile.NameOf(0)
            && (AuditRecord.CanBegin(line.Bytes.Span, last + 1) || AuditRecord.CanBegin(line.Bytes.Span, Math.Max(last, head?.Sequence ?? 0) + 1));
    }

    private void ReportOdd((AuditLine Line, Digest Hash)? odd)
    {
        if (odd is { Line: var line })
        {
            Report(new Link(line.File, line.Number, 0, default, default), "this is no record: it was changed, added, or not written to its end");
        }
    }

    /// <summary>The record to begin with: the last one, if the chain leads from it to the one that the head file names.</summary>
    private int FindEnd(AuditHead? head, string? headProblem)
    {
        var last = _links.Count - 1;
        if (head is null)
        {
            Report(null, $"{headProblem}, so nobody knows whether records are missing after {_links[last].Sequence}");
            return last;
        }

        _ = Digest.TryParse(head.Hash, out var hash);
        if (_byHash.TryGetValue(hash, out var named))
        {
            return FindNewer(named, last);
        }

        var changed = _links.FindLastIndex(link => link.Sequence == head.Sequence);
        if (changed >= 0)
        {
            Report(_links[changed], $"record {head.Sequence} was changed: the head file names another one");
            return changed;
        }

        Report(_links[last], head.Sequence > _links[last].Sequence
            ? $"the end is missing: the head file names record {head.Sequence}, and this is the last line, record {_links[last].Sequence}"
            : $"the head file names record {head.Sequence}, which is not there");
        return last;
    }

    private int FindNewer(int named, int last)
    {
        for (var at = last; at > named; at = _byHash[_links[at].Previous])
        {
            if (!_byHash.TryGetValue(_links[at].Previous, out var before) || before >= at)
            {
                return named;
            }

            if (before == named)
            {
                _notes.Add(string.Create(CultureInfo.InvariantCulture, $"records that are newer than the head file: {last - named}"));
                return last;
            }
        }

        return named;
    }

    private void Follow(int at)
    {
        // Each problem may cost a search through all records: with as many as are told, the chain is broken enough.
        while (_problems.Count <= MaxProblems)
        {
            _proven[at] = true;
            var link = _links[at];
            var before = _byHash.TryGetValue(link.Previous, out var found) && !_proven[found] ? found : -1;
            if (before < 0)
            {
                before = FindBroken(at);
            }
            else if (before > at)
            {
                Report(_links[before], $"the order was changed: record {_links[before].Sequence} stands after record {link.Sequence}");
            }
            else if (_links[before].Sequence != link.Sequence - 1)
            {
                Report(link, $"record {link.Sequence} follows record {_links[before].Sequence}: numbers were changed");
            }

            if (before < 0)
            {
                return;
            }

            at = before;
        }
    }

    /// <summary>What stands where the record should be that another one names; -1 at the beginning.</summary>
    private int FindBroken(int at)
    {
        var link = _links[at];
        if (link.Sequence == 1)
        {
            return -1;
        }

        var changed = _links.FindLastIndex(other => other.Sequence == link.Sequence - 1);
        if (changed >= 0 && !_proven[changed])
        {
            Report(_links[changed], $"record {link.Sequence - 1} was changed after it was written");
            return changed;
        }

        var before = at == 0 ? -1 : _links.FindLastIndex(at - 1, other => other.Sequence < link.Sequence);
        if (before >= 0 && !_proven[before])
        {
            Report(link, $"{Missing(_links[before].Sequence + 1, link.Sequence - 1)} before this line, after {_links[before].File} line {_links[before].Line}");
            return before;
        }

        // Records are only dropped with the oldest of all files that are kept.
        if (_oldest < AuditFile.Kept)
        {
            Report(link, $"{Missing(1, link.Sequence - 1)} before this line, which is the first");
        }
        else
        {
            _notes.Add($"record {link.Sequence} is the oldest that is kept: it is trusted to be the one that followed {link.Sequence - 1}");
        }

        return -1;
    }

    private void ReportUnproven()
    {
        for (var i = 0; i < _links.Count && _problems.Count <= MaxProblems; i++)
        {
            if (!_proven[i])
            {
                Report(_links[i], $"record {_links[i].Sequence} is no part of the chain: it was added, or it was changed");
            }
        }
    }

    private void Report(Link? link, string problem)
    {
        if (_problems.Count < MaxProblems)
        {
            _problems.Add(new AuditProblem(link?.File, link?.Line, problem));
        }
        else if (_problems.Count == MaxProblems)
        {
            _problems.Add(new AuditProblem(null, null, "and more"));
        }
    }

    private static string Missing(long first, long last) => first == last ? $"record {first} is missing" : $"records {first} to {last} are missing";

    private AuditVerdict ToVerdict() => new(
        _problems.Count == 0,
        _links.Count,
        _links.Count > 0 ? _links[0].Sequence : 0,
        _links.Count > 0 ? _links[^1].Sequence : 0,
        _links.Count > 0 ? _links[^1].Hash.ToString() : null,
        [.. _problems.OrderBy(Place)],
        _notes);

    // The oldest file has the largest number.
    private static (int Age, int Line) Place(AuditProblem problem) => problem.File is null ? (1, 0)
        : (-Enumerable.Range(0, AuditFile.Kept + 1).First(age => AuditFile.NameOf(age) == problem.File), problem.Line ?? 0);

    private sealed record Link(string File, int Line, long Sequence, Digest Previous, Digest Hash);
}
