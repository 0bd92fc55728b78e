using System.Text.Json.Serialization;

namespace DockMon.Agent.Health;

/// <summary>What the agent says about itself: one line of JSON on its socket.</summary>
/// <param name="Healthy">Its loops turn and the engine answers. Of the server it says nothing.</param>
/// <param name="Text">The same in words.</param>
/// <param name="Loops">Its loops.</param>
/// <param name="EngineAnsweredSecondsAgo">How old the engine's last answer is; null when there was none.</param>
/// <param name="CutAnswers">How many of the engine's answers and events were too large, and were cut.</param>
/// <param name="LostAuditRecords">How many records of the audit could not be written.</param>
internal sealed record HealthAnswer(
    bool Healthy, string Text, IReadOnlyList<LoopAnswer> Loops, double? EngineAnsweredSecondsAgo, int CutAnswers = 0, long LostAuditRecords = 0)
{
    /// <summary>Puts it together.</summary>
    /// <param name="heartbeats">The loops.</param>
    /// <param name="engineError">Why the engine does not answer; null when it does.</param>
    /// <param name="sinceEngine">How old its last answer is.</param>
    /// <param name="cut">How many of its answers were cut.</param>
    /// <param name="stalls">What work does not get on, in words.</param>
    /// <param name="lost">How many records of the audit could not be written.</param>
    public static HealthAnswer From(
        AgentLoops heartbeats, string? engineError, TimeSpan? sinceEngine, int cut = 0, IReadOnlyList<string>? stalls = null, long lost = 0)
    {
        LoopAnswer[] loops = [.. heartbeats.All.Select(beat => (beat.Name, State: beat.Read()))
            .Select(loop => new LoopAnswer(loop.Name, loop.State.Turns, Math.Round(loop.State.Silence.TotalSeconds, 1)))];
        string[] problems =
        [
            .. loops.Where(loop => !loop.Turns).Select(loop => $"the loop \"{loop.Name}\" stands still since {loop.LastTurnSecondsAgo:0} s"),
            .. stalls ?? [],
            .. engineError is null ? Array.Empty<string>() : [engineError],
        ];
        return new HealthAnswer(
            problems.Length == 0,
            (problems.Length > 0 ? "unhealthy: " + string.Join("; ", problems)
                : $"healthy: {loops.Length} loops turn, the engine answered {sinceEngine?.TotalSeconds ?? 0:0} s ago")
                + (cut == 0 ? "" : $"; {cut} of its answers and events were too large and were cut")
                + (lost == 0 ? "" : $"; {lost} records of the audit could not be written"),
            loops,
            sinceEngine is { } age ? Math.Round(age.TotalSeconds, 1) : null,
            cut,
            lost);
    }
}

/// <summary>One loop.</summary>
internal sealed record LoopAnswer(string Name, bool Turns, double LastTurnSecondsAgo);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;
