using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Policies;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Audit;

/// <summary>
/// The audit: what the server had done on this host, in a file and in the log. Whoever records something waits for no disk, except that a begin is in the
/// file before what it is the begin of.
/// </summary>
internal sealed class AuditLog
{
    /// <summary>How long a begin may take where it is not required: a disk that hangs stops no operation.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How long a begin may take where it is required.</summary>
    public static readonly TimeSpan RequiredPatience = TimeSpan.FromSeconds(10);

    private readonly AuditWriter? _writer;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly List<AuditScope> _works = [];
    private volatile bool _required;

    /// <summary>Creates one.</summary>
    /// <param name="writer">What writes the records; null to record nothing.</param>
    /// <param name="time">The clock.</param>
    public AuditLog(AuditWriter? writer, TimeProvider time) => (_writer, _time) = (writer, time);

    /// <summary>Records nothing, neither in a file nor in the log.</summary>
    public static AuditLog Off { get; } = new(null, TimeProvider.System);

    /// <summary>Whether anything is recorded.</summary>
    public bool IsOn => _writer is not null;

    /// <summary>Whether what cannot be recorded must not be done.</summary>
    public bool Required
    {
        get => _required;
        set => _required = value;
    }

    /// <summary>Whether records are written into a file, and not only into the log.</summary>
    public bool HasFile { get; init; } = true;

    /// <summary>How many records could not be written since the start.</summary>
    public long Lost => _writer?.Lost ?? 0;

    /// <summary>The audit of an agent.</summary>
    public static AuditLog Create(AgentOptions options, TimeProvider time, ILogger logger)
    {
        var folder = options.AuditMaxBytes > 0 ? AuditReader.FolderIn(options.DataPath) : null;
        var trail = new AuditTrail(folder, options.AuditMaxBytes, options.ServerUrl.ToString(), time);
        return new AuditLog(new AuditWriter(trail, time, logger), time) { HasFile = folder is not null };
    }

    /// <summary>Requires what the policy in force requires.</summary>
    public void Follow(PolicySource policies)
    {
        void Use() => Required = policies.Current is { AuditRequired: true, Enforce: true };
        Use();
        policies.Changed += Use;
    }

    /// <summary>Records the start of the agent, and takes over what an earlier run of it began and did not end.</summary>
    public void Start(string version)
    {
        foreach (var begin in _writer?.Open() ?? [])
        {
            var began = Rfc3339.TryParse(begin.Time, out var time) ? time : _time.GetUtcNow();
            _works.Add(new AuditScope(this, AuditEntry.Of(begin), () => _time.GetUtcNow() - began) { Sequence = begin.Sequence, IsResumed = true });
        }

        Noted(new AuditEntry(AuditAction.Start) { Subject = "version " + version }, error: null);
    }

    /// <summary>Records of all that was taken over and that nobody brings to its end that its end is not known.</summary>
    /// <param name="isTakenUp">Whether somebody does.</param>
    public void EndUnknown(Func<AuditEntry, bool> isTakenUp)
    {
        AuditScope[] resumed;
        lock (_gate)
        {
            resumed = [.. _works.Where(scope => scope.IsResumed)];
        }

        foreach (var scope in resumed.Where(scope => !isTakenUp(scope.Entry)))
        {
            scope.End("unknown: the agent ended before it was done");
        }
    }

    /// <summary>Records the end of the agent, and waits until everything is written.</summary>
    /// <param name="limit">How long to wait at most.</param>
    public async Task StopAsync(TimeSpan limit)
    {
        Noted(new AuditEntry(AuditAction.Stop), error: null);
        await (_writer?.FlushAsync(limit) ?? Task.CompletedTask);
    }

    /// <summary>Records that something is about to be done.</summary>
    /// <param name="entry">
    /// What. Work that goes on after its request was answered has a name (<see cref="AuditEntry.Work"/>), by which its end finds it.
    /// </param>
    /// <exception cref="CommandException">It cannot be recorded, and must not be done then.</exception>
    public async Task<AuditScope> BeginAsync(AuditEntry entry)
    {
        if (Required && !HasFile)
        {
            throw new CommandException("refused: the policy of this host requires a record of every change, and AUDIT_MAX_BYTES=0 has none written");
        }

        var began = _time.GetTimestamp();
        var scope = new AuditScope(this, entry, () => _time.GetElapsedTime(began));
        if (_writer is null)
        {
            return scope;
        }

        if (entry.Work is not null)
        {
            lock (_gate)
            {
                _works.Add(scope);
            }
        }

        var required = Required;
        var record = _writer.Post(new PendingRecord(entry.ToRecord(AuditPhase.Begin, null), _time.GetUtcNow(), scope));
        var problem = await WaitAsync(record, required ? RequiredPatience : Patience);
        if (problem is null || !required)
        {
            return scope;
        }

        var refusal = $"refused: the policy of this host requires a record of every change, and the audit cannot be written: {problem}";
        scope.End(refusal);
        throw new CommandException(refusal);
    }

    /// <summary>Records what was asked for and is not done.</summary>
    public void Refused(AuditEntry entry, string reason) => Record(entry, AuditPhase.Refused, reason);

    /// <summary>Records something that has no duration.</summary>
    public void Noted(AuditEntry entry, string? error) => Record(entry, AuditPhase.Noted, error ?? "ok");

    /// <summary>Records the end of work that went on after its request was answered.</summary>
    /// <param name="action">The action.</param>
    /// <param name="work">Its name, as the begin had it.</param>
    /// <param name="error">What went wrong; null for nothing.</param>
    public void EndWork(string action, string work, string? error)
    {
        if (FindWork(new AuditEntry(action) { Work = work }) is { } scope)
        {
            scope.End(error);
        }
        else
        {
            Record(new AuditEntry(action) { Work = work }, AuditPhase.End, error ?? "ok");
        }
    }

    /// <summary>Has the end of work be a refusal: the policy could only judge it once it was begun.</summary>
    /// <param name="action">The action.</param>
    /// <param name="work">Its name, as the begin had it.</param>
    /// <param name="refusal">What the policy says.</param>
    public void RefuseWork(string action, string work, Decision refusal)
    {
        if (FindWork(new AuditEntry(action) { Work = work }) is { } scope)
        {
            scope.Refusal = refusal;
        }
    }

    /// <summary>Records what was found out about work that goes on: what is to be started has more of the host than its begin could tell.</summary>
    /// <param name="action">The action.</param>
    /// <param name="work">Its name, as the begin had it.</param>
    /// <param name="dangers">What was found out; nothing is recorded of nothing.</param>
    public void NoteWork(string action, string work, IReadOnlyList<string> dangers)
    {
        if (dangers.Count > 0)
        {
            var scope = FindWork(new AuditEntry(action) { Work = work });
            var entry = (scope?.Entry ?? new AuditEntry(action) { Work = work }) with { Dangers = dangers, Decision = null, Rule = null };
            _writer?.Post(new PendingRecord(entry.ToRecord(AuditPhase.Noted, null), _time.GetUtcNow(), scope));
        }
    }

    /// <summary>Records an end.</summary>
    internal void Ended(AuditScope scope, string outcome)
    {
        lock (_gate)
        {
            _works.Remove(scope);
        }

        var entry = scope.Entry with { Dangers = [], Decision = scope.Refusal is null ? null : AuditDecision.Refused, Rule = scope.Refusal?.Rule };
        var record = (scope.Refusal is { Reason: var reason } ? entry.ToRecord(AuditPhase.Refused, reason) : entry.ToRecord(AuditPhase.End, outcome)) with
        {
            Milliseconds = Math.Max(0, (long)scope.Elapsed.TotalMilliseconds),
        };
        _writer?.Post(new PendingRecord(record, _time.GetUtcNow(), scope));
    }

    // By the cut name, which is all that an earlier run has left of it.
    private AuditScope? FindWork(AuditEntry wanted)
    {
        lock (_gate)
        {
            return _works.Find(scope => scope.Entry.Action == wanted.Action && scope.Entry.Work == wanted.Work);
        }
    }

    private void Record(AuditEntry entry, string phase, string outcome) =>
        _writer?.Post(new PendingRecord(entry.ToRecord(phase, outcome), _time.GetUtcNow()));

    private async Task<string?> WaitAsync(PendingRecord record, TimeSpan limit)
    {
        try
        {
            return await record.Written.Task.WaitAsync(limit, _time);
        }
        catch (TimeoutException)
        {
            return $"it takes longer than {limit.TotalSeconds:0} s (timeout)";
        }
    }
}
