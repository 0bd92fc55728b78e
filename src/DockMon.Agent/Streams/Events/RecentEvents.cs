using DockMon.Engine;

namespace DockMon.Agent.Streams.Events;

/// <summary>Knows the last events again, for as long as a reopened stream may repeat them.</summary>
internal sealed class RecentEvents
{
    /// <summary>How many are remembered: more than a daemon itself remembers (256).</summary>
    public const int Capacity = 4096;

    private readonly HashSet<(long, string, string)> _known = [];
    private readonly Queue<(long, string, string)> _order = new();

    /// <summary>Remembers an event.</summary>
    /// <returns>False when it was known.</returns>
    public bool Add(EngineEvent e)
    {
        var key = (e.TimeNano, e.ActorId, e.Action);
        if (!_known.Add(key))
        {
            return false;
        }

        _order.Enqueue(key);
        if (_order.Count > Capacity)
        {
            _known.Remove(_order.Dequeue());
        }

        return true;
    }
}
