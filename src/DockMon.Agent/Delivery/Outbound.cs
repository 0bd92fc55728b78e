using System.Threading.Channels;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Delivery;

/// <summary>
/// Everything that waits to be sent. It belongs to the agent, not to a connection: what one connection could not send, the next
/// one does. TCP may have swallowed what a dead link never delivered, so answers, completions and events that were sent are kept until a
/// ping that was written after them is answered; if the connection ends before, they are sent again. A server may therefore see
/// one twice, when the link was cut within a round trip, and never misses one.
/// </summary>
internal sealed partial class Outbound(Outbox outbox, TimeProvider time, ILogger<Outbound> logger)
{
    /// <summary>How long an answer is worth sending.</summary>
    public static readonly TimeSpan AnswerLifetime = TimeSpan.FromSeconds(60);

    /// <summary>Most events that wait, most answers that do, and most frames that were sent and may come back.</summary>
    public const int EventLimit = 10_000;

    /// <summary>Most bytes of events that wait, of completions that do, and of what may come back.</summary>
    public const int EventBytesLimit = 16 * 1024 * 1024;

    /// <summary>Most bytes of answers that wait: four of the largest.</summary>
    public const int AnswerBytesLimit = 4 * ProtocolLimits.ControlFrameBytes;

    /// <summary>Most completions that wait, in memory and on disk.</summary>
    public const int CompletionLimit = 250;

    /// <summary>Most frames of shells and logs that wait; who posts one more waits until there is room.</summary>
    public const int StreamLimit = 64;

    /// <summary>Largest answer kept after it was sent. Larger ones are answers to reads, which the server asks again.</summary>
    public const int KeptAnswerBytes = 64 * 1024;

    private readonly CompletionFiles _files = new(outbox, logger);
    private readonly Lock _gate = new();
    private readonly WaitingFrames _waiting = new();
    private readonly Channel<OutboundFrame> _streams = Channel.CreateBounded<OutboundFrame>(StreamLimit);
    private readonly LatestByKey<OutboundFrame> _stats = new();
    private readonly SendWindow _window = new(EventLimit, EventBytesLimit);
    private readonly AsyncSignal _pulse = new();
    private long _pings;

    /// <summary>Queues the answer to a request.</summary>
    public void PostAnswer(byte[] frame) => Post(FrameClass.Answer, frame);

    /// <summary>Keeps a completion on disk and queues it. Where the disk refuses, it is in memory only.</summary>
    public void PostCompletion(byte[] frame) => Post(FrameClass.Completion, frame, _files.Keep(frame));

    /// <summary>Queues the completions that an earlier run of the agent could not deliver.</summary>
    public void ResumeCompletions()
    {
        foreach (var (file, frame) in _files.Read())
        {
            Post(FrameClass.Completion, frame, file);
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
            foreach (var (key, bytes, _) in samples)
            {
                _stats.Put(key, new OutboundFrame(FrameClass.Stats, bytes, posted));
            }
        }

        Wake();
    }

    /// <summary>Queues output of a shell or lines of a log; waits for room, so that a slow link slows their source down instead of filling memory.</summary>
    public async ValueTask PostStreamAsync(byte[] frame, CancellationToken ct)
    {
        await _streams.Writer.WriteAsync(new OutboundFrame(FrameClass.Stream, frame, time.GetTimestamp()), ct);
        Wake();
    }

    /// <summary>Whether anything but samples still waits to be sent.</summary>
    public bool HasPending
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count + _streams.Reader.Count > 0;
            }
        }
    }

    /// <summary>Whether something was sent that may not have arrived, and whether it is so much that more may soon have to wait.</summary>
    public (bool Any, bool Much) Unconfirmed
    {
        get
        {
            lock (_gate)
            {
                return (!_window.IsEmpty, _window.IsHalfFull);
            }
        }
    }

    /// <summary>
    /// The next frame to send, the most important class first; null when there is none, or none may be sent before a ping is answered. Taken, it is the
    /// next message of the connection, and what must not be lost is remembered until its delivery is certain.
    /// </summary>
    public OutboundFrame? TryTake()
    {
        OutboundFrame? frame = null;
        long dropped = 0;
        List<OutboundFrame>? expired = null;
        lock (_gate)
        {
            if (_window.HasRoom)
            {
                while ((frame = _waiting.TryTake()) is { Class: FrameClass.Answer } && time.GetElapsedTime(frame.Posted) > AnswerLifetime)
                {
                    (expired ??= []).Add(frame);
                }

                dropped = frame?.Class == FrameClass.Event ? _waiting.TakeDroppedEvents() : 0;
            }

            frame ??= _streams.Reader.TryRead(out var output) ? output : _stats.TryTake(out var sample) ? sample : null;
            if (frame is not null)
            {
                _window.Add(frame, IsKept(frame));
            }
        }

        foreach (var answer in expired ?? [])
        {
            Log.AnswerExpired(logger, answer.Bytes.Length);
        }

        if (dropped > 0)
        {
            Log.EventsDropped(logger, dropped, EventLimit);
        }

        return frame;
    }

    /// <summary>Completes when a frame may be there to take. One waiter at a time: the write loop.</summary>
    public ValueTask WaitAsync(CancellationToken ct) => _pulse.WaitAsync(ct);

    /// <summary>Has the waiter look again.</summary>
    public void Wake() => _pulse.Set();

    /// <summary>A ping is about to be written.</summary>
    /// <param name="messages">How many of the frames taken for this connection were written before it.</param>
    /// <returns>Its number, which no other ping of any connection has.</returns>
    public long BeginPing(long messages)
    {
        lock (_gate)
        {
            _window.Ping(++_pings, messages);
            return _pings;
        }
    }

    /// <summary>A ping was answered: what was sent before it has arrived.</summary>
    /// <returns>Whether it was the last ping of this connection.</returns>
    public bool Confirm(long ping)
    {
        List<OutboundFrame>? arrived;
        lock (_gate)
        {
            arrived = _window.Confirm(ping);
        }

        foreach (var frame in arrived ?? [])
        {
            _files.Remove(frame.File);
        }

        if (arrived is { Count: > 0 })
        {
            Wake(); // There is room again, or nothing left to wait for.
        }

        return arrived is not null;
    }

    /// <summary>
    /// A connection is gone, or a new one begins: what may not have been delivered goes back to the head of its queue, in its old order; samples and
    /// shells and logs, also what came while the connection was ending, are dropped with it.
    /// </summary>
    public void Reset()
    {
        List<OutboundFrame> dropped;
        lock (_gate)
        {
            var returning = _window.Clear();
            _stats.Clear();
            DropStreams();
            dropped = _waiting.Return(returning);
        }

        Report(dropped);
        Wake();
    }

    /// <summary>Throws the output of shells and logs away: they ended with the connection.</summary>
    public void DropStreams()
    {
        while (_streams.Reader.TryRead(out _))
        {
            // Each one makes room for somebody who waits, and who learns soon that it is over.
        }
    }

    private void Post(FrameClass @class, byte[] bytes, string? file = null)
    {
        var frame = new OutboundFrame(@class, bytes, time.GetTimestamp(), file);
        if (bytes.Length > ProtocolLimits.ControlFrameBytes)
        {
            // A server drops the connection for it: sent again and again it would end each one.
            Log.FrameTooLarge(logger, @class, bytes.Length, ProtocolLimits.ControlFrameBytes);
            _files.Remove(file);
            return;
        }

        List<OutboundFrame> dropped;
        lock (_gate)
        {
            dropped = _waiting.Add(frame);
        }

        Report(dropped);
        Wake();
    }

    private static bool IsKept(OutboundFrame frame) => frame.Class switch
    {
        FrameClass.Answer => frame.Bytes.Length <= KeptAnswerBytes,
        FrameClass.Completion or FrameClass.Event => true,
        _ => false,
    };

    private void Report(List<OutboundFrame> dropped)
    {
        foreach (var frame in dropped)
        {
            _files.Remove(frame.File);
            switch (frame.Class)
            {
                case FrameClass.Answer:
                    Log.AnswerDropped(logger, frame.Bytes.Length, EventLimit, AnswerBytesLimit);
                    break;
                case FrameClass.Completion:
                    Log.CompletionDropped(logger, frame.Bytes.Length, CompletionLimit, EventBytesLimit);
                    break;
                default:
                    Log.EventsFull(logger, EventLimit, EventBytesLimit);
                    break;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(107, LogLevel.Warning, "An answer of {Size} bytes was dropped: no connection within a minute (timeout)")]
        public static partial void AnswerExpired(ILogger logger, int size);

        [LoggerMessage(108, LogLevel.Warning, "{Count} events were lost while there was no connection: only the newest {Limit} are kept")]
        public static partial void EventsDropped(ILogger logger, long count, int limit);

        [LoggerMessage(
            121,
            LogLevel.Error,
            "An answer of {Size} bytes was dropped: {Limit} answers or {Bytes} bytes of them wait for a connection at most, and newer ones came")]
        public static partial void AnswerDropped(ILogger logger, int size, int limit, int bytes);

        [LoggerMessage(122, LogLevel.Error, "How something ended ({Size} bytes) was dropped, and no server will hear of it: {Limit} such messages or "
            + "{Bytes} bytes of them wait for a connection at most, and newer ones came")]
        public static partial void CompletionDropped(ILogger logger, int size, int limit, int bytes);

        [LoggerMessage(123, LogLevel.Warning, "{Limit} events or {Bytes} bytes of them wait for a connection: from now on each new one drops the "
            + "oldest, which are counted when there is a connection again")]
        public static partial void EventsFull(ILogger logger, int limit, int bytes);

        [LoggerMessage(124, LogLevel.Error, "A message to the server ({Class}) was dropped: it has {Size} bytes, and a server takes {Limit} at most")]
        public static partial void FrameTooLarge(ILogger logger, FrameClass @class, int size, int limit);
    }
}
