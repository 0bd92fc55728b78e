using System.Net.Sockets;
using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Interop;
using DockMon.Protocol;

namespace DockMon.Agent.Health;

/// <summary><c>dockmon-agent health</c>: asks the running agent how it is.</summary>
internal static class HealthVerb
{
    private const int LongestAnswer = 64 * 1024;

    /// <summary>How long the agent has for its answer.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4.5);

    /// <summary>Writes one line.</summary>
    /// <returns>The exit code: 0 when the agent is healthy.</returns>
    public static async Task<int> RunAsync(TextWriter output, Func<string, string?> environment, TimeProvider time)
    {
        var (healthy, text) = await AskAsync(environment, time);
        await output.WriteLineAsync(Visible.Blank(text)); // It may have an engine's words in it.
        return healthy ? 0 : 1;
    }

    private static async Task<(bool Healthy, string Text)> AskAsync(Func<string, string?> environment, TimeProvider time)
    {
        try
        {
            // An image's health check is root's, and root without capabilities may not open what is the agent's user's.
            Privileges.Drop(environment, DataOwner.Find);
            return await AskAsync(HealthEndpoint.PathIn(new EnvironmentReader(environment).DirectoryPath("DATA_PATH", "/data")), time);
        }
        catch (ConfigurationException e)
        {
            return (false, "unhealthy: " + e.Message);
        }
    }

    private static async Task<(bool Healthy, string Text)> AskAsync(string path, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            await using var stream = new NetworkStream(socket);
            var buffer = new byte[LongestAnswer];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token);
            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), HealthJson.Default.HealthAnswer) is { } answer
                ? (answer.Healthy, answer.Text)
                : (false, "unhealthy: the agent's answer is empty");
        }
        catch (OperationCanceledException)
        {
            return (false, $"unhealthy: the agent does not answer within {Limit.TotalSeconds:0.#} s (timeout)");
        }
        catch (SocketException e)
        {
            return (false, "unhealthy: " + e.SocketErrorCode switch
            {
                SocketError.AddressNotAvailable => $"there is no {path}: no agent runs with this DATA_PATH, or it is just starting",
                SocketError.ConnectionRefused => $"no agent answers on {path}: it has ended",
                SocketError.AccessDenied => $"user id {Native.UserId} may not open {path}: ask as the agent's own user",
                _ => $"{path}: {e.Message}",
            });
        }
        catch (Exception e) when (e is IOException or JsonException or ArgumentException)
        {
            return (false, $"unhealthy: the agent cannot be asked on {path}: {e.Message}");
        }
    }
}
