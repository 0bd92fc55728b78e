using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace DockMon.Cli.Hub;

/// <summary>An event of a stream.</summary>
internal sealed record ServerEvent(string Name, string Id, JsonElement Data);

/// <summary>Reads server-sent events.</summary>
internal sealed class EventReader(HttpResponseMessage answer) : IDisposable
{
    /// <summary>The events until the hub ends the stream.</summary>
    public async IAsyncEnumerable<ServerEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct), Encoding.UTF8);
        var (name, id) = ("message", "");
        while (await ReadLineAsync(reader, ct) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line["id: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                yield return new ServerEvent(name, id, Parse(line["data: ".Length..]));
            }
            else if (line.Length == 0)
            {
                name = "message";
            }
        }
    }

    public void Dispose() => answer.Dispose();

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken ct)
    {
        try
        {
            return await reader.ReadLineAsync(ct);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new CliException(ExitCodes.NoHub, $"the connection to the hub was lost: {e.Message}");
        }
    }

    private static JsonElement Parse(string data)
    {
        try
        {
            return JsonElement.Parse(data);
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCodes.Failed, $"the hub sent an event that is no JSON: {e.Message}");
        }
    }
}
