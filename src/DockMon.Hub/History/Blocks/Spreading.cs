namespace DockMon.Hub.History.Blocks;

/// <summary>Spreads what is done for many hosts over time.</summary>
internal static class Spreading
{
    /// <summary>The place of a host among a number of places, always the same.</summary>
    public static int Of(string hostId, int places)
    {
        var hash = 2166136261;
        foreach (var character in hostId)
        {
            hash = (hash ^ character) * 16777619;
        }

        return (int)(hash % (uint)places);
    }
}
