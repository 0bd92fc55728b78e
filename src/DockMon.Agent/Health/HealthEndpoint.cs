using System.Net.Sockets;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Threading;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Health;

/// <summary>
/// A socket in the data directory that says to whoever connects how the agent is. A file that is touched would cost a write for every
/// sign of life, and would show nothing of a process that was stopped a moment ago.
/// </summary>
internal sealed partial class HealthEndpoint(AgentContext context, EngineProbe engine, TruncationReport cut, Lanes lanes)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan AfterError = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<HealthEndpoint>();
    private readonly List<Task> _answers = [];

    /// <summary>Where the socket is.</summary>
    public static string PathIn(string dataPath) => Path.Combine(dataPath, "agent.sock");

    /// <summary>Whether an agent runs with this data directory: one listens on its socket.</summary>
    public static async Task<bool> IsListeningAsync(string dataPath)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathIn(dataPath)));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Answers until <paramref name="ct"/> fires. Where there can be no socket, it only says so: the agent does its work all the same.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await BackgroundLoop.RunAsync(ListenAsync, ct);
        await Task.WhenAll(_answers);
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        using var listener = Listen(PathIn(context.Options.DataPath));
        if (listener is null)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, ct);
        }

        while (true)
        {
            await AcceptAsync(listener!, ct);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken ct)
    {
        try
        {
            var client = await listener.AcceptAsync(ct);
            _answers.RemoveAll(answer => answer.IsCompleted);
            _answers.Add(Task.Run(() => AnswerAsync(client, ct), CancellationToken.None));
        }
        catch (SocketException e)
        {
            // Too many open files, say. Nobody's work depends on this socket.
            Log.NotAnswered(_logger, e.Message);
            await Task.Delay(AfterError, _time, ct);
        }
    }

    private Socket? Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // What a killed agent left behind. A second agent with this directory would be wrong in more ways than this.
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, OwnerOnly);
            socket.Listen();
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            socket.Dispose();
            Log.NoSocket(_logger, path, e.Message);
            return null;
        }
    }

    private async Task AnswerAsync(Socket client, CancellationToken ct)
    {
        using (client)
        {
            try
            {
                var engineError = await engine.AskAsync(ct);
                var answer = HealthAnswer.From(context.Loops, engineError, engine.SinceAnswer, cut.Count, lanes.Stalls, context.Audit.Lost);
                await client.SendAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(answer, HealthJson.Default.HealthAnswer), (byte)'\n'], ct);
                client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                Log.NotAnswered(_logger, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(900, LogLevel.Warning, "There can be no socket {Path} ({Reason}): \"dockmon-agent health\" will call this agent unhealthy. "
            + "DATA_PATH has to be a short path on a file system that has sockets")]
        public static partial void NoSocket(ILogger logger, string path, string reason);

        [LoggerMessage(901, LogLevel.Debug, "A question for the agent's health was not answered: {Reason}")]
        public static partial void NotAnswered(ILogger logger, string reason);
    }
}
