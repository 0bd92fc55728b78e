using System.Globalization;
using System.Text;

namespace DockMon.Hub.Api.Feeds;

/// <summary>An event of the stream.</summary>
/// <param name="Id">Ascending id.</param>
/// <param name="Name">Event name: one of <see cref="FeedNames"/>.</param>
/// <param name="HostId">The host it is about.</param>
/// <param name="Text">The server-sent event in UTF-8, formatted once for all listeners.</param>
internal sealed record FeedItem(long Id, string Name, string HostId, byte[] Text)
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';
    private const byte Space = (byte)' ';

    /// <summary>Formats an event. Name and ids come from the hub; the data comes from an agent and always stays on one line.</summary>
    public static FeedItem Create(long id, string name, string hostId, ReadOnlySpan<byte> value)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {id}\nevent: {name}\ndata: {{\"host_id\":\"{hostId}\",\"data\":"));
        var text = new byte[head.Length + value.Length + 3];
        head.CopyTo(text, 0);

        // A raw line break in JSON is white space, since strings escape it. In a server-sent event it would start another field.
        var line = text.AsSpan(head.Length, value.Length);
        value.CopyTo(line);
        line.Replace(LineFeed, Space);
        line.Replace(CarriageReturn, Space);
        "}\n\n"u8.CopyTo(text.AsSpan(head.Length + value.Length));
        return new FeedItem(id, name, hostId, text);
    }
}
