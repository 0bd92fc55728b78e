using DockMon.Fuzz.Targets;

namespace DockMon.Fuzz;

/// <summary>All targets.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("frame", ServerTargets.Frame),
        new("payload", PayloadTargets.Payload),
        new("registration", ServerTargets.Registration),
        new("socket", ServerTargets.Socket),
        new("pongs", ServerTargets.Pongs),
        new("answers", EngineTargets.Answers),
        new("trimmer", EngineTargets.Trimmer),
        new("events", EngineTargets.Events),
        new("logs", EngineTargets.Logs),
        new("pull", EngineTargets.Pull),
        new("plan", EngineTargets.Plan),
        new("compose", ComposeTargets.Files),
        new("compose-output", ComposeTargets.Output),
        new("policy", PolicyTargets.Policy),
        new("signature", PolicyTargets.Signature),
        new("linux", LinuxTargets.Files),
        new("log-line", TextTargets.LogLine),
        new("journals", JournalTargets.Journals),
        new("hub-registration", HubTargets.Registration),
        new("hub-frame", HubTargets.Frame),
        new("hub-sample", HubTargets.Sample),
        new("hub-api", HubApiTargets.Request),
    ];

    public static FuzzTarget Find(string name) => All.FirstOrDefault(target => target.Name == name)
        ?? throw new ArgumentException($"there is no target {name}; there are: {string.Join(", ", All.Select(target => target.Name))}");
}
