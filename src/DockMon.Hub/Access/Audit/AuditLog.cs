using System.Data.Common;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Access.Audit;

/// <summary>What somebody did, as the API returns it.</summary>
/// <param name="Id">Ascending id.</param>
/// <param name="At">When it began.</param>
/// <param name="Who">Who it was.</param>
/// <param name="Address">Where they were.</param>
/// <param name="Action">What: method and path of the API, or a word such as <c>sign in</c>.</param>
/// <param name="HostId">On which host; null for none.</param>
/// <param name="Detail">What exactly; null if the action says it all.</param>
/// <param name="Outcome"><c>ok</c>, or why not; null while it goes on, and for good if the hub ended meanwhile.</param>
/// <param name="EndedAt">When it ended.</param>
internal sealed record AuditEntry(
    long Id, string At, string Who, string Address, string Action, string? HostId, string? Detail, string? Outcome, string? EndedAt);

/// <summary>What is asked of the audit; null for all.</summary>
internal sealed record AuditFilter(string? Who, string? HostId, string? Action, string? From, string? To, long? Before, int Limit);

/// <summary>
/// The record of what was changed, of secrets that were shown and of shells. Rows are only ever added, the beginning before the deed and its outcome after,
/// and removed by age.
/// </summary>
internal sealed class AuditLog(Database database, TimeProvider time)
{
    private const int LongestText = 500;

    private string Now => Rfc3339.FormatSeconds(time.GetUtcNow());

    /// <summary>Records what is about to be done, on the disk when this returns.</summary>
    /// <returns>Its id, for the outcome.</returns>
    public Task<long> BeginAsync(string who, string address, string action, string? hostId, string? detail, CancellationToken ct) => database.TransactAsync(
        async open => (await open.QueryAsync(
            """
            INSERT INTO audit (at, who, address, action, host_id, detail) VALUES (@now, @who, @address, @action, @host, @detail) RETURNING id
            """,
            row => row.GetInt64(0),
            ("@now", Now),
            ("@who", Shorten(who)),
            ("@address", address),
            ("@action", Shorten(action)),
            ("@host", hostId),
            ("@detail", Shorten(detail)))).Single(),
        ct);

    /// <summary>Records how it ended.</summary>
    public Task EndAsync(long id, string outcome, CancellationToken ct) => database.ExecuteAsync(
        "INSERT INTO audit (at, began, who, address, action, outcome) VALUES (@now, @began, '', '', '', @outcome)",
        ct,
        ("@now", Now), ("@began", id), ("@outcome", Shorten(outcome)));

    /// <summary>Records what is over already.</summary>
    public async Task WriteAsync(string who, string address, string action, string outcome, CancellationToken ct)
    {
        var id = await BeginAsync(who, address, action, null, null, ct);
        await EndAsync(id, outcome, ct);
    }

    /// <summary>Entries, newest first.</summary>
    public Task<List<AuditEntry>> ListAsync(AuditFilter filter, CancellationToken ct)
    {
        var (where, parameters) = (" WHERE a.began IS NULL", new List<(string, object?)> { ("@limit", filter.Limit) });
        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                where += " AND " + condition;
                parameters.Add((name, value));
            }
        }

        And("a.who = @who", "@who", filter.Who);
        And("a.host_id = @host", "@host", filter.HostId);
        And("substr(a.action, 1, length(@action)) = @action", "@action", filter.Action);
        And("a.at >= @from", "@from", filter.From);
        And("a.at < @to", "@to", filter.To);
        And("a.id < @before", "@before", filter.Before);
        return database.QueryAsync(
            "SELECT a.id, a.at, a.who, a.address, a.action, a.host_id, a.detail, e.outcome, e.at FROM audit a LEFT JOIN audit e ON e.began = a.id"
            + where + " ORDER BY a.id DESC LIMIT @limit",
            Read,
            ct,
            [.. parameters]);
    }

    /// <summary>Removes what is older.</summary>
    public Task<int> RemoveAsync(DateTimeOffset before, CancellationToken ct) =>
        database.ExecuteAsync("DELETE FROM audit WHERE at < @before", ct, ("@before", Rfc3339.FormatSeconds(before)));

    private static string? Shorten(string? text) => text is { Length: > LongestText } ? text[..LongestText] : text;

    private static AuditEntry Read(DbDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        return new AuditEntry(
            row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), Text(5), Text(6), Text(7), Text(8));
    }
}
