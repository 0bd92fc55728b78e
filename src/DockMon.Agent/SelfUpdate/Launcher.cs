using DockMon.Agent.Hosting;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Agent.SelfUpdate.Programs;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

/// <summary>
/// Decides at the start which program runs. The container or the unit always starts the same one, the base; it replaces itself (<c>execve</c>: same
/// process, same container) with a newer one that has proven itself. Going back means the same: the base is executed, and decides.
/// </summary>
internal sealed partial class Launcher(SelfUpdateStore store, ProgramTrust trust, ILogger logger)
{
    /// <summary>Tells a program which file of the data folder it was executed from. Not set: it is the base.</summary>
    public const string ProgramVariable = "DOCKMON_AGENT_PROGRAM";

    /// <summary>Tells a program where the base is.</summary>
    public const string BaseVariable = "DOCKMON_AGENT_BASE";

    /// <summary>Where the base is.</summary>
    public static string BasePath => Environment.GetEnvironmentVariable(BaseVariable) ?? Environment.ProcessPath!;

    /// <summary>The file of the data folder that this program was executed from; null for the base.</summary>
    public static string? Program => Environment.GetEnvironmentVariable(ProgramVariable);

    /// <summary>Replaces this program where another one is to run; returns where this one is.</summary>
    public void Run()
    {
        if (Program is not null)
        {
            return;
        }

        if (store.WhyNotTrusted() is { } distrust)
        {
            Log.NotTrusted(logger, distrust);
        }

        string? refusal = null;
        var before = store.Read();
        bool IsTrusted(InstalledProgram installed)
        {
            refusal = store.FindRefusal(installed) ?? trust.FindRefusal(installed.Sha256, SelfUpdateStore.ReadSignature(installed));
            return refusal is null;
        }

        var (state, program) = Decide(before, AgentVersion.Current, Machine.Current.BootId, IsTrusted);
        if (refusal is not null)
        {
            Log.NotTrusted(logger, refusal);
        }

        if (state != before)
        {
            store.Save(state);
        }

        if (program is not null)
        {
            Log.Launching(logger, program.Version, program.Path, AgentVersion.Current);
            Execute(program.Path, program.Path);
        }
    }

    /// <summary>What the base does. Pure.</summary>
    /// <param name="state">What is written.</param>
    /// <param name="baseVersion">Its own version.</param>
    /// <param name="boot">The start of the machine.</param>
    /// <param name="isIntact">Whether a program may be executed: it is there, unchanged, and nobody else's to change.</param>
    /// <returns>What to write, and the program to become; null for none.</returns>
    public static (SelfUpdateState State, InstalledProgram? Program) Decide(
        SelfUpdateState state,
        string baseVersion,
        string? boot,
        Func<InstalledProgram, bool> isIntact)
    {
        if (state.Trial is { } trial)
        {
            // It was executed, and here is the base again: it ended, and took the process with it.
            state = state.Failed(
                Machine.WasRestarted(trial.Boot, boot) ? "had not proven itself yet when the machine was restarted" : "ended before it had proven itself");
        }

        if (state.Confirmed is not { } confirmed)
        {
            return (state, null);
        }

        // Whoever put another base here since then decides, unless that is the older one.
        var outdated = confirmed.BaseVersion != baseVersion && AgentVersion.Compare(confirmed.Version, baseVersion) <= 0;
        return outdated || !isIntact(confirmed) ? (state with { Confirmed = null }, null) : (state, confirmed);
    }

    /// <summary>Becomes another program. Returns only by an exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="program">What it is told it is; null for the base.</param>
    /// <param name="more">Variables to add.</param>
    public static void Execute(string path, string? program, params IEnumerable<(string Name, string Value)> more)
    {
        var variables = Environment.GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
        variables[BaseVariable] = BasePath;
        variables.Remove(ProgramVariable);
        variables.Remove(Guard.ProcessVariable);
        if (program is not null)
        {
            variables[ProgramVariable] = program;
        }

        foreach (var (name, value) in more)
        {
            variables[name] = value;
        }

        Native.Execute(path, ["dockmon-agent", "run"], variables.Select(variable => $"{variable.Key}={variable.Value}"));
    }

    private static partial class Log
    {
        [LoggerMessage(550, LogLevel.Information, "Becoming version {Version} ({Path}), which has replaced version {BaseVersion}")]
        public static partial void Launching(ILogger logger, string version, string path, string baseVersion);

        [LoggerMessage(563, LogLevel.Error, "A newer version in the data folder is not executed, and the program that was started runs: {Reason}")]
        public static partial void NotTrusted(ILogger logger, string reason);
    }
}
