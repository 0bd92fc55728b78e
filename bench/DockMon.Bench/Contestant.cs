using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>One way to watch an engine.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Command">The agent: a program and its arguments; empty for nothing that watches.</param>
/// <param name="Environment">Variables it has beside those every agent has.</param>
internal sealed record Contestant(string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment)
{
    public const string StandIn = "standin";

    private static readonly Dictionary<string, string> None = [];

    /// <summary>Nothing watches: what the engine costs by itself, and the noise.</summary>
    public static Contestant Idle { get; } = new("idle", [], None);

    /// <summary>Those a command line asks for: all, or the ones of <c>--only</c>, and <c>--agent</c> in any case.</summary>
    public static IReadOnlyList<Contestant> Choose(Arguments arguments)
    {
        var all = new[] { Ours("kernel"), Ours("engine"), new(StandIn, [System.Environment.ProcessPath!, StandIn], None), Idle };
        var other = arguments.Text("agent") is { } command ? Other(command) : null;
        IReadOnlyList<Contestant> chosen = arguments.Text("only") is not { } only ? all
            : [.. only.Split(',').Select(name => all.FirstOrDefault(known => known.Name == name)
                ?? throw new UsageException($"--only has \"{name}\": there are {string.Join(", ", all.Select(known => known.Name))}"))];
        return other is null ? chosen : [other, .. chosen];
    }

    /// <summary>The one of a verb that has only one: <c>--agent</c>, else ours with the statistics of <c>--source</c>.</summary>
    public static Contestant ChooseOne(Arguments arguments)
    {
        var source = arguments.Text("source") ?? "auto";
        return arguments.Text("agent") is { } command ? Other(command) : Ours(source);
    }

    private static Contestant Ours(string source) =>
        new(source, [AgentProcess.Path], new Dictionary<string, string>(StringComparer.Ordinal) { ["STATS_SOURCE"] = source });

    // The shell is replaced by the agent, so that the process that was started is the one to measure.
    private static Contestant Other(string command) => new("--agent", ["sh", "-c", "exec " + command], None);
}
