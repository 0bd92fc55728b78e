namespace DockMon.Cli;

/// <summary>What the program ends with.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The hub or an agent refused, or something of what was asked for failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>The hub cannot be reached, or does not accept the key.</summary>
    public const int NoHub = 3;

    /// <summary>There is no such host, container or other thing.</summary>
    public const int NotFound = 4;

    /// <summary>Interrupted, as shells have it.</summary>
    public const int Interrupted = 130;
}

/// <summary>Ends the program with a message for people.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;
}
