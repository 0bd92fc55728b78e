using System.Text;
using System.Text.Json.Nodes;

namespace DockMon.Protocol.Tests;

/// <summary>Frames that were seen on the wire between a server and an agent.</summary>
internal static class Wire
{
    public const string FromAgent = "agent>";
    public const string FromServer = "<server";

    public static readonly IReadOnlyList<WireLine> Lines =
    [
        .. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "wire"), "*.jsonl").Order(StringComparer.Ordinal).SelectMany(Read),
    ];

    public static WireLine Register => Lines.Single(line => line.Json["type"]?.GetValue<string>() == FrameTypes.Register);

    private static IEnumerable<WireLine> Read(string file) =>
        File.ReadLines(file).Select((text, index) => (text, index)).Where(line => line.text.Length > 0).Select(line =>
        {
            var entry = JsonNode.Parse(line.text)!;
            return new WireLine($"{Path.GetFileName(file)}:{line.index + 1}", entry["dir"]!.GetValue<string>(), entry["msg"]!.GetValue<string>());
        });
}

/// <summary>One frame, and where it stands.</summary>
internal sealed record WireLine(string Place, string Direction, string Text)
{
    public byte[] Bytes => Encoding.UTF8.GetBytes(Text);

    public JsonObject Json => JsonNode.Parse(Text)!.AsObject();
}
