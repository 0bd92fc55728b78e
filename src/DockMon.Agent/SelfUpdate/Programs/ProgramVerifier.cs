using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Json;
using DockMon.Agent.Threading;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>Finds out what a file is before anything is trusted to it.</summary>
internal static class ProgramVerifier
{
    private const int HeaderLength = 20;
    private const int MachineOffset = 18;
    private const int Amd64 = 62;
    private const int Arm64 = 183;

    // More than any version needs, and little enough to be held whatever program that is.
    private const int LongestAnswer = 4096;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    /// <summary>Checks that a file is a program for this processor.</summary>
    /// <exception cref="CommandException">It is not.</exception>
    public static void CheckMachine(string path)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        using var file = File.OpenRead(path);
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !header.StartsWith("\u007fELF"u8))
        {
            throw new CommandException("what came is not a program for Linux (no ELF file)");
        }

        // The sixth byte says how the numbers are written; both machines write the low byte first.
        var machine = header[MachineOffset] | (header[MachineOffset + 1] << 8);
        var own = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Arm64 : Amd64;
        if (machine != own)
        {
            throw new CommandException($"the program is for another processor: {Name(machine)}, and this host has {Name(own)}");
        }
    }

    /// <summary>Has the program say what it is. It runs without any of the agent's variables.</summary>
    /// <returns>Its version.</returns>
    /// <exception cref="CommandException">It is not this product, or does not say.</exception>
    public static async Task<string> AskVersionAsync(string path, CancellationToken ct)
    {
        var start = new ProcessStartInfo(
            path,
            ["version", "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Clear();
        using var limit = new TimeLimit(AnswerLimit, TimeProvider.System, ct);
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                process.StandardInput.Close();
                // What it has to say besides is of no interest, and not to be mixed into the log.
                return Version(await ReadAsync(process.StandardOutput, limit.Token));
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsOver)
        {
            throw NotThisProduct($"it did not say within {AnswerLimit.TotalSeconds:0} s what it is (timeout)");
        }
        catch (Win32Exception e)
        {
            throw new CommandException($"the program cannot be executed from the data folder ({e.Message}): see that it is not mounted with noexec");
        }
    }

    /// <summary>The beginning of what it says. It may go on for ever; then it is ended with the rest unread.</summary>
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken ct)
    {
        var text = new char[LongestAnswer];
        return new string(text, 0, await reader.ReadBlockAsync(text, ct));
    }

    private static string Version(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.GetText("product") == "dockmon-agent"
                && json.RootElement.GetText("version") is { Length: > 0 and <= 50 } version
                && version.All(IsVersionCharacter))
            {
                return version;
            }
        }
        catch (JsonException)
        {
            // Another program answers in words of its own.
        }

        throw NotThisProduct($"asked for its version it says \"{EnvironmentReader.Short(answer.Trim())}\"");
    }

    private static bool IsVersionCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-';

    private static CommandException NotThisProduct(string why) =>
        new($"the program is not this product: {why}. Set SELF_UPDATE_IMAGE to the repository of this agent's image, so that the server's tag is "
            + "taken from there");

    private static string Name(int machine) => machine switch { Amd64 => "amd64", Arm64 => "arm64", _ => $"ELF machine {machine}" };
}
