using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace DockMon.Chaos;

/// <summary>What happened, and what must not have happened.</summary>
internal sealed class Results
{
    private readonly List<(string Name, List<TimeSpan> Returns)> _disturbances = [];
    private readonly List<string> _slow = [];
    private readonly List<string> _owners = [];
    private readonly List<string> _broken = [];

    /// <summary>How often each command was executed.</summary>
    public ConcurrentDictionary<long, int> Executions { get; } = new();

    /// <summary>What each command was answered with.</summary>
    public ConcurrentDictionary<long, string> Outcomes { get; } = new();

    public long LostEvents { get; set; }

    public long DoubleEvents { get; set; }

    public long Events { get; set; }

    /// <summary>Whether nothing happened that must not.</summary>
    public bool AreGood => Invariants.All(invariant => invariant.Violations == 0);

    private IEnumerable<(string Name, long Violations)> Invariants =>
    [
        ("no command is executed twice", Outcomes.Keys.Count(n => Executed(n) > 1)),
        ("what was answered was executed", Outcomes.Count(outcome => outcome.Value == "200" && Executed(outcome.Key) != 1)),
        ("what was refused was not executed", Outcomes.Count(outcome => outcome.Value is "409" or "503" && Executed(outcome.Key) != 0)),
        ("no command is answered with 500", Outcomes.Count(outcome => outcome.Value == "500")),
        (string.Create(CultureInfo.InvariantCulture, $"no event is lost (of {Events})"), LostEvents),
        ("no event is stored twice", DoubleEvents),
        ("every agent has one owner", _owners.Count),
        ("all agents are back within a minute", _slow.Count),
        ("everything else went as it should", _broken.Count),
    ];

    public void Returned(string disturbance, TimeSpan duration)
    {
        if (_disturbances.Find(each => each.Name == disturbance) is not { Name: not null } entry)
        {
            _disturbances.Add(entry = (disturbance, []));
        }

        entry.Returns.Add(duration);
        if (duration > TimeSpan.FromMinutes(1))
        {
            _slow.Add(string.Create(CultureInfo.InvariantCulture, $"{disturbance}: all agents were back after {duration.TotalSeconds:0} s"));
        }
    }

    public void NotReturned(string disturbance, string reason) => _slow.Add($"{disturbance}: {reason}");

    public void WrongOwners(string disturbance, string hosts) => _owners.Add($"{disturbance}: {hosts}");

    public void Broke(string what) => _broken.Add(what);

    public string Write(string heading)
    {
        var text = new StringBuilder($"\n{heading}\n\n| what happened | times | all agents back: median s | slowest s |\n| --- | ---: | ---: | ---: |\n");
        foreach (var (name, returns) in _disturbances)
        {
            var sorted = returns.Order().ToList();
            text.Append(
                CultureInfo.InvariantCulture, $"| {name} | {sorted.Count} | {sorted[sorted.Count / 2].TotalSeconds:0.0} | {sorted[^1].TotalSeconds:0.0} |\n");
        }

        text.Append("\n| commands answered with | number | executed |\n| --- | ---: | ---: |\n");
        foreach (var group in Outcomes.GroupBy(outcome => outcome.Value).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {group.Key} | {group.Count()} | {group.Count(outcome => Executed(outcome.Key) > 0)} |\n");
        }

        text.Append("\n| invariant | violations |\n| --- | ---: |\n");
        foreach (var (name, violations) in Invariants)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {violations} |\n");
        }

        return text.Append('\n').AppendJoin('\n', [.. _slow, .. _owners, .. _broken]).ToString();
    }

    private int Executed(long number) => Executions.GetValueOrDefault(number);
}
