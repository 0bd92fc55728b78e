using DockMon.Engine;

namespace DockMon.Agent.Streams.Shells;

/// <summary>
/// Ends a shell with everything it started. The engine has no call for it: when the connection of a program with a terminal is closed, the
/// engine (as seen with 20.10) leaves the program as it is, with neither an end of input nor a hangup. Ctrl-D or "exit" as input would
/// go to whatever runs in the foreground. So a second program does in the container what a terminal does that is hung up: SIGHUP to the
/// whole session, whose id is the shell's process id, because every such program is made the leader of a session of its own. What
/// ignores that is killed a second later. Only what left the session on purpose (setsid) stays, as it would after ssh.
/// </summary>
internal static class ShellHangup
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    // Nothing but the shell's own commands, except for "sleep": an image needs to have no more than a shell.
    // The fields of "stat" after the name, which ends with the last parenthesis: state, parent, group, session.
    private const string Script = """
        session=$1
        each() { left=; for p in /proc/[0-9]*; do
          { read -r line <"$p/stat"; } 2>/dev/null || continue
          set -- "$1" ${line##*) }
          if [ "$5" = "$session" ] && [ "$2" != Z ]; then kill -"$1" "${p#/proc/}" 2>/dev/null && left=y; fi
        done; }
        each HUP; each CONT; each 0
        if [ "$left" ]; then sleep 1; each KILL; fi
        """;

    /// <summary>Whether the program still runs; one that is gone with its container does not.</summary>
    public static async Task<bool> RunsAsync(EngineClient engine, string execId, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectExecAsync(execId, ct)).Running;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return false;
        }
    }

    /// <summary>Ends the session and waits until the engine says that its shell is gone.</summary>
    /// <returns>Why something may be left; null when nothing is.</returns>
    public static async Task<string?> EndAsync(EngineClient engine, string containerId, string execId, string processId, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            if (!await RunsAsync(engine, execId, limit.Token))
            {
                return null;
            }

            var killer = await engine.CreateExecAsync(containerId, new ExecOptions { Command = ["/bin/sh", "-c", Script, "sh", processId] }, limit.Token);
            await using (var stream = await engine.StartExecAsync(killer, tty: false, limit.Token))
            {
                var buffer = new byte[1024];
                while (await stream.ReadAsync(buffer, limit.Token) > 0)
                {
                    // Its words do not matter; its end does.
                }
            }

            while (await RunsAsync(engine, execId, limit.Token))
            {
                await Task.Delay(LookInterval, time, limit.Token);
            }

            return null;
        }
        catch (EngineException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return $"they did not end within {Limit.TotalSeconds:0} s (timeout)";
        }
    }
}
