using DockMon.Cli.Interop;

namespace DockMon.Cli.Output;

/// <summary>The terminal, or what stands in its place.</summary>
/// <param name="Out">Output.</param>
/// <param name="Error">Messages.</param>
/// <param name="In">Input.</param>
/// <param name="Environment">Variables.</param>
/// <param name="Width">Width of the terminal; null when the output is none.</param>
internal sealed record CliConsole(TextWriter Out, TextWriter Error, TextReader In, Func<string, string?> Environment, int? Width)
{
    /// <summary>The console of this process.</summary>
    public static CliConsole System()
    {
        int? width = Console.IsOutputRedirected ? null : Math.Max(Console.WindowWidth, 40);
        return new CliConsole(Console.Out, Console.Error, new StreamReader(TerminalMode.Input()), global::System.Environment.GetEnvironmentVariable, width);
    }
}
