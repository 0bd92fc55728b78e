namespace DockMon.Hub.Agents.Limits;

/// <summary>A rate with a burst. It may be overdrawn by the last one who takes: then everybody waits. Not thread-safe.</summary>
internal sealed class TokenBucket
{
    private readonly double _rate;
    private readonly double _burst;
    private double _tokens;
    private long _at;

    /// <param name="rate">Tokens that are added each second.</param>
    /// <param name="burst">Maximum number of tokens.</param>
    public TokenBucket(double rate, double burst) => (_rate, _burst, _tokens) = (rate, burst, burst);

    /// <summary>Takes tokens.</summary>
    /// <param name="count">How many.</param>
    /// <param name="now">Current time in ticks of <see cref="TimeSpan"/>, since anything.</param>
    /// <returns>How long to wait until the bucket is no longer overdrawn; zero when it is not.</returns>
    public TimeSpan Take(double count, long now)
    {
        var passed = Math.Max(0, now - _at) / (double)TimeSpan.TicksPerSecond;
        _at = now;
        _tokens = Math.Min(_burst, _tokens + (passed * _rate)) - count;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _rate);
    }
}
