using System.Threading.Channels;
using DockMon.Agent.Hosting;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

/// <summary>What kind of frame it is, which is how much it matters when the link is slow or gone.</summary>
internal enum FrameClass
{
    /// <summary>The answer to a request: waits up to a minute for the next connection, because the server still knows its id.</summary>
    Answer,

    /// <summary>How something long ended: kept on disk until it is delivered, never dropped.</summary>
    Completion,

    /// <summary>Something that happened: waits in a bounded buffer.</summary>
    Event,

    /// <summary>Output of a shell: when too much waits, the shell waits too, and none survives its connection.</summary>
    Shell,

    /// <summary>A sample: only the newest of its key waits, and none survives its connection.</summary>
    Stats,
}

/// <summary>One text frame on its way to the server.</summary>
/// <param name="Class">How much it matters.</param>
/// <param name="Bytes">The whole frame, UTF-8.</param>
/// <param name="Posted">When it was posted, as a <see cref="TimeProvider"/> timestamp.</param>
/// <param name="File">Where a completion is kept until it is delivered.</param>
internal sealed record OutboundFrame(FrameClass Class, byte[] Bytes, long Posted, string? File = null);

/// <summary>A sample: a whole frame, and what it is a sample of.</summary>
internal readonly record struct KeyedFrame(string Key, byte[] Bytes);

/// <summary>
/// Everything that waits to be sent. It belongs to the agent, not to a connection: what one connection could not send, the next
/// one does. TCP may have swallowed what a dead link never delivered, so answers and events that were sent are kept until their
/// connection has lived through a whole keep-alive after the send; if it dies before, they are sent again. A server may
/// therefore see one twice, and never misses one.
/// </summary>
internal sealed class Outbound(Outbox outbox, TimeProvider time, ILogger<Outbound> logger)
{
    /// <summary>How long an answer is worth sending.</summary>
    public static readonly TimeSpan AnswerLifetime = TimeSpan.FromSeconds(60);

    /// <summary>A connection alive this long after a send has delivered it: a ping went out within 30 s of it and its pong came within 10 s.</summary>
    public static readonly TimeSpan ConfirmedAfter = TimeSpan.FromSeconds(45);

    /// <summary>Most events that wait, and most frames that were sent and may come back.</summary>
    public const int EventLimit = 10_000;

    /// <summary>Most bytes of each of these.</summary>
    public const int EventBytesLimit = 16 * 1024 * 1024;

    /// <summary>Most frames of shells that wait; who posts one more waits until there is room.</summary>
    public const int ShellLimit = 64;

    /// <summary>Largest frame kept after it was sent. Larger ones are answers to reads, which the server asks again.</summary>
    public const int KeptFrameBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly LinkedList<OutboundFrame> _answers = new();
    private readonly LinkedList<OutboundFrame> _completions = new();
    private readonly LinkedList<OutboundFrame> _events = new();
    private readonly Channel<OutboundFrame> _shells = Channel.CreateBounded<OutboundFrame>(ShellLimit);
    private readonly LatestByKey<OutboundFrame> _stats = new();
    private readonly Queue<(OutboundFrame Frame, long Sent)> _unconfirmed = new();
    private readonly Channel<bool> _pulse = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private long _eventBytes;
    private long _unconfirmedBytes;
    private long _dropped;

    /// <summary>Queues the answer to a request.</summary>
    public void PostAnswer(byte[] frame) => Post(FrameClass.Answer, frame);

    /// <summary>Keeps a completion on disk and queues it. Where the disk refuses, it is in memory only, and the log says so.</summary>
    public void PostCompletion(byte[] frame)
    {
        string? file = null;
        try
        {
            file = outbox.Write(frame);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CompletionNotKept(logger, StorageFailure.Describe(e, outbox.Folder));
        }

        lock (_gate)
        {
            _completions.AddLast(new OutboundFrame(FrameClass.Completion, frame, time.GetTimestamp(), file));
        }

        Wake();
    }

    /// <summary>Queues the completions that an earlier run of the agent could not deliver.</summary>
    public void ResumeCompletions()
    {
        foreach (var stray in outbox.Strays)
        {
            Log.StrayFile(logger, stray);
        }

        lock (_gate)
        {
            foreach (var (file, frame) in outbox.Read())
            {
                _completions.AddLast(new OutboundFrame(FrameClass.Completion, frame, time.GetTimestamp(), file));
            }
        }
    }

    /// <summary>Queues an event. When too many wait, the oldest is dropped, and the loss is counted in the log.</summary>
    public void PostEvent(byte[] frame) => Post(FrameClass.Event, frame);

    /// <summary>Queues a sample, which replaces the one of the same key that still waits.</summary>
    public void PostStats(string key, byte[] frame) => PostStats([new(key, frame)]);

    /// <summary>Queues the samples of one moment together: the writer is woken once for all of them.</summary>
    public void PostStats(IReadOnlyList<KeyedFrame> samples)
    {
        var posted = time.GetTimestamp();
        lock (_gate)
        {
            foreach (var (key, bytes) in samples)
            {
                _stats.Put(key, new OutboundFrame(FrameClass.Stats, bytes, posted));
            }
        }

        Wake();
    }

    /// <summary>Queues a shell's output; waits for room, so that a slow link slows the program down instead of filling memory.</summary>
    public async ValueTask PostShellAsync(byte[] frame, CancellationToken ct)
    {
        await _shells.Writer.WriteAsync(new OutboundFrame(FrameClass.Shell, frame, time.GetTimestamp()), ct);
        _pulse.Writer.TryWrite(true);
    }

    /// <summary>Whether anything but samples still waits to be sent.</summary>
    public bool HasPending
    {
        get
        {
            lock (_gate)
            {
                return _answers.Count + _completions.Count + _events.Count + _shells.Reader.Count > 0;
            }
        }
    }

    /// <summary>The next frame to send, the most important class first; null when there is none.</summary>
    public OutboundFrame? TryTake()
    {
        lock (_gate)
        {
            while (_answers.First is { } answer)
            {
                _answers.RemoveFirst();
                if (time.GetElapsedTime(answer.Value.Posted) <= AnswerLifetime)
                {
                    return answer.Value;
                }

                Log.AnswerExpired(logger, answer.Value.Bytes.Length);
            }

            if (_completions.First is { } completion)
            {
                _completions.RemoveFirst();
                return completion.Value;
            }

            if (_events.First is { } next)
            {
                _events.RemoveFirst();
                _eventBytes -= next.Value.Bytes.Length;
                ReportDropped();
                return next.Value;
            }

            return _shells.Reader.TryRead(out var output) ? output : _stats.TryTake(out var sample) ? sample : null;
        }
    }

    /// <summary>Completes when a frame may be there to take. One waiter at a time: the write loop.</summary>
    public async ValueTask WaitAsync(CancellationToken ct) => await _pulse.Reader.ReadAsync(ct);

    /// <summary>Has the waiter look again.</summary>
    public void Wake() => _pulse.Writer.TryWrite(true);

    /// <summary>Remembers a frame that was handed to the socket until its delivery is certain.</summary>
    public void MarkSent(OutboundFrame frame)
    {
        Confirm();
        lock (_gate)
        {
            if (frame.Class == FrameClass.Completion
                || (frame.Class is FrameClass.Answer or FrameClass.Event && frame.Bytes.Length <= KeptFrameBytes
                    && _unconfirmed.Count < EventLimit && _unconfirmedBytes + frame.Bytes.Length <= EventBytesLimit))
            {
                _unconfirmed.Enqueue((frame, time.GetTimestamp()));
                _unconfirmedBytes += frame.Bytes.Length;
            }
        }

        if (frame.File is not null)
        {
            _ = ConfirmLaterAsync();
        }
    }

    /// <summary>
    /// The connection is gone: what it may not have delivered goes back to the head of its queue, in its old order.
    /// <paramref name="unsent"/> is the frame that was taken when it broke.
    /// </summary>
    public void ConnectionLost(OutboundFrame? unsent)
    {
        lock (_gate)
        {
            // A completion that seems delivered and whose file is still there costs nothing when it is sent twice.
            var returning = _unconfirmed.Where(sent => sent.Frame.Class == FrameClass.Completion || time.GetElapsedTime(sent.Sent) < ConfirmedAfter).Select(sent => sent.Frame).ToList();
            if (unsent is { Class: not (FrameClass.Stats or FrameClass.Shell) })
            {
                returning.Add(unsent);
            }

            _unconfirmed.Clear();
            _unconfirmedBytes = 0;
            _stats.Clear();
            DropShells();
            for (var i = returning.Count - 1; i >= 0; i--)
            {
                QueueOf(returning[i].Class).AddFirst(returning[i]);
                _eventBytes += returning[i].Class == FrameClass.Event ? returning[i].Bytes.Length : 0;
            }

            TrimEvents();
        }

        Wake();
    }

    /// <summary>A new connection begins: samples and shells' output that came while the one before it was ending are dropped with it.</summary>
    public void ConnectionBegins()
    {
        lock (_gate)
        {
            _stats.Clear();
            DropShells();
        }
    }

    /// <summary>Throws the output of shells away: their sessions ended with the connection.</summary>
    public void DropShells()
    {
        while (_shells.Reader.TryRead(out _))
        {
            // Each one makes room for somebody who waits, and who learns soon that its session is over.
        }
    }

    /// <summary>Lets go of what is delivered by now.</summary>
    private void Confirm()
    {
        var delivered = new List<string>();
        lock (_gate)
        {
            while (_unconfirmed.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Sent) >= ConfirmedAfter)
            {
                _unconfirmed.Dequeue();
                _unconfirmedBytes -= oldest.Frame.Bytes.Length;
                if (oldest.Frame.File is { } file)
                {
                    delivered.Add(file);
                }
            }
        }

        foreach (var file in delivered)
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Neither the connection's fault nor its end: a server bears to be told twice.
                Log.CompletionNotRemoved(logger, file, StorageFailure.Describe(e, outbox.Folder));
            }
        }
    }

    /// <summary>A completion's file goes even if nothing else is sent any more. If its connection is lost meanwhile, there is nothing to confirm.</summary>
    private async Task ConfirmLaterAsync()
    {
        await Task.Delay(ConfirmedAfter, time);
        Confirm();
    }

    private void Post(FrameClass @class, byte[] bytes)
    {
        var frame = new OutboundFrame(@class, bytes, time.GetTimestamp());
        lock (_gate)
        {
            switch (@class)
            {
                case FrameClass.Answer:
                    _answers.AddLast(frame);
                    break;
                case FrameClass.Event:
                    _events.AddLast(frame);
                    _eventBytes += bytes.Length;
                    TrimEvents();
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(@class));
            }
        }

        Wake();
    }

    private LinkedList<OutboundFrame> QueueOf(FrameClass @class) => @class switch
    {
        FrameClass.Answer => _answers,
        FrameClass.Completion => _completions,
        _ => _events,
    };

    private void TrimEvents()
    {
        while (_events.Count > EventLimit || _eventBytes > EventBytesLimit)
        {
            _eventBytes -= _events.First!.Value.Bytes.Length;
            _events.RemoveFirst();
            _dropped++;
        }
    }

    private void ReportDropped()
    {
        if (_dropped > 0)
        {
            Log.EventsDropped(logger, _dropped, EventLimit);
            _dropped = 0;
        }
    }
}
