namespace DockMon.Agent.Configuration;

/// <summary>A setting the agent cannot start with.</summary>
/// <param name="Variable">The environment variable to correct.</param>
/// <param name="Problem">What is wrong, beginning with what it is wrong with.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Reason">Why it is wrong, where the problem does not say it already.</param>
internal sealed record ConfigurationError(string Variable, string Problem, string Remedy, string? Reason = null)
{
    /// <summary>What is wrong and why, without the remedy.</summary>
    public string Finding => Reason is null ? Problem : $"{Problem}: {Reason}";

    /// <summary>A variable with a value that cannot be used.</summary>
    public static ConfigurationError InvalidValue(string variable, string value, string remedy) =>
        new(variable, $"{variable} is \"{EnvironmentReader.Short(value)}\"", remedy);

    /// <summary>One line for the log.</summary>
    public override string ToString() => $"{Finding}{(Reason is null ? ":" : ";")} {Remedy}";
}

/// <summary>The agent cannot start with its settings.</summary>
internal sealed class ConfigurationException(ConfigurationError error, Exception? innerException = null) : Exception(error.ToString(), innerException)
{
    public ConfigurationError Error { get; } = error;
}
