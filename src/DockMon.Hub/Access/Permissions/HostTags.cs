using DockMon.Hub.Api;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Access.Permissions;

/// <summary>
/// The tags of hosts, and who sees which host. They are asked for with every request, so they are kept for a moment; changes that any hub tells count at
/// once.
/// </summary>
internal sealed class HostTags
{
    /// <summary>How long they are kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromSeconds(2);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private Snapshot? _snapshot;

    public HostTags(Database database, AccessChanges changes, TimeProvider time)
    {
        (_database, _time) = (database, time);
        changes.Changed += () => Volatile.Write(ref _snapshot, null);
    }

    /// <summary>The hosts that a caller sees: with tags, those that carry one of them. A host that nobody gave a tag is seen only by who sees all.</summary>
    public async ValueTask<VisibleHosts> VisibleToAsync(Caller caller, CancellationToken ct) =>
        caller.SeesAll ? VisibleHosts.All
        : new VisibleHosts((await ReadAsync(ct))
            .Where(host => host.Value.Any(caller.Tags.Contains))
            .Select(host => host.Key)
            .ToHashSet(StringComparer.Ordinal));

    /// <summary>The tags of each host that has some.</summary>
    public async ValueTask<IReadOnlyDictionary<string, string[]>> ReadAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref _snapshot) is { } known && _time.GetElapsedTime(known.ReadAt) < Kept)
        {
            return known.Tags;
        }

        var readAt = _time.GetTimestamp();
        var rows = await _database.QueryAsync("SELECT host_id, tag FROM host_tags ORDER BY tag", row => (Host: row.GetString(0), Tag: row.GetString(1)), ct);
        var tags = rows.GroupBy(row => row.Host).ToDictionary(host => host.Key, host => host.Select(row => row.Tag).ToArray(), StringComparer.Ordinal);
        Volatile.Write(ref _snapshot, new Snapshot(readAt, tags));
        return tags;
    }

    public async Task ReplaceAsync(string hostId, IReadOnlyList<string> tags, CancellationToken ct)
    {
        await _database.TransactAsync(
            async open =>
            {
                await open.ExecuteAsync("DELETE FROM host_tags WHERE host_id = @host", ("@host", hostId));
                foreach (var tag in tags.Distinct(StringComparer.Ordinal))
                {
                    await open.ExecuteAsync("INSERT INTO host_tags (host_id, tag) VALUES (@host, @tag)", ("@host", hostId), ("@tag", tag));
                }

                return tags.Count;
            },
            ct);
        Volatile.Write(ref _snapshot, null);
    }

    private sealed record Snapshot(long ReadAt, IReadOnlyDictionary<string, string[]> Tags);
}
