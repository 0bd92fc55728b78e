using System.Net;

namespace DockMon.Hub.Agents.Limits;

/// <summary>Refused registrations and tokens by address: told in the log, and answered slowly when there are many.</summary>
internal sealed partial class WrongTokens(TimeProvider time, ILogger<WrongTokens> logger)
{
    /// <summary>Number of refusals of an address in a minute that are answered at once.</summary>
    public const int Free = 5;

    /// <summary>Delay of any further answer.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    private const int MostAddresses = 4096;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, (long Since, int Count)> _refused = [];
    private readonly LogLimit _log = new(time);

    /// <summary>Counts a refusal.</summary>
    /// <returns>How long its answer is to be held back.</returns>
    public TimeSpan Count(IPAddress? remote, string reason)
    {
        var address = ClientNetwork.Of(remote);
        if (_log.Happened(out var count))
        {
            Log.Refused(logger, count, address.ToString(), reason);
        }

        lock (_gate)
        {
            if (_refused.Count >= MostAddresses)
            {
                ForgetOld();
            }

            var (since, before) = _refused.GetValueOrDefault(address);
            if (before == 0 || time.GetElapsedTime(since) > Window)
            {
                (since, before) = (time.GetTimestamp(), 0);
            }

            _refused[address] = (since, before + 1);
            return before < Free ? TimeSpan.Zero : Delay;
        }
    }

    private void ForgetOld()
    {
        foreach (var (address, (since, _)) in _refused)
        {
            if (time.GetElapsedTime(since) > Window)
            {
                _refused.Remove(address);
            }
        }

        if (_refused.Count >= MostAddresses)
        {
            // So many addresses at once: their rate is bounded by the places of unregistered sockets alone.
            _refused.Clear();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(32, LogLevel.Warning, "Refused {Count} registrations or tokens since the last such message, the newest from {Address}: {Reason}")]
        public static partial void Refused(ILogger logger, int count, string address, string reason);
    }
}
