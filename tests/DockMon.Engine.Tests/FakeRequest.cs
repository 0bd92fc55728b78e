using System.Text;

namespace DockMon.Engine.Tests;

internal sealed record FakeRequest(string Line, string Headers, string Body)
{
    public static async Task<FakeRequest> ReadAsync(Stream stream, CancellationToken ct)
    {
        var head = await ReadHeadAsync(stream, ct);
        var end = head.IndexOf("\r\n", StringComparison.Ordinal);
        var line = head[..end].Replace(" HTTP/1.1", "", StringComparison.Ordinal);
        var length = head.Split("\r\n").FirstOrDefault(h => h.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = new byte[length is null ? 0 : int.Parse(length.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, ct);
        return new FakeRequest(line, head[end..], Encoding.UTF8.GetString(body));
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
