using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace DockMon.Hub.Api;

/// <summary>Something that changed, as it goes to everybody who listens.</summary>
/// <param name="Id">Counts up.</param>
/// <param name="Name">What kind of thing: one of <see cref="FeedNames"/>.</param>
/// <param name="Text">The server-sent event, written once for all listeners.</param>
internal sealed record FeedItem(long Id, string Name, byte[] Text)
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';
    private const byte Space = (byte)' ';

    /// <summary>Writes an event. Its name and ids are the hub's own; its data is an agent's, and stays one line whatever is in it.</summary>
    public static FeedItem Create(long id, string name, string hostId, JsonElement data)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {id}\nevent: {name}\ndata: {{\"host_id\":\"{hostId}\",\"data\":"));
        var value = JsonMarshal.GetRawUtf8Value(data);
        var text = new byte[head.Length + value.Length + 3];
        head.CopyTo(text, 0);

        // In JSON a line end is only ever white space between values: within text it is escaped. In an event it would begin another field.
        var line = text.AsSpan(head.Length, value.Length);
        value.CopyTo(line);
        line.Replace(LineFeed, Space);
        line.Replace(CarriageReturn, Space);
        "}\n\n"u8.CopyTo(text.AsSpan(head.Length + value.Length));
        return new FeedItem(id, name, text);
    }
}
