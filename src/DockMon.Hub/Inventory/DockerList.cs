using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DockMon.Hub.Inventory;

/// <summary>Reads Docker's list of containers, as agents pass it on. Any member may be missing or of another type.</summary>
internal static partial class DockerList
{
    /// <summary>Maximum number of containers kept of a host.</summary>
    public const int MostContainers = 10_000;

    private const int LongestText = 512;

    private const int MostPorts = 100;

    private const string StateMember = "State";

    private const string StatusMember = "Status";

    private const string ProjectLabel = "com.docker.compose.project";

    private const string ServiceLabel = "com.docker.compose.service";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The containers of a list by id. Of those beyond <see cref="MostContainers"/> none is read.</summary>
    public static Dictionary<string, ContainerRecord> Read(string hostId, JsonElement list)
    {
        var read = new Dictionary<string, ContainerRecord>(StringComparer.Ordinal);
        if (list.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in list.EnumerateArray())
            {
                if (read.Count < MostContainers && item.ValueKind == JsonValueKind.Object && ReadOne(hostId, item) is { Id.Length: > 0 } container)
                {
                    read[container.Id] = container;
                }
            }
        }

        return read;
    }

    /// <summary>A status without the time that has passed, and the health within it.</summary>
    public static (string Status, string Health) Split(string status)
    {
        var health = status.Contains("(healthy)", StringComparison.Ordinal) ? "healthy"
            : status.Contains("(unhealthy)", StringComparison.Ordinal) ? "unhealthy"
            : status.Contains("(health: starting)", StringComparison.Ordinal) ? "starting" : "";
        return (Age().Replace(status, "$1").Trim(), health);
    }

    /// <summary>Docker's list again, of what is kept: states are the present ones, and statuses without the time that has passed.</summary>
    public static byte[] Write(IEnumerable<ContainerRecord> containers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Json))
        {
            writer.WriteStartArray();
            foreach (var container in containers)
            {
                writer.WriteStartObject();
                foreach (var member in JsonElement.Parse(container.Detail).EnumerateObject())
                {
                    member.WriteTo(writer);
                }

                if (container.State.Length > 0)
                {
                    writer.WriteString(StateMember, container.State);
                }

                if (container.Status.Length > 0)
                {
                    writer.WriteString(StatusMember, container.DockerStatus);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Detail(JsonElement item)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Json))
        {
            writer.WriteStartObject();
            foreach (var member in item.EnumerateObject())
            {
                if (!member.NameEquals(StateMember) && !member.NameEquals(StatusMember))
                {
                    member.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static ContainerRecord ReadOne(string hostId, JsonElement item)
    {
        var (status, health) = Split(Text(item, "Status"));
        return new ContainerRecord
        {
            HostId = hostId,
            Id = Text(item, "Id"),
            Name = Name(item),
            Image = Text(item, "Image"),
            ImageId = Text(item, "ImageID"),
            State = Text(item, "State"),
            Status = status,
            Health = health,
            Created = item.TryGetProperty("Created", out var created) && created.ValueKind == JsonValueKind.Number && created.TryGetInt64(out var seconds)
                ? Math.Clamp(seconds, 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds()) : 0,
            StartedAt = Text(item, "StartedAt"),
            Ports = Ports(item),
            Project = Label(item, ProjectLabel),
            Service = Label(item, ServiceLabel),
            Detail = Detail(item),
        };
    }

    private static string Name(JsonElement item) =>
        item.TryGetProperty("Names", out var names) && names.ValueKind == JsonValueKind.Array
            ? Cut(names.EnumerateArray().FirstOrDefault(name => name.ValueKind == JsonValueKind.String)).TrimStart('/') : "";

    private static string Ports(JsonElement item)
    {
        if (!item.TryGetProperty("Ports", out var ports) || ports.ValueKind != JsonValueKind.Array)
        {
            return "[]";
        }

        var read = ports.EnumerateArray()
            .Where(port => port.ValueKind == JsonValueKind.Object)
            .Take(MostPorts)
            .Select(port => new PublishedPort(Text(port, "IP"), Number(port, "PrivatePort"), Number(port, "PublicPort"), Text(port, "Type")))
            .OrderBy(port => port.PrivatePort).ThenBy(port => port.Type, StringComparer.Ordinal).ThenBy(port => port.Ip, StringComparer.Ordinal);
        return JsonSerializer.Serialize([.. read], InventoryJson.Default.PublishedPortArray);
    }

    private static string Label(JsonElement item, string name) =>
        item.TryGetProperty("Labels", out var labels) && labels.ValueKind == JsonValueKind.Object ? Text(labels, name) : "";

    private static int Number(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : 0;

    private static string Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? Cut(value) : "";

    // PostgreSQL stores no NUL.
    private static string Cut(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()!.Replace('\0', ' ') : "";
        return text.Length > LongestText ? text[..LongestText] : text;
    }

    [GeneratedRegex(@"^(Up|Exited \(-?\d+\)|Restarting \(-?\d+\))\b?.*$", RegexOptions.CultureInvariant)]
    private static partial Regex Age();
}
