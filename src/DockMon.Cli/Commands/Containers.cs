using System.Text.Json;
using DockMon.Cli.Hub;

namespace DockMon.Cli.Commands;

/// <summary>Finds the containers that people name.</summary>
internal static class Containers
{
    private const int LeastIdLength = 4;

    /// <summary>All containers that match a query of the API.</summary>
    public static async Task<List<ContainerAnswer>> ListAsync(HubClient hub, IEnumerable<(string Name, string Value)> query, CancellationToken ct) =>
        (await ListJsonAsync(hub, query, ct)).ConvertAll(one => hub.Read(one, CliJson.Default.ContainerAnswer));

    /// <summary>The same as the hub has written them, page after page.</summary>
    public static async Task<List<JsonElement>> ListJsonAsync(HubClient hub, IEnumerable<(string Name, string Value)> query, CancellationToken ct)
    {
        var filter = string.Concat(query.Select(part => $"&{part.Name}={Uri.EscapeDataString(part.Value)}"));
        var all = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var next = cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor);
            var page = await hub.GetAsync($"api/containers?limit=1000{filter}{next}", CliJson.Default.ContainerPage, ct);
            all.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);

        return all;
    }

    /// <summary>The one container that a text names: <c>HOST/NAME</c>, or a name or id that is unique.</summary>
    public static async Task<ContainerAnswer> FindAsync(HubClient hub, string text, CancellationToken ct)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var (host, name) = slash < 0 ? (null, text) : (text[..slash], text[(slash + 1)..]);
        List<(string, string)> query = [("q", name)];
        if (host is not null)
        {
            query.Add(("host", host));
        }

        var candidates = await ListAsync(hub, query, ct);
        var found = candidates.FindAll(one => one.Name == name || one.Id == name);
        if (found.Count == 0 && name.Length >= LeastIdLength)
        {
            found = candidates.FindAll(one => one.Id.StartsWith(name, StringComparison.Ordinal));
        }

        return found switch
        {
            [var one] => one,
            [] => throw new CliException(ExitCodes.NotFound, $"there is no container {text}; dockmon ps -a lists them"),
            _ => throw new CliException(ExitCodes.Usage, $"{text} may be any of {string.Join(", ", found.Take(10).Select(Describe))}"),
        };
    }

    /// <summary>The path of a container in the API.</summary>
    public static string Path(ContainerAnswer container) =>
        $"api/hosts/{Uri.EscapeDataString(container.HostId)}/containers/{Uri.EscapeDataString(container.Id)}";

    private static string Describe(ContainerAnswer one) => $"{one.Host}/{one.Name} ({one.Id[..Math.Min(12, one.Id.Length)]})";
}
