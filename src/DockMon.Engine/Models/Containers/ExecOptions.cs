namespace DockMon.Engine;

/// <summary>What to run inside a container. Its output is always attached.</summary>
public sealed record ExecOptions
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Gives it a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>NAME=value.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>It reads what is written to the stream.</summary>
    public bool AttachStdin { get; init; }

    /// <summary>Input that makes the engine let go of a terminal, such as <c>ctrl-p,ctrl-q</c>, which it is when null.</summary>
    public string? DetachKeys { get; init; }
}

/// <summary>What became of a program that was run inside a container.</summary>
public sealed class ExecInspection
{
    /// <summary>It still runs.</summary>
    public bool Running { get; set; }

    /// <summary>Null until it has ended.</summary>
    public int? ExitCode { get; set; }
}

internal sealed record ExecCreateBody(IReadOnlyList<string> Cmd, bool Tty, IReadOnlyList<string>? Env, bool AttachStdin, string? DetachKeys)
{
    public bool AttachStdout { get; } = true;

    public bool AttachStderr { get; } = true;
}

internal sealed record ExecStartBody(bool Detach, bool Tty);
