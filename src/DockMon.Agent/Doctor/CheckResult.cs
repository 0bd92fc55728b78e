using DockMon.Agent.Configuration;

namespace DockMon.Agent.Doctor;

/// <summary>The outcome of a check.</summary>
internal enum CheckStatus
{
    /// <summary>Nothing is wrong.</summary>
    Ok,

    /// <summary>The agent works, but not as well or as safely as it could.</summary>
    Warning,

    /// <summary>The agent does not work.</summary>
    Failed,

    /// <summary>It could not be checked.</summary>
    Skipped,
}

/// <summary>The result of a check.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Found">What was found, in words for people.</param>
/// <param name="Remedy">What to do about it; null when there is nothing to do.</param>
internal sealed record CheckResult(CheckStatus Status, string Found, string? Remedy = null)
{
    public static CheckResult Ok(string found) => new(CheckStatus.Ok, found);

    public static CheckResult Warning(string found, string remedy) => new(CheckStatus.Warning, found, remedy);

    public static CheckResult Failed(string found, string remedy) => new(CheckStatus.Failed, found, remedy);

    public static CheckResult Failed(ConfigurationError error) => Failed(error.Finding, error.Remedy);

    public static CheckResult Skipped(string why) => new(CheckStatus.Skipped, why);
}

/// <summary>One check.</summary>
/// <param name="Name">Its name, one word.</param>
/// <param name="Needs">The checks that must not have failed before.</param>
/// <param name="LookAsync">The check itself. <see cref="CheckRunner"/> limits its time.</param>
internal sealed record Check(string Name, IReadOnlyList<string> Needs, Func<CancellationToken, Task<CheckResult>> LookAsync);

/// <summary>The result of a check, with the name of the check.</summary>
internal sealed record NamedResult(string Name, CheckResult Finding);
