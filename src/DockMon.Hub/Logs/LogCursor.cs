using System.Globalization;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>Ids of events of a followed log: the time of the last line, and the number of lines of that time up to there.</summary>
internal sealed class LogCursor(LogQuery query)
{
    private string _time = query.Since ?? "";
    private int _count = query.Skip;

    /// <summary>Moves past lines and returns the id after them.</summary>
    public string Move(IReadOnlyList<LogLine> lines)
    {
        foreach (var line in lines)
        {
            (_time, _count) = (line.Time, line.Time == _time ? _count + 1 : 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{_time}/{_count}");
    }
}
