using System.Data.Common;
using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Operations;

/// <summary>Work of an agent that goes on after the answer: an update of a container, or a deployment.</summary>
/// <param name="Id">Its id; of a deployment also the agent's.</param>
/// <param name="HostId">The host.</param>
/// <param name="Kind">One of <see cref="OperationKinds"/>.</param>
/// <param name="Subject">The container's id, or the name of the stack.</param>
/// <param name="Name">The container's name when it was asked for, or the name of the stack.</param>
/// <param name="Image">The image that a container is updated to; empty otherwise.</param>
/// <param name="State">One of <see cref="OperationStates"/>.</param>
/// <param name="Stage">The agent's word for where it is, such as <c>pulling</c>.</param>
/// <param name="Message">What it is doing, for people.</param>
/// <param name="Error">Why it failed; empty otherwise.</param>
/// <param name="Result">The id of the new container after an update, the revision of the files of a deployment; empty otherwise.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="ChangedAt">When the agent last told of it.</param>
/// <param name="Steps">What the agent told of it, the oldest first.</param>
internal sealed record OperationAnswer(
    string Id, string HostId, string Kind, string Subject, string Name, string Image, string State, string Stage, string Message, string Error, string Result,
    string StartedAt, string ChangedAt, IReadOnlyList<OperationStep> Steps)
{
    /// <summary>Most steps that are kept; from then on the newest takes the place of the one before.</summary>
    public const int MostSteps = 50;

    /// <summary>Its steps with the present stage and message, unless these are those of the last one.</summary>
    public IReadOnlyList<OperationStep> NextSteps(string now) =>
        Stage.Length == 0 || (Steps is [.., var last] && last.Stage == Stage && last.Message == Message) ? Steps
            : [.. Steps.Take(MostSteps - 1), new OperationStep(now, Stage, Message)];
}

/// <summary>The operation that a request is about.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="IsNew">Whether it was added for the request; otherwise an earlier one with the same id did.</param>
internal sealed record AddedOperation(OperationAnswer Operation, bool IsNew);

/// <summary>A step of an operation.</summary>
/// <param name="At">When the agent told of it.</param>
/// <param name="Stage">The agent's word for it.</param>
/// <param name="Message">What it did, for people.</param>
internal sealed record OperationStep(string At, string Stage, string Message);

/// <summary>Kinds of operations.</summary>
internal static class OperationKinds
{
    public const string Update = "update";

    public const string Deploy = "deploy";

    /// <summary>A stack is taken down, and the hub keeps its files.</summary>
    public const string Down = "down";

    /// <summary>A stack is taken down, and the hub forgets it.</summary>
    public const string Remove = "remove";
}

/// <summary>States of operations.</summary>
internal static class OperationStates
{
    public const string Running = "running";

    public const string Succeeded = "succeeded";

    public const string Failed = "failed";
}

/// <summary>Stages that the hub gives operations; all others are the agents' words.</summary>
internal static class OperationStages
{
    /// <summary>
    /// The agent was not heard: whether it was done is not known. Counts as <see cref="OperationStates.Failed"/> until something is heard after all.
    /// </summary>
    public const string Lost = "lost";
}

/// <summary>Operations in the database: any hub can tell how they are going, also after a restart.</summary>
internal sealed class OperationStore(Database database, TimeProvider time)
{
    /// <summary>How long an operation is kept after its last change.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Number of operations of a host that are kept after their ends.</summary>
    public const int MostKept = 1000;

    /// <summary>How long an agent may say nothing of an operation that it carries out: longer than a large image takes to be pulled.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromHours(2);

    private const string Columns =
        "SELECT id, host_id, kind, subject, name, image, state, stage, message, error, result, started_at, changed_at, steps FROM operations";

    /// <summary>What has not ended, or may not have.</summary>
    private const string Open = $"(state = 'running' OR stage = '{OperationStages.Lost}')";

    private const int LongestText = 2000;

    private static readonly string NotHeard =
        $"the agent said nothing of it for {Silence.TotalHours:0} hours: it may have been done all the same. Look at the containers before you begin it again";

    private string Now => Rfc3339.FormatSeconds(time.GetUtcNow());

    /// <summary>Adds a running operation, unless there is one with its id: of requests with one id in the same instant, one begins something.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="kind">One of <see cref="OperationKinds"/>.</param>
    /// <param name="subject">The container's id, or the name of the stack.</param>
    /// <param name="ct">Cancels it.</param>
    /// <param name="result">The revision of the files of a deployment.</param>
    /// <param name="name">The container's name; that of the stack when left out.</param>
    /// <param name="image">The new image of a container.</param>
    /// <param name="id">Its id; a new one when left out.</param>
    /// <param name="first">What is stored with it, and whether it may begin: if not, nothing is stored.</param>
    /// <returns>The operation of this id, and whether it was added now; null when it may not begin.</returns>
    public Task<AddedOperation?> AddAsync(
        string hostId, string kind, string subject, CancellationToken ct, string result = "", string? name = null, string image = "",
        Guid? id = null, Func<Statements, Task<bool>>? first = null) => database.TransactAsync(
        async open =>
        {
            if (id is { } given && (await open.QueryAsync(Columns + " WHERE id = @id", Read, ("@id", given.ToString()))).SingleOrDefault() is { } known)
            {
                return new AddedOperation(known, IsNew: false);
            }

            if (first is not null && !await first(open))
            {
                return null;
            }

            var now = Now;
            await open.ExecuteAsync(
                """
                DELETE FROM operations WHERE host_id = @host AND state <> 'running' AND id NOT IN (
                    SELECT id FROM operations WHERE host_id = @host AND state <> 'running' ORDER BY started_at DESC, id LIMIT @most)
                """,
                ("@host", hostId), ("@most", MostKept - 1));
            var added = new OperationAnswer(
                (id ?? Guid.NewGuid()).ToString(), hostId, kind, subject, name ?? subject, Cut(image),
                OperationStates.Running, "", "", "", result, now, now, []);
            await open.ExecuteAsync(
                """
                INSERT INTO operations (id, host_id, kind, subject, name, image, state, stage, message, error, result, started_at, changed_at, steps)
                VALUES (@id, @host, @kind, @subject, @name, @image, @state, '', '', '', @result, @now, @now, '[]')
                """,
                ("@id", added.Id), ("@host", hostId), ("@kind", kind), ("@subject", subject), ("@name", added.Name), ("@image", added.Image),
                ("@state", added.State), ("@result", result), ("@now", now));
            return new AddedOperation(added, IsNew: true);
        },
        ct);

    public async Task<OperationAnswer?> FindAsync(string id, CancellationToken ct) =>
        (await database.QueryAsync(Columns + " WHERE id = @id", Read, ct, ("@id", id))).SingleOrDefault();

    /// <summary>The newest operations first.</summary>
    /// <param name="hosts">Of these hosts; null for all.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<List<OperationAnswer>> ListAsync(IEnumerable<string>? hosts, int limit, CancellationToken ct)
    {
        var parameters = (hosts ?? []).Select((host, i) => ($"@host{i}", (object?)host)).ToList();
        var where = hosts is null ? ""
            : parameters.Count == 0 ? " WHERE 1 = 0"
            : $" WHERE host_id IN ({string.Join(", ", parameters.Select(host => host.Item1))})";
        return database.QueryAsync(
            $"{Columns}{where} ORDER BY started_at DESC, id LIMIT @limit", Read, ct, [.. parameters, ("@limit", limit)]);
    }

    /// <summary>The update of a container that runs; null when there is none.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="containerId">The container.</param>
    /// <param name="orLost">Whether one that was lost is found, too, if none runs.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<OperationAnswer?> FindUpdateAsync(string hostId, string containerId, bool orLost, CancellationToken ct) =>
        (await database.QueryAsync(
            $"""
            {Columns} WHERE host_id = @host AND kind = @kind AND subject = @subject AND {(orLost ? Open : "state = 'running'")}
            ORDER BY stage = '{OperationStages.Lost}', started_at DESC LIMIT 1
            """,
            Read,
            ct,
            ("@host", hostId), ("@kind", OperationKinds.Update), ("@subject", containerId))).SingleOrDefault();

    /// <summary>Has the operations fail of which nothing was heard for too long, and deletes those that ended long ago.</summary>
    /// <returns>Those that have failed now.</returns>
    public Task<List<OperationAnswer>> ExpireAsync(CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            var (old, silent) = (Rfc3339.FormatSeconds(time.GetUtcNow() - Kept), Rfc3339.FormatSeconds(time.GetUtcNow() - Silence));
            await open.ExecuteAsync("DELETE FROM operations WHERE changed_at < @old AND state <> 'running'", ("@old", old));
            return await open.QueryAsync(
                $"""
                UPDATE operations SET state = 'failed', stage = '{OperationStages.Lost}', error = @error, changed_at = @now
                WHERE state = 'running' AND changed_at < @silent
                RETURNING {Columns["SELECT ".Length..Columns.IndexOf(" FROM", StringComparison.Ordinal)]}
                """,
                Read,
                ("@now", Now), ("@silent", silent), ("@error", NotHeard));
        },
        ct);

    /// <summary>Stores a change, and returns what is stored; null for one that has ended already.</summary>
    public async Task<OperationAnswer?> ChangeAsync(OperationAnswer changed, CancellationToken ct)
    {
        var stored = changed with { Message = Cut(changed.Message), Error = Cut(changed.Error), Stage = Cut(changed.Stage), ChangedAt = Now };
        stored = stored with { Steps = stored.NextSteps(stored.ChangedAt) };
        var count = await database.ExecuteAsync(
            $"""
            UPDATE operations
            SET state = @state, stage = @stage, message = @message, error = @error, result = @result, changed_at = @now, steps = @steps
            WHERE id = @id AND {Open}
            """,
            ct,
            ("@id", stored.Id), ("@state", stored.State), ("@stage", stored.Stage), ("@message", stored.Message), ("@error", stored.Error),
            ("@result", stored.Result), ("@now", stored.ChangedAt),
            ("@steps", JsonSerializer.Serialize(stored.Steps, OperationJson.Default.IReadOnlyListOperationStep)));
        return count > 0 ? stored : null;
    }

    private static string Cut(string text)
    {
        var clean = text.Replace('\0', ' ');
        return clean.Length > LongestText ? clean[..LongestText] : clean;
    }

    private static OperationAnswer Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7),
        row.GetString(8), row.GetString(9), row.GetString(10), row.GetString(11), row.GetString(12),
        JsonSerializer.Deserialize(row.GetString(13), OperationJson.Default.IReadOnlyListOperationStep) ?? []);
}
