using System.Text;
using DockMon.Engine;

namespace DockMon.Agent.Commands.Containers;

/// <summary>A container of the list: the engine's object, and the members that are added at its end.</summary>
internal readonly record struct SizeLimitedItem(ReadOnlyMemory<byte> Object, ReadOnlyMemory<byte> Image, ReadOnlyMemory<byte> Container)
{
    /// <summary>An object loses its closing brace and gains two commas and the brace; another comma stands before all but the first.</summary>
    public int Length => Object.Length + Image.Length + Container.Length + 3;
}

/// <summary>
/// The list of containers, within what one message can hold. Where it would be longer, the longest containers are told of by their essentials, so
/// that they cost nobody but themselves; and only where even that is too much the last ones are left out, and the last one that is there says so.
/// </summary>
internal static class SizeLimitedList
{
    /// <summary>Room for the note about those that were left out.</summary>
    private const int NoteBytes = 128;

    /// <summary>Members of a container that keep their place when it is told of by its essentials: the beginning of each.</summary>
    private const int EssentialBytes = 1024;

    /// <summary>Puts the list together in memory of just its size.</summary>
    /// <param name="items">The containers. The longest are shortened in place.</param>
    /// <param name="limit">Most bytes.</param>
    /// <param name="plain">What is added to a container that was shortened.</param>
    /// <returns>The list, and how many containers of it were shortened or left out.</returns>
    public static (byte[] Json, int Shortened, int LeftOut) Join(SizeLimitedItem[] items, int limit, ReadOnlyMemory<byte> plain)
    {
        var length = "[]".Length + NoteBytes + items.Sum(item => (long)item.Length);
        var shortened = 0;
        foreach (var i in length <= limit ? [] : Enumerable.Range(0, items.Length).OrderByDescending(i => items[i].Length).ToArray())
        {
            if (length <= limit)
            {
                break;
            }

            var before = items[i].Length;
            items[i] = items[i] with { Object = JsonCutter.Cut(items[i].Object.Span, text: 256, 16 * EssentialBytes, EssentialBytes), Container = plain };
            length += items[i].Length - before;
            shortened++;
        }

        var count = items.Length;
        while (length > limit && count > 0)
        {
            length -= items[--count].Length;
        }

        return (Join(items.AsSpan(0, count), items.Length - count), shortened, items.Length - count);
    }

    private static byte[] Join(ReadOnlySpan<SizeLimitedItem> items, int leftOut)
    {
        var note = leftOut == 0 || items.IsEmpty ? []
            : Encoding.UTF8.GetBytes($",\"dockmon.agent.cut\":\"{leftOut} more containers do not fit into one message\"");
        var length = "[]".Length + note.Length - (items.IsEmpty ? 0 : 1);
        foreach (var item in items)
        {
            length += item.Length;
        }

        var json = new byte[length];
        using var result = new MemoryStream(json);
        result.Write("["u8);
        for (var i = 0; i < items.Length; i++)
        {
            result.Write(i == 0 ? ""u8 : ","u8);
            result.Write(items[i].Object.Span[..^1]);
            result.Write(","u8);
            result.Write(items[i].Image.Span);
            result.Write(","u8);
            result.Write(items[i].Container.Span);
            result.Write(i == items.Length - 1 ? note : []);
            result.Write("}"u8);
        }

        result.Write("]"u8);
        return json;
    }
}
