using System.Buffers.Text;
using System.Text.Json;

namespace DockMon.Hub.Inventory;

/// <summary>What to sort containers by.</summary>
internal enum ContainerSort
{
    Name,
    Host,
    Image,
    State,
    Health,
    Project,
    Created,
    Cpu,
    Memory,
}

/// <summary>Filters, order and page of a query for containers. A filter with several values matches any of them.</summary>
internal sealed record ContainerQuery
{
    /// <summary>Text within name, image, compose project and service, id or host name; upper and lower case are the same.</summary>
    public string Search { get; init; } = "";

    /// <summary>Host ids or names.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Tags of the host.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyList<string> States { get; init; } = [];

    public IReadOnlyList<string> Healths { get; init; } = [];

    public IReadOnlyList<string> Projects { get; init; } = [];

    /// <summary>Text within the image; upper and lower case are the same.</summary>
    public string Image { get; init; } = "";

    public ContainerSort Sort { get; init; }

    public bool Descending { get; init; }

    public int Limit { get; init; } = 100;

    /// <summary>The last container of the page before; null for the first page.</summary>
    public ContainerCursor? After { get; init; }
}

/// <summary>A place in the order of a query: the sort value and the ids of the last container on a page.</summary>
internal sealed record ContainerCursor(ContainerSort Sort, bool Descending, string Text, double Number, string HostId, string Id)
{
    /// <summary>The cursor in a URL.</summary>
    public string Encode() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, InventoryJson.Default.ContainerCursor));

    /// <returns>Null for anything that <see cref="Encode"/> did not write.</returns>
    public static ContainerCursor? Decode(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text), InventoryJson.Default.ContainerCursor) is { } cursor
                && Enum.IsDefined(cursor.Sort) && cursor is { Text: not null, HostId: not null, Id: not null } ? cursor : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
