namespace DockMon.Hub.Agents.Limits;

/// <summary>A limit of one host; its name is told in the log and by the API.</summary>
internal enum HostLimit
{
    /// <summary>Frames a second: the hub reads on later.</summary>
    Frames,

    /// <summary>Bytes a second: the hub reads on later.</summary>
    Bytes,

    /// <summary>Frames that are not JSON, or not what the protocol has.</summary>
    InvalidFrames,

    /// <summary>Events that are larger than the hub keeps.</summary>
    LargeEvents,

    /// <summary>Open shells.</summary>
    Shells,

    /// <summary>Requests that wait for the agent.</summary>
    Requests,

    /// <summary>Minutes of statistics that were brought later.</summary>
    Minutes,
}

/// <summary>What one host may have of the hub, whichever connection it has, and how often it wanted more.</summary>
internal sealed partial class HostQuota(string hostId, AgentLimits limits, TimeProvider time, ILogger<HostQuotas> logger)
{
    private static readonly string[] Names = ["frames", "bytes", "invalid_frames", "large_events", "shells", "requests", "late_minutes"];

    private readonly Lock _gate = new();
    private int _requests;
    private readonly TokenBucket _frames = new(limits.FramesPerSecond, limits.FrameBurst);
    private readonly TokenBucket _bytes = new(limits.BytesPerSecond, limits.ByteBurst);
    private TokenBucket? _minutes;
    private Tally?[]? _tallies;

    public AgentLimits Limits => limits;

    public string HostId => hostId;

    /// <summary>How often each limit was reached since the start of the hub; those that never were are left out.</summary>
    public IReadOnlyDictionary<string, long>? Reached
    {
        get
        {
            lock (_gate)
            {
                return _tallies?.Index().Where(each => each.Item is not null).ToDictionary(each => Names[each.Index], each => each.Item!.Count);
            }
        }
    }

    /// <summary>Counts a frame.</summary>
    /// <returns>How long the host's sockets are not to be read; zero when it may go on.</returns>
    public TimeSpan Take(int bytes)
    {
        TimeSpan byFrames, byBytes;
        lock (_gate)
        {
            var now = time.GetElapsedTime(0).Ticks;
            (byFrames, byBytes) = (_frames.Take(1, now), _bytes.Take(bytes, now));
        }

        if (byFrames > TimeSpan.Zero)
        {
            Reach(HostLimit.Frames, "it is read more slowly");
        }

        if (byBytes > TimeSpan.Zero)
        {
            Reach(HostLimit.Bytes, "it is read more slowly");
        }

        return byFrames > byBytes ? byFrames : byBytes;
    }

    /// <summary>Counts minutes of statistics that were brought later.</summary>
    /// <returns>Whether they are taken.</returns>
    public bool TakeMinutes(int count)
    {
        lock (_gate)
        {
            _minutes ??= new TokenBucket(limits.LateMinutesPerSecond, limits.LateMinuteBurst);
            if (_minutes.Take(count, time.GetElapsedTime(0).Ticks) == TimeSpan.Zero)
            {
                return true;
            }
        }

        Reach(HostLimit.Minutes, $"{count} minutes of statistics were dropped");
        return false;
    }

    /// <summary>Waits before the next frame is read.</summary>
    public Task WaitAsync(TimeSpan pause) => Task.Delay(pause, time);

    /// <summary>Begins a request to the agent, which <see cref="EndRequest"/> ends.</summary>
    /// <exception cref="AgentException">There are too many that wait for its answer.</exception>
    public void BeginRequest()
    {
        if (Interlocked.Increment(ref _requests) > limits.Requests)
        {
            EndRequest();
            Reach(HostLimit.Requests, "another request was refused");
            throw new AgentException(AgentFailure.Refused, $"{limits.Requests} requests wait for the agent's answer, which is the most: try again later");
        }
    }

    public void EndRequest() => Interlocked.Decrement(ref _requests);

    /// <summary>Counts that the host reached a limit, and logs it at most once a minute.</summary>
    public void Reach(HostLimit limit, string details)
    {
        bool tell;
        int count;
        lock (_gate)
        {
            _tallies ??= new Tally?[Names.Length];
            var tally = _tallies[(int)limit] ??= new Tally(time);
            tally.Count++;
            tell = tally.Log.Happened(out count);
        }

        if (tell)
        {
            Log.LimitReached(logger, hostId, Names[(int)limit], count, details);
        }
    }

    private sealed class Tally(TimeProvider time)
    {
        public LogLimit Log { get; } = new(time);

        public long Count { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "Host {HostId} reached its limit of {Limit} ({Count} times since the last such message): {Details}")]
        public static partial void LimitReached(ILogger logger, string hostId, string limit, int count, string details);
    }
}
