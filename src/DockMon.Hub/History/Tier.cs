namespace DockMon.Hub.History;

/// <summary>A resolution that rollups are kept in.</summary>
/// <param name="Id">Its number in the database.</param>
/// <param name="Name">Its name in the API.</param>
/// <param name="Step">Seconds of a rollup.</param>
/// <param name="Span">Seconds of a block: about a hundred rollups at most.</param>
/// <param name="Kept">How long blocks are kept.</param>
internal sealed record Tier(int Id, string Name, int Step, int Span, TimeSpan Kept)
{
    /// <summary>Seconds of an hour: the unit in which minutes are written and rolled up further.</summary>
    public const int Hour = 3600;

    public static readonly Tier Minute = new(1, "1m", 60, Hour, TimeSpan.FromHours(48));

    public static readonly Tier TenMinutes = new(2, "10m", 600, 12 * Hour, TimeSpan.FromDays(14));

    public static readonly Tier Hours = new(3, "1h", Hour, 4 * 24 * Hour, TimeSpan.FromDays(400));

    /// <summary>All, from the finest to the coarsest.</summary>
    public static readonly IReadOnlyList<Tier> All = [Minute, TenMinutes, Hours];

    /// <summary>The start of the block that holds a second.</summary>
    public long BlockOf(long second) => second - (second % Span);
}
