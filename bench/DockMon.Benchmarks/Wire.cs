using System.Text;
using System.Text.Json;

namespace DockMon.Benchmarks;

/// <summary>Frames as they were seen between a server and an agent.</summary>
internal static class Wire
{
    private static readonly IReadOnlyList<(string Direction, string Text)> Lines = [.. new[] { "commands", "messages" }.SelectMany(Read)];

    /// <summary>The longest answer of an agent.</summary>
    public static byte[] LongestAnswer => Encoding.UTF8.GetBytes(Lines.Where(line => line.Direction == "agent>").MaxBy(line => line.Text.Length).Text);

    /// <summary>A command without a payload.</summary>
    public static byte[] Command =>
        Encoding.UTF8.GetBytes(Lines.First(line => line.Direction == "<server" && line.Text.Contains("\"list_containers\"", StringComparison.Ordinal)).Text);

    private static IEnumerable<(string Direction, string Text)> Read(string resource)
    {
        using var reader = new StreamReader(typeof(Wire).Assembly.GetManifestResourceStream(resource)!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                var entry = JsonElement.Parse(line);
                yield return (entry.GetProperty("dir").GetString()!, entry.GetProperty("msg").GetString()!);
            }
        }
    }
}
