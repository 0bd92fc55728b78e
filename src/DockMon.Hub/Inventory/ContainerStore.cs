using System.Data.Common;
using System.Globalization;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Inventory;

/// <summary>The containers of all hosts, in the database: any hub can answer what its agents last said.</summary>
internal sealed class ContainerStore(Database database)
{
    /// <summary>What <see cref="Read"/> reads, of <c>containers c</c>.</summary>
    public const string Columns =
        "c.host_id, c.id, c.name, c.image, c.image_id, c.state, c.status, c.health, c.created, c.started_at, c.ports, c.project, c.service";

    private const string Upsert =
        """
        INSERT INTO containers (
            host_id, id, name, image, image_id, state, status, health, created, started_at, ports, project, service, detail, search)
        SELECT h.id, @id, @name, @image, @image_id, @state, @status, @health, @created, @started_at, @ports, @project, @service, @detail, @search
        FROM hosts h WHERE h.id = @host
        ON CONFLICT (host_id, id) DO UPDATE SET
            name = excluded.name, image = excluded.image, image_id = excluded.image_id, state = excluded.state, status = excluded.status,
            health = excluded.health, created = excluded.created, started_at = excluded.started_at, ports = excluded.ports, project = excluded.project,
            service = excluded.service, detail = excluded.detail, search = excluded.search
        """;

    /// <summary>The containers of a host by id, with their details.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="ct">Cancels the query.</param>
    /// <param name="ids">Which are wanted; null for all.</param>
    public async Task<Dictionary<string, ContainerRecord>> OfHostAsync(string hostId, CancellationToken ct, IReadOnlyList<string>? ids = null)
    {
        List<(string Name, object? Value)> parameters = [("@host", hostId)];
        var wanted = "";
        if (ids is not null)
        {
            parameters.AddRange(ids.Select((id, i) => (string.Create(CultureInfo.InvariantCulture, $"@id{i}"), (object?)id)));
            wanted = $" AND c.id IN ({string.Join(", ", parameters.Skip(1).Select(parameter => parameter.Name))})";
        }

        var rows = await database.QueryAsync(
            $"SELECT {Columns}, c.detail FROM containers c WHERE c.host_id = @host{wanted} ORDER BY c.name, c.id",
            row => Read(row) with { Detail = row.GetString(13) },
            ct,
            [.. parameters]);
        return rows.ToDictionary(
            row => row.Id, row => row with { Detail = database.Vault.Open(row.Detail, Place(row.HostId, row.Id)) }, StringComparer.Ordinal);
    }

    /// <summary>The name of a host, which is empty when it was removed.</summary>
    public async Task<string> HostNameAsync(string hostId, CancellationToken ct) =>
        (await database.QueryAsync("SELECT hostname FROM hosts WHERE id = @host", row => row.GetString(0), ct, ("@host", hostId))).FirstOrDefault("");

    /// <summary>Stores what changed. Nothing is stored of a host that was removed.</summary>
    public Task<bool> SaveAsync(string hostId, IEnumerable<ContainerRecord> changed, IEnumerable<string> removed, CancellationToken ct) =>
        database.TransactAsync(
            async open =>
            {
                foreach (var id in removed)
                {
                    await open.ExecuteAsync("DELETE FROM containers WHERE host_id = @host AND id = @id", ("@host", hostId), ("@id", id));
                }

                foreach (var row in changed)
                {
                    await open.ExecuteAsync(
                        Upsert,
                        ("@host", hostId), ("@id", row.Id), ("@name", row.Name), ("@image", row.Image), ("@image_id", row.ImageId), ("@state", row.State),
                        ("@status", row.Status), ("@health", row.Health), ("@created", row.Created), ("@started_at", row.StartedAt), ("@ports", row.Ports),
                        ("@project", row.Project), ("@service", row.Service), ("@detail", database.Vault.Seal(row.Detail, Place(hostId, row.Id))),
                        ("@search", row.SearchText));
                }

                return true;
            },
            ct);

    /// <summary>A row without its detail.</summary>
    public static ContainerRecord Read(DbDataReader row) => new()
    {
        HostId = row.GetString(0),
        Id = row.GetString(1),
        Name = row.GetString(2),
        Image = row.GetString(3),
        ImageId = row.GetString(4),
        State = row.GetString(5),
        Status = row.GetString(6),
        Health = row.GetString(7),
        Created = row.GetInt64(8),
        StartedAt = row.GetString(9),
        Ports = row.GetString(10),
        Project = row.GetString(11),
        Service = row.GetString(12),
        Detail = "",
    };

    private static string Place(string hostId, string id) => $"containers/{hostId}/{id}";
}
