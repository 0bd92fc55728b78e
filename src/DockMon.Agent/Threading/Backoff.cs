namespace DockMon.Agent.Threading;

/// <summary>
/// Delays between attempts: they grow from <paramref name="initial"/> to <paramref name="most"/>, spread by chance, so that five hundred agents of a
/// server that was away do not come back at once.
/// </summary>
/// <param name="initial">The ceiling of the first delay.</param>
/// <param name="most">That of the last.</param>
/// <param name="random">Chance.</param>
/// <param name="growth">What each ceiling is multiplied by.</param>
/// <param name="spread">Which part of a delay is left to chance.</param>
internal sealed class Backoff(TimeSpan initial, TimeSpan most, Random random, double growth = 2, double spread = 1)
{
    private double _ceiling = initial.Ticks;

    /// <summary>
    /// For dialling a server. Users are blind until the next try, so a wait is a part of the outage before it: a third at most, after the
    /// first few. And as half of each is certain, none needs to be longer than half of <paramref name="maximum"/> to keep the tries few.
    /// </summary>
    public static Backoff ToServer(TimeSpan initial, TimeSpan maximum, Random random) =>
        new(initial, initial > maximum / 2 ? initial : maximum / 2, random, growth: 1.2, spread: 0.5);

    /// <summary>The delay before the next attempt.</summary>
    public TimeSpan Next()
    {
        var ceiling = Math.Min(_ceiling, most.Ticks);
        _ceiling = ceiling * growth;
        return TimeSpan.FromTicks((long)(ceiling * (1 - (spread * random.NextDouble()))));
    }

    /// <summary>Starts over. To be called only after a connection that lasted: a server that accepts and drops earns no fresh start.</summary>
    public void Reset() => _ceiling = initial.Ticks;
}
