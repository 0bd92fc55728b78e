using System.Diagnostics;
using System.Text;
using DockMon.Testing;

namespace DockMon.Cli.Tests;

/// <summary>A shell script on a terminal of its own, which <c>script</c> makes: what is typed into it, and what it shows.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _shown = new();
    private readonly Task _reading;
    private readonly CancellationToken _ct;

    private PseudoTerminal(Process process, CancellationToken ct)
    {
        (_process, _ct) = (process, ct);
        _reading = ReadAsync();
    }

    /// <summary>All that was shown so far.</summary>
    public string Shown
    {
        get
        {
            lock (_shown)
            {
                return _shown.ToString();
            }
        }
    }

    /// <summary>Starts a script.</summary>
    /// <param name="script">Its text, for <c>sh</c>.</param>
    /// <param name="variables">Its variables; those of the program that are not among them are not set.</param>
    /// <param name="ct">Ends the waits.</param>
    public static PseudoTerminal Start(string script, IReadOnlyDictionary<string, string> variables, CancellationToken ct)
    {
        var start = new ProcessStartInfo("script", ["-qec", script, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var name in new[] { "DOCKMON_HUB", "DOCKMON_TOKEN", "DOCKMON_CA", "DOCKMON_PIN", "XDG_CONFIG_HOME" })
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["SHELL"] = "/bin/sh";
        start.Environment["TERM"] = "xterm";
        return new PseudoTerminal(Process.Start(start)!, ct);
    }

    /// <summary>Presses keys.</summary>
    public async Task TypeAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync(_ct);
    }

    /// <summary>Waits until a text is shown.</summary>
    public Task UntilShownAsync(string text) =>
        Retry.UntilAsync($"\"{text}\" is shown", () => Shown.Contains(text, StringComparison.Ordinal), ct: _ct);

    /// <summary>Waits until the script has ended.</summary>
    public async Task UntilEndedAsync()
    {
        await _reading.WaitAsync(Retry.DefaultTimeout, _ct);
        await _process.WaitForExitAsync(_ct);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[1024];
        while (await _process.StandardOutput.ReadAsync(buffer, _ct) is > 0 and var length)
        {
            lock (_shown)
            {
                _shown.Append(buffer, 0, length);
            }
        }
    }
}
