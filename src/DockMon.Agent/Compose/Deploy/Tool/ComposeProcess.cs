using System.Diagnostics;
using System.Text;
using DockMon.Agent.Interop;

namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>What a run of compose left behind.</summary>
/// <param name="ExitCode">0 when it did what it was told.</param>
/// <param name="Output">What it wrote to its output.</param>
/// <param name="Errors">The last lines it wrote to its error output.</param>
internal sealed record ComposeResult(int ExitCode, string Output, IReadOnlyList<string> Errors);

/// <summary>Runs compose without a shell and without a terminal, in a session of its own: a Ctrl-C for the agent is not one for a deployment.</summary>
internal static class ComposeProcess
{
    /// <summary>Most characters of its output that are kept; one that has as many may have been cut.</summary>
    public const int OutputKept = 16 * 1024 * 1024;

    private const int ErrorLinesKept = 200;
    private static readonly string? SetSid = new[] { "/usr/bin/setsid", "/bin/setsid" }.FirstOrDefault(File.Exists);

    /// <summary>How long it has to end by itself after it was told to, and what it started to let go of its output after it has ended.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs it to its end; when <paramref name="ct"/> fires, it and what it started are ended first.</summary>
    public static async Task<ComposeResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        string folder,
        Action<string>? line,
        TimeProvider time,
        CancellationToken ct)
    {
        // setsid of util-linux and of busybox replaces itself by the program, so that the process's id is its group's.
        var start = SetSid is null ? new ProcessStartInfo(program, arguments) : new ProcessStartInfo(SetSid, [program, .. arguments]);
        start.WorkingDirectory = folder;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        // Not what the agent's own locale says: what compose writes is read back by it.
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        ct.ThrowIfCancellationRequested();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = new Queue<string>();
        using var read = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var output = ReadAsync(process.StandardOutput, read.Token);
        var lines = ReadLinesAsync(process.StandardError, errors, line, read.Token);
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await EndAsync(process, time);
            await read.CancelAsync();
            throw;
        }

        // What it wrote is there by now. Somebody whom it started may keep the pipes open for as long as he likes.
        read.CancelAfter(Patience);
        await Task.WhenAll(output, lines);
        return new ComposeResult(process.ExitCode, await output, [.. errors]);
    }

    /// <summary>Tells one, and what it started, to end.</summary>
    public static void Terminate(int process) => Native.Terminate(SetSid is null ? process : -process);

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken ct)
    {
        var text = new StringBuilder();
        while (await NextAsync(reader, ct) is { } next)
        {
            if (text.Length < OutputKept)
            {
                text.Append(next).Append('\n');
            }
        }

        return text.ToString();
    }

    private static async Task ReadLinesAsync(StreamReader reader, Queue<string> last, Action<string>? line, CancellationToken ct)
    {
        while (await NextAsync(reader, ct) is { } next)
        {
            line?.Invoke(next);
            last.Enqueue(next);
            if (last.Count > ErrorLinesKept)
            {
                last.Dequeue();
            }
        }
    }

    /// <summary>The next line; null at the end, or when <paramref name="ct"/> fires.</summary>
    private static async Task<string?> NextAsync(StreamReader reader, CancellationToken ct)
    {
        try
        {
            return await reader.ReadLineAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task EndAsync(Process process, TimeProvider time)
    {
        Terminate(process.Id);
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }
}
