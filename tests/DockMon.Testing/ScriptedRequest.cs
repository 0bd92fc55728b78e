using System.Globalization;
using System.Text;

namespace DockMon.Testing;

/// <summary>A request to a <see cref="ScriptedEngine"/>.</summary>
/// <param name="Line">Its first line without the protocol: <c>GET /v1.41/info</c>.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body.</param>
public sealed record ScriptedRequest(string Line, string Headers, string Body)
{
    /// <summary>Its path without the API's version, and its query.</summary>
    public string Path =>
        Line.Split(' ')[1] is var path && path.StartsWith("/v1.", StringComparison.Ordinal) ? path[path.IndexOf('/', 1)..] : Line.Split(' ')[1];

    /// <exception cref="EndOfStreamException">The client closed the connection before it had sent all of it.</exception>
    public static async Task<ScriptedRequest> ReadAsync(Stream stream, CancellationToken ct)
    {
        var head = await ReadHeadAsync(stream, ct);
        var end = head.IndexOf("\r\n", StringComparison.Ordinal);
        var line = head[..end].Replace(" HTTP/1.1", "", StringComparison.Ordinal);
        var length = head.Split("\r\n").FirstOrDefault(h => h.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = new byte[length is null ? 0 : int.Parse(length.AsSpan(15), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, ct);
        return new ScriptedRequest(line, head[end..], Encoding.UTF8.GetString(body));
    }

    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken ct)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, ct);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
