using System.Text;
using DockMon.Engine;

namespace DockMon.Agent.Streams.Shells;

/// <summary>
/// How a shell begins: /bin/sh says its process id, as the container numbers it, and becomes bash where there is one, else sh. The id is
/// what ending the shell needs (the engine only knows the host's), and a program that said it did start.
/// </summary>
/// <param name="ProcessId">The shell's; null when it did not start.</param>
/// <param name="Output">What else was written so far: the begin of its output, or why it did not start.</param>
internal sealed record ShellOpening(string? ProcessId, byte[] Output)
{
    private const string Mark = "dockmon-shell-process:";
    private const int MaxBytes = 64 * 1024;

    // Without this, the engine keeps each Ctrl-P back until the next key, and a paste with Ctrl-P Ctrl-Q in it ends the shell. The keys
    // cannot be turned off, only be made ones that nobody types. The first one of them is kept back now: Ctrl-@ shows nothing anyhow.
    private const string NoDetachKeys = "ctrl-@,ctrl-^,ctrl-@,ctrl-^,ctrl-@,ctrl-^,ctrl-@,ctrl-^";

    /// <summary>What to run. The terminal is never called <c>dumb</c>.</summary>
    public static ExecOptions Program { get; } = new()
    {
        Command = ["/bin/sh", "-c", $"echo {Mark}$$; command -v bash >/dev/null 2>&1 && exec bash || exec sh"],
        Env = ["TERM=xterm-256color"],
        Tty = true,
        AttachStdin = true,
        DetachKeys = NoDetachKeys,
    };

    /// <summary>Reads up to and with the line of the process id. Nothing may be written before: a terminal would echo it into that line.</summary>
    public static async Task<ShellOpening> ReadAsync(EngineStream stream, CancellationToken ct)
    {
        var (buffer, length) = (new byte[MaxBytes], 0);
        while (length < buffer.Length && await stream.ReadAsync(buffer.AsMemory(length), ct) is var count and > 0)
        {
            length += count;
            if (Parse(buffer.AsSpan(0, length)) is { } opening)
            {
                return opening;
            }
        }

        return new ShellOpening(null, buffer[..length]);
    }

    private static ShellOpening? Parse(ReadOnlySpan<byte> output)
    {
        var start = output.IndexOf(Encoding.ASCII.GetBytes(Mark));
        var end = start < 0 ? -1 : output[start..].IndexOf((byte)'\n');
        if (end < 0)
        {
            return null;
        }

        var id = Encoding.ASCII.GetString(output.Slice(start + Mark.Length, end - Mark.Length)).TrimEnd('\r');
        return new ShellOpening(id, [.. output[..start], .. output[(start + end + 1)..]]);
    }
}
