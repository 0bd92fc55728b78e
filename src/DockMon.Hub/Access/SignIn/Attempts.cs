using DockMon.Hub.Agents.Limits;

namespace DockMon.Hub.Access.SignIn;

/// <summary>
/// Delays for who tries keys and passwords that are wrong: after some free tries, each further one doubles the time in which nothing more is looked at.
/// Counted by address and by account, in bounded memory.
/// </summary>
internal sealed partial class Attempts(TimeProvider time, ILogger<Attempts> logger)
{
    /// <summary>Wrong tries without a delay.</summary>
    public const int Free = 10;

    /// <summary>Maximum number of addresses and accounts that are counted.</summary>
    public const int Most = 10_000;

    /// <summary>Longest delay of an address.</summary>
    public static readonly TimeSpan LongestOfAddress = TimeSpan.FromMinutes(5);

    /// <summary>Longest delay of an account: whoever owns it has to wait as well.</summary>
    public static readonly TimeSpan LongestOfAccount = TimeSpan.FromSeconds(30);

    /// <summary>Without a wrong try for this long, the count begins anew.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Count> _counts = new(StringComparer.Ordinal);
    private readonly LogLimit _wrong = new(time);
    private readonly LogLimit _full = new(time);

    public static string Address(HttpContext context) => "address " + ClientNetwork.Of(context.Connection.RemoteIpAddress);

    public static string Account(string name) => "account " + name;

    /// <summary>How long nothing is looked at; zero when a try is allowed now.</summary>
    public TimeSpan Wait(string of)
    {
        lock (_gate)
        {
            return _counts.TryGetValue(of, out var count) ? Left(of, count) : TimeSpan.Zero;
        }
    }

    /// <summary>Allows a try and counts it as wrong, until <see cref="Right"/>: tries that run at the same time count as well.</summary>
    /// <returns>How long to wait; zero when the try is allowed.</returns>
    public TimeSpan Begin(string of)
    {
        lock (_gate)
        {
            var left = _counts.TryGetValue(of, out var count) ? Left(of, count) : TimeSpan.Zero;
            if (left == TimeSpan.Zero)
            {
                Add(of);
            }

            return left;
        }
    }

    /// <summary>Counts a wrong try and logs it, limited.</summary>
    /// <param name="of">The address.</param>
    /// <param name="what">What was tried, for the log.</param>
    public void Wrong(string of, string what)
    {
        lock (_gate)
        {
            Add(of);
        }

        Tell(of, what);
    }

    /// <summary>Logs a wrong try that <see cref="Begin"/> has counted, limited.</summary>
    public void Tell(string of, string what)
    {
        if (_wrong.Happened(out var tries))
        {
            Log.Wrong(logger, tries, what, of);
        }
    }

    /// <summary>Forgets the wrong tries: this one was right.</summary>
    public void Right(string of)
    {
        lock (_gate)
        {
            _counts.Remove(of);
        }
    }

    private TimeSpan Left(string of, Count count)
    {
        var since = time.GetElapsedTime(count.Last);
        if (count.Tries < Free || since >= Forgotten)
        {
            return TimeSpan.Zero;
        }

        var longest = of.StartsWith("account ", StringComparison.Ordinal) ? LongestOfAccount : LongestOfAddress;
        var delay = TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, Math.Pow(2, count.Tries - Free)));
        return since < delay ? delay - since : TimeSpan.Zero;
    }

    private void Add(string of)
    {
        if (_counts.TryGetValue(of, out var count) && time.GetElapsedTime(count.Last) < Forgotten)
        {
            _counts[of] = new Count(Math.Min(count.Tries + 1, Free + 20), time.GetTimestamp());
            return;
        }

        if (_counts.Count >= Most)
        {
            MakeRoom();
        }

        _counts[of] = new Count(1, time.GetTimestamp());
    }

    private void MakeRoom()
    {
        foreach (var (oldest, _) in _counts.OrderBy(entry => entry.Value.Last).Take(Most / 2).ToList())
        {
            _counts.Remove(oldest);
        }

        if (_full.Happened(out _))
        {
            Log.Full(logger, Most);
        }
    }

    private readonly record struct Count(int Tries, long Last);

    private static partial class Log
    {
        [LoggerMessage(66, LogLevel.Warning, "{Count} wrong keys or passwords since the last such message, the newest {What} from {Address}")]
        public static partial void Wrong(ILogger logger, int count, string what, string address);

        [LoggerMessage(
            67,
            LogLevel.Warning,
            "More than {Most} addresses and accounts have tried wrong keys or passwords: those that tried longest ago are forgotten")]
        public static partial void Full(ILogger logger, int most);
    }
}
