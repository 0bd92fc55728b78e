using System.Text;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;

namespace DockMon.Hub.Tests.Api;

/// <summary>Reads an event of the feed as those who listen do: a line ends at a line feed, a carriage return, or both.</summary>
internal static class FeedText
{
    public static string[] Lines(FeedItem item) => Encoding.UTF8.GetString(item.Text).Split(["\r\n", "\n", "\r"], StringSplitOptions.None);

    public static JsonElement Data(FeedItem item) =>
        JsonElement.Parse(Lines(item).Single(line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..]);

    /// <summary>Everything that waits for a listener.</summary>
    public static List<FeedItem> TakeAll(FeedListener listener)
    {
        var items = new List<FeedItem>();
        while (listener.TryTake(out var item))
        {
            items.Add(item);
        }

        return items;
    }
}
