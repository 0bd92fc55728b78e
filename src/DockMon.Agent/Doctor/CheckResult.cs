using DockMon.Agent.Configuration;

namespace DockMon.Agent.Doctor;

/// <summary>How a check ended.</summary>
internal enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>The agent works so, but not as well or as safely as it could.</summary>
    Warning,

    /// <summary>The agent does not work so.</summary>
    Failed,

    /// <summary>It could not be looked at.</summary>
    Skipped,
}

/// <summary>What a check found.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Found">What was seen, in words for people.</param>
/// <param name="Remedy">What to do about it, when it is not as it should be.</param>
internal sealed record CheckResult(CheckStatus Status, string Found, string? Remedy = null)
{
    public static CheckResult Ok(string found) => new(CheckStatus.Ok, found);

    public static CheckResult Warning(string found, string remedy) => new(CheckStatus.Warning, found, remedy);

    public static CheckResult Failed(string found, string remedy) => new(CheckStatus.Failed, found, remedy);

    public static CheckResult Failed(ConfigurationError error) => Failed(error.Finding, error.Remedy);

    public static CheckResult Skipped(string why) => new(CheckStatus.Skipped, why);
}

/// <summary>One thing to look at.</summary>
/// <param name="Name">Its name, one word.</param>
/// <param name="Needs">The checks without which there is nothing to look at.</param>
/// <param name="LookAsync">Looks. It may give up by itself; the examination ends it after its limit.</param>
internal sealed record Check(string Name, IReadOnlyList<string> Needs, Func<CancellationToken, Task<CheckResult>> LookAsync);

/// <summary>A check that was made.</summary>
internal sealed record NamedResult(string Name, CheckResult Finding);
