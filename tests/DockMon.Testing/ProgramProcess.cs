using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DockMon.Testing;

/// <summary>A program that runs beside a test: its lines are kept, it can be signalled, and it does not outlive the test.</summary>
public sealed class ProgramProcess : IAsyncDisposable
{
    private const int SigHangup = 1;
    private const int SigKill = 9;
    private const int SigUser1 = 10;
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;
    private const int NoSuchProcess = 3;
    private readonly Process _process;
    private readonly string? _log;
    private readonly List<string> _lines = [];
    private bool _disposed;

    private ProgramProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _log = LogFolder?.Invoke();
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Names the folder for the log of a program that starts now, so that it can be read when its test has failed; null keeps none.</summary>
    public static Func<string?>? LogFolder { get; set; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _disposed || _process.HasExited;

    /// <summary>What it has written so far to output and error, line by line.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Starts a program. Variables named in <paramref name="unset"/> are not inherited.</summary>
    public static ProgramProcess Start(
        string path, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string>? unset = null)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in unset ?? [])
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ProgramProcess(start);
    }

    /// <summary>
    /// Waits until it has written a line that <paramref name="condition"/> likes, among
    /// those from <paramref name="from"/> on, and returns that line.
    /// </summary>
    /// <exception cref="TimeoutException">There is none; the message has its last lines.</exception>
    public async Task<string> WaitForLineAsync(string reason, Func<string, bool> condition, CancellationToken ct, TimeSpan? timeout = null, int from = 0)
    {
        try
        {
            return await Retry.FindAsync(reason, () => Task.FromResult(Lines.Skip(from).FirstOrDefault(condition)), timeout, ct);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}{Environment.NewLine}{Tail()}", e);
        }
    }

    /// <summary>Waits until it has written a line that contains <paramref name="text"/>.</summary>
    public Task<string> WaitForLineAsync(string text, CancellationToken ct, TimeSpan? timeout = null, int from = 0) =>
        WaitForLineAsync($"there is a line with \"{text}\"", line => line.Contains(text, StringComparison.Ordinal), ct, timeout, from);

    /// <summary>Asks it to end (SIGTERM).</summary>
    public void Terminate() => Signal(SigTerm);

    /// <summary>Asks it to read again what it has read (SIGHUP).</summary>
    public void Hangup() => Signal(SigHangup);

    /// <summary>Sends SIGUSR1, whose meaning is the program's.</summary>
    public void SignalUser1() => Signal(SigUser1);

    /// <summary>Ends it at once (SIGKILL).</summary>
    public void Kill() => Signal(SigKill);

    /// <summary>Has it stand still (SIGSTOP) until <see cref="Continue"/>.</summary>
    public void Stop() => Signal(SigStop);

    /// <summary>Has it go on (SIGCONT).</summary>
    public void Continue() => Signal(SigContinue);

    /// <summary>Waits until it has ended and returns its exit code.</summary>
    /// <exception cref="TimeoutException">It did not end in time; the message has its last lines.</exception>
    public async Task<int> WaitForExitAsync(CancellationToken ct, TimeSpan? timeout = null)
    {
        try
        {
            await _process.WaitForExitAsync(ct).WaitAsync(timeout ?? Retry.DefaultTimeout, TimeProvider.System, ct);
            return _process.ExitCode;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{_process.StartInfo.FileName} did not end.{Environment.NewLine}{Tail()}", e);
        }
    }

    /// <summary>Asks it to end and waits for that; one that does not end in time is ended at once, and its last lines go to the error output.</summary>
    public async Task EndAsync(TimeSpan limit)
    {
        Terminate();
        try
        {
            await WaitForExitAsync(CancellationToken.None, limit);
        }
        catch (TimeoutException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
        }

        await DisposeAsync();
    }

    /// <summary>Its last lines, for a message.</summary>
    public string Tail(int count = 40) => string.Join(Environment.NewLine, Lines.TakeLast(count));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync();
        }

        if (_log is not null)
        {
            Directory.CreateDirectory(_log);
            await File.WriteAllLinesAsync(Path.Combine(_log, $"{Id}-{Path.GetFileName(_process.StartInfo.FileName)}.log"), Lines);
        }

        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);

    private void Signal(int signal)
    {
        // One that ends by itself between the look and the signal needs none.
        if (!_process.HasExited && SendSignal(_process.Id, signal) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var error)
        {
            throw new InvalidOperationException($"Signal {signal} to process {_process.Id}: error {error}.");
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}
