using System.Globalization;
using System.Runtime.CompilerServices;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private const string Multiplexed = "application/vnd.docker.multiplexed-stream";
    private const string Raw = "application/vnd.docker.raw-stream";

    // Before this version the engine says "raw" whatever it sends.
    private static readonly Version TruthfulContentType = new(1, 42);

    private static readonly TimeSpan LogSilence = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A container's output, standard output and standard error in the engine's order. A piece is valid until the next one is asked for. An engine that
    /// falls silent, as one does whose log driver hangs, is an error, unless the log is followed.
    /// </summary>
    public async IAsyncEnumerable<LogPiece> ReadLogsAsync(string id, LogOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var response = await OpenAsync(EngineRequest.Get(LogsPath(id, options)), ct).ConfigureAwait(false);
        var raw = await IsRawAsync(id, response, ct).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        using var silence = new SilenceLimit(options.Follow ? Timeout.InfiniteTimeSpan : LogSilence, $"sent the log of {id}", _time, ct);
        if (raw)
        {
            var buffer = new byte[16 * 1024];
            while (await silence.ReadAsync(token => ReadStreamAsync(stream, buffer, token)).ConfigureAwait(false) is var count and > 0)
            {
                yield return new LogPiece(LogSource.Terminal, buffer.AsMemory(0, count));
            }
        }
        else
        {
            using var frames = new LogDemultiplexer(stream);
            while (await silence.ReadAsync(frames.ReadAsync).ConfigureAwait(false) is { IsEmpty: false } data)
            {
                yield return new LogPiece(frames.IsError ? LogSource.Error : LogSource.Output, data);
            }
        }
    }

    private static string LogsPath(string id, LogOptions options)
    {
        var tail = options.Tail?.ToString(CultureInfo.InvariantCulture) ?? "all";
        var path = $"{Container(id, "logs")}?stdout=1&stderr=1&tail={tail}&timestamps={Flag(options.Timestamps)}&follow={Flag(options.Follow)}";
        return path + Limit("since", options.Since) + Limit("until", options.Until);

        static string Limit(string name, string? time) =>
            string.IsNullOrEmpty(time) ? "" : $"&{name}={Uri.EscapeDataString(EngineTime.ToSeconds(time))}";
    }

    private async Task<bool> IsRawAsync(string id, HttpResponseMessage response, CancellationToken ct) =>
        response.Content.Headers.ContentType?.MediaType switch
        {
            Multiplexed => false,
            Raw when await GetApiVersionAsync(ct).ConfigureAwait(false) >= TruthfulContentType => true,
            _ => (await InspectContainerAsync(id, ct).ConfigureAwait(false)).Config.Tty,
        };

    private async ValueTask<int> ReadStreamAsync(Stream stream, Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            return await stream.ReadAsync(buffer, ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw EngineConnector.Lost(Endpoint, e);
        }
    }
}
