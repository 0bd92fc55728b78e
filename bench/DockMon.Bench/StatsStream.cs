using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Engine;

namespace DockMon.Bench;

/// <summary>The engine's endless stream of a container's samples, one a second. The agent does not use it, so the engine client does not have it.</summary>
internal sealed class StatsStream(string? host, Version version) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, ct) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(EngineProcesses.SocketOf(host)), ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://docker"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async IAsyncEnumerable<EngineStats> WatchAsync(string id, [EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await _http.GetAsync($"/v{version}/containers/{id}/stats?stream=1", HttpCompletionOption.ResponseHeadersRead, ct);
        var pipe = PipeReader.Create(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(ct));
        while (true)
        {
            var read = await pipe.ReadAsync(ct);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                yield return Parse(rest.Slice(0, end));
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            pipe.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                yield break;
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static EngineStats Parse(ReadOnlySequence<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        return JsonSerializer.Deserialize(ref reader, StatsJson.Default.EngineStats)!;
    }
}

[JsonSerializable(typeof(EngineStats))]
internal sealed partial class StatsJson : JsonSerializerContext;
