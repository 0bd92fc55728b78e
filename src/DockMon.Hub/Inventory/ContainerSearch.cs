using System.Globalization;
using System.Text;
using DockMon.Hub.Api;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Inventory;

/// <summary>A container of a query with the name of its host.</summary>
internal sealed record FoundContainer(ContainerRecord Container, string Host);

/// <summary>Queries the containers of all hosts that a caller sees.</summary>
internal sealed class ContainerSearch(Database database, LatestFigures figures)
{
    private const string From = " FROM containers c JOIN hosts h ON h.id = c.host_id";

    /// <summary>A page, and whether another one follows.</summary>
    public async Task<(IReadOnlyList<FoundContainer> Items, ContainerCursor? Next)> FindAsync(
        ContainerQuery query, VisibleHosts visible, CancellationToken ct)
    {
        FoundFigures? newest = null;
        List<FoundContainer> found;
        if (query.Sort is ContainerSort.Cpu or ContainerSort.Memory)
        {
            var all = await SelectAsync(new Filter(query, visible), "", ct);
            newest = await figures.ReadAsync(all.Select(item => item.Container.HostId));
            found = ByFigures(query, all, newest);
        }
        else
        {
            found = await ByColumnAsync(query, visible, ct);
        }

        if (found.Count <= query.Limit)
        {
            return (found, null);
        }

        found.RemoveRange(query.Limit, found.Count - query.Limit);
        return (found, CursorAt(query, newest, found[^1]));
    }

    /// <summary>How many containers match in each state, whatever states are asked for.</summary>
    public async Task<IReadOnlyDictionary<string, int>> CountAsync(ContainerQuery query, VisibleHosts visible, CancellationToken ct)
    {
        var filter = new Filter(query with { States = [] }, visible);
        var counts = await database.QueryAsync(
            $"SELECT c.state, COUNT(*){From}{filter.Where} GROUP BY c.state",
            row => (State: row.GetString(0), Count: row.GetInt64(1)),
            ct,
            [.. filter.Parameters]);
        return counts.ToDictionary(count => count.State, count => (int)count.Count, StringComparer.Ordinal);
    }

    private async Task<List<FoundContainer>> ByColumnAsync(ContainerQuery query, VisibleHosts visible, CancellationToken ct)
    {
        var column = query.Sort switch
        {
            ContainerSort.Host => "h.hostname",
            ContainerSort.Image => "c.image",
            ContainerSort.State => "c.state",
            ContainerSort.Health => "c.health",
            ContainerSort.Project => "c.project",
            ContainerSort.Created => "c.created",
            _ => "c.name",
        };
        var filter = new Filter(query, visible);
        if (query.After is { } after)
        {
            filter.Add($"({column}, c.host_id, c.id) {(query.Descending ? '<' : '>')} (@after, @after_host, @after_id)");
            filter.Parameters.Add(("@after", query.Sort == ContainerSort.Created ? (long)after.Number : after.Text));
            filter.Parameters.Add(("@after_host", after.HostId));
            filter.Parameters.Add(("@after_id", after.Id));
        }

        var direction = query.Descending ? " DESC" : "";
        return await SelectAsync(
            filter,
            string.Create(
                CultureInfo.InvariantCulture,
                $" ORDER BY {column}{direction}, c.host_id{direction}, c.id{direction} LIMIT {query.Limit + 1}"),
            ct);
    }

    /// <summary>Figures are in memory and change every second: all that match are sorted there, and a page follows the place its cursor had.</summary>
    private static List<FoundContainer> ByFigures(ContainerQuery query, List<FoundContainer> found, FoundFigures newest)
    {
        var sorted = found
            .Select(item => (Item: item, Key: (Value: FigureOf(query.Sort, newest, item.Container), item.Container.HostId, item.Container.Id)))
            .ToList();
        Comparison<(double Value, string HostId, string Id)> ascending = static (a, b) =>
            a.Value.CompareTo(b.Value) is not 0 and var byValue ? byValue
                : string.CompareOrdinal(a.HostId, b.HostId) is not 0 and var byHost ? byHost
                : string.CompareOrdinal(a.Id, b.Id);
        var sign = query.Descending ? -1 : 1;
        sorted.Sort((a, b) => sign * ascending(a.Key, b.Key));
        var rest = query.After is { } after
            ? sorted.SkipWhile(entry => sign * ascending(entry.Key, (after.Number, after.HostId, after.Id)) <= 0)
            : sorted;
        return [.. rest.Take(query.Limit + 1).Select(entry => entry.Item)];
    }

    private static double FigureOf(ContainerSort sort, FoundFigures newest, ContainerRecord container) =>
        newest.Find(container.HostId, container.Id) is not { } figures ? -1
            : sort == ContainerSort.Cpu ? figures.CpuPercent : figures.MemoryUsage;

    private static ContainerCursor CursorAt(ContainerQuery query, FoundFigures? newest, FoundContainer last)
    {
        var container = last.Container;
        var (text, number) = query.Sort switch
        {
            ContainerSort.Host => (last.Host, 0d),
            ContainerSort.Image => (container.Image, 0),
            ContainerSort.State => (container.State, 0),
            ContainerSort.Health => (container.Health, 0),
            ContainerSort.Project => (container.Project, 0),
            ContainerSort.Created => ("", container.Created),
            ContainerSort.Cpu or ContainerSort.Memory => ("", FigureOf(query.Sort, newest!, container)),
            _ => (container.Name, 0),
        };
        return new ContainerCursor(query.Sort, query.Descending, text, number, container.HostId, container.Id);
    }

    private Task<List<FoundContainer>> SelectAsync(Filter filter, string end, CancellationToken ct) =>
        database.QueryAsync(
            $"SELECT {ContainerStore.Columns}, h.hostname{From}{filter.Where}{end}",
            row => new FoundContainer(ContainerStore.Read(row), row.GetString(13)),
            ct,
            [.. filter.Parameters]);

    /// <summary>The conditions of a query. Values are parameters.</summary>
    private sealed class Filter
    {
        private readonly StringBuilder _where = new();

        public Filter(ContainerQuery query, VisibleHosts visible)
        {
            if (visible.Only is { } only)
            {
                AddAny("c.host_id IN ({0})", "visible", [.. only]);
            }

            AddAny("(c.host_id IN ({0}) OR h.hostname IN ({0}))", "host", query.Hosts, needed: false);
            AddAny("c.host_id IN (SELECT t.host_id FROM host_tags t WHERE t.tag IN ({0}))", "tag", query.Tags, needed: false);
            AddAny("c.state IN ({0})", "state", query.States, needed: false);
            AddAny("c.health IN ({0})", "health", query.Healths, needed: false);
            AddAny("c.project IN ({0})", "project", query.Projects, needed: false);
            AddContains("lower(c.image) LIKE {0} ESCAPE '\\'", "@image", query.Image);
            AddContains("(c.search LIKE {0} ESCAPE '\\' OR lower(h.hostname) LIKE {0} ESCAPE '\\')", "@search", query.Search);
        }

        public List<(string Name, object? Value)> Parameters { get; } = [];

        public string Where => _where.ToString();

        public void Add(string condition) => _where.Append(_where.Length == 0 ? " WHERE " : " AND ").Append(condition);

        private void AddAny(string condition, string name, IReadOnlyList<string> values, bool needed = true)
        {
            if (values.Count == 0)
            {
                if (needed)
                {
                    Add("1 = 0");
                }

                return;
            }

            var names = values.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"@{name}{i}")).ToList();
            Add(condition.Replace("{0}", string.Join(", ", names), StringComparison.Ordinal));
            Parameters.AddRange(names.Zip(values, (parameter, value) => (parameter, (object?)value)));
        }

        private void AddContains(string condition, string name, string text)
        {
            if (text.Length > 0)
            {
                var escaped = text.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal).Replace('\0', ' ');
                Add(condition.Replace("{0}", name, StringComparison.Ordinal));
                Parameters.Add((name, $"%{escaped}%"));
            }
        }
    }
}
