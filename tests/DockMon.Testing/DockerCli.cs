using System.Diagnostics;

namespace DockMon.Testing;

/// <summary>Runs <c>docker …</c> against one engine: a second way to the daemon, so that a test does not ask the code it tests.</summary>
/// <param name="host">The engine, as <c>DOCKER_HOST</c> has it; null for the machine's own.</param>
public sealed class DockerCli(string? host = null)
{
    /// <summary>The engine it speaks to; null for the machine's own.</summary>
    public string? Host => host;

    /// <summary>Runs a command and returns what it wrote to its output, without the last line break.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has the command and its words.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var (code, output, error) = await TryRunAsync(arguments, ct);
        return code == 0 ? output
            : throw new InvalidOperationException($"docker {string.Join(' ', arguments)} ended with {code}: {error}");
    }

    /// <summary>Runs a command that may fail.</summary>
    public async Task<(int ExitCode, string Output, string Error)> TryRunAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        if (host is not null)
        {
            start.Environment["DOCKER_HOST"] = host;
        }

        using var process = Process.Start(start)!;
        // Whoever reads them has to close them: the process does not.
        using var standardOutput = process.StandardOutput;
        using var standardError = process.StandardError;
        try
        {
            process.StandardInput.Close();
            var output = standardOutput.ReadToEndAsync(ct);
            var error = standardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, (await output).TrimEnd('\n'), (await error).TrimEnd('\n'));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
