using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Threading;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Audit;

/// <summary>A record that waits for the disk.</summary>
/// <param name="Record">The record, without its number and its place in the chain.</param>
/// <param name="At">When it happened.</param>
/// <param name="Scope">What it belongs to; null for nothing.</param>
internal sealed record PendingRecord(AuditRecord Record, DateTimeOffset At, AuditScope? Scope = null)
{
    /// <summary>Completes when it is written, with null, or with the reason why it cannot be.</summary>
    public TaskCompletionSource<string?> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Writes records one after the other, in the order they came: nobody else waits for the disk, and no lock is held meanwhile.</summary>
internal sealed partial class AuditWriter
{
    /// <summary>Most records that wait for the disk.</summary>
    public const int QueueLimit = 4096;

    private readonly AuditTrail _trail;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FailureLog _failures = new();
    private readonly FailureLog _headFailures = new();
    private readonly Lock _gate = new();
    private readonly Queue<PendingRecord> _queue = new();
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private int _open;
    private long _lost;
    private long _untold;

    public AuditWriter(AuditTrail trail, TimeProvider time, ILogger logger)
    {
        (_trail, _time, _logger) = (trail, time, logger);
        _trail.Written = (record, hash) => Log.Recorded(_logger, record.Sequence, record.Phase, record.Action, AuditText.Describe(record), hash);
    }

    /// <summary>How many records could not be written since the start.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Opens the file before the first record, and finds what an earlier run of the agent began and did not end.</summary>
    public IReadOnlyList<AuditRecord> Open()
    {
        try
        {
            _trail.EnsureOpen();
            var unended = _trail.FindUnended();
            _open = unended.Count;
            return unended;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = _trail.Explain(e);
            if (_failures.ShouldReport(reason, out var count))
            {
                Log.NotWritten(_logger, reason, count); // The first record tries it again.
            }

            return [];
        }
    }

    /// <summary>Has a record written.</summary>
    public PendingRecord Post(PendingRecord record)
    {
        lock (_gate)
        {
            if (_queue.Count < QueueLimit)
            {
                _queue.Enqueue(record);
                if (!_isWriting)
                {
                    _isWriting = true;
                    _writing = Task.Run(WriteAll);
                }

                return record;
            }
        }

        Lose(record, $"{QueueLimit} records wait for the disk already");
        return record;
    }

    /// <summary>Completes when everything so far is written, or cannot be, or <paramref name="limit"/> is over.</summary>
    public async Task FlushAsync(TimeSpan limit)
    {
        Task writing;
        lock (_gate)
        {
            writing = _writing;
        }

        try
        {
            await writing.WaitAsync(limit, _time);
        }
        catch (TimeoutException)
        {
            Log.NotFlushed(_logger, limit.TotalSeconds);
        }
    }

    private void WriteAll()
    {
        while (true)
        {
            PendingRecord? record;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out record))
                {
                    _isWriting = false;
                    return;
                }
            }

            Write(record);
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever keeps a record from the disk, the next one is tried.")]
    private void Write(PendingRecord pending)
    {
        var record = pending.Record with { Begin = pending.Record.Phase == AuditPhase.Begin ? null : pending.Scope?.Sequence };
        var open = _open + record switch { { Phase: AuditPhase.Begin } => 1, { Phase: AuditPhase.End or AuditPhase.Refused, Begin: not null } => -1, _ => 0 };
        try
        {
            TellLost();
            var written = _trail.Append(record, pending.At, open);
            _open = open;
            if (record.Phase == AuditPhase.Begin)
            {
                pending.Scope!.Sequence = written.Sequence;
            }

            _failures.Clear();
            TellHead();
            pending.Written.TrySetResult(null);
        }
        catch (Exception e)
        {
            Lose(pending, _trail.Explain(e));
        }
    }

    private void Lose(PendingRecord pending, string reason)
    {
        Interlocked.Increment(ref _lost);
        Interlocked.Increment(ref _untold);
        if (_failures.ShouldReport(reason, out var count))
        {
            Log.NotWritten(_logger, reason, count);
        }

        Log.NotRecorded(_logger, pending.Record.Phase, pending.Record.Action, AuditText.Describe(pending.Record));
        pending.Written.TrySetResult(reason);
    }

    private void TellLost()
    {
        var lost = Interlocked.Read(ref _untold);
        if (lost > 0)
        {
            var note = $"records before this one were lost, because they could not be written: {lost}";
            _trail.Append(new AuditEntry(AuditAction.Audit).ToRecord(AuditPhase.Noted, note), _time.GetUtcNow(), _open);
            Interlocked.Add(ref _untold, -lost);
        }
    }

    private void TellHead()
    {
        if (_trail.HeadProblem is { } problem && _headFailures.ShouldReport(problem, out _))
        {
            Log.NoHead(_logger, problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1200, LogLevel.Information, "Audit {Sequence} {Phase} {Action}: {Details} [{Hash}]")]
        public static partial void Recorded(ILogger logger, long sequence, string phase, string action, string details, string hash);

        [LoggerMessage(1201, LogLevel.Information, "Audit (not in the file) {Phase} {Action}: {Details}")]
        public static partial void NotRecorded(ILogger logger, string phase, string action, string details);

        [LoggerMessage(1202, LogLevel.Error, "The audit cannot be written, and records of it are lost: {Reason} (so far: {Count})")]
        public static partial void NotWritten(ILogger logger, string reason, int count);

        [LoggerMessage(
            1203,
            LogLevel.Warning,
            "The head file of the audit cannot be written, so records that are cut off from its end are not missed: {Reason}")]
        public static partial void NoHead(ILogger logger, string reason);

        [LoggerMessage(1204, LogLevel.Warning, "Records of the audit still wait for the disk after {Seconds} s, and are lost")]
        public static partial void NotFlushed(ILogger logger, double seconds);
    }
}
