using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Json;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Audit;

/// <summary>Records requests that do more than look: what is asked for and refused, and what is done, before and after it.</summary>
internal sealed class RequestAudit(AuditLog audit, EngineClient engine)
{
    /// <summary>How long a record may wait for what the engine knows of the container.</summary>
    private static readonly TimeSpan InspectLimit = TimeSpan.FromSeconds(5);

    /// <summary>Has a request done.</summary>
    /// <param name="id">The server's id of the request.</param>
    /// <param name="action">The name of the command or action.</param>
    /// <param name="request">What is to be done, and with what.</param>
    /// <param name="decision">What the policy says of it.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CommandException">It cannot be recorded, and has to be; or what the request throws.</exception>
    public async Task<byte[]> RunAsync(string id, string action, BoundRequest request, Decision decision, CancellationToken ct)
    {
        if (!audit.IsOn || HostActions.IsObserving(action))
        {
            return await request.Run(ct);
        }

        var entry = RequestEntry.Of(id, action, request.Payload) with { Decision = Word(decision), Rule = decision.Rule };
        var scope = await audit.BeginAsync(await DescribeAsync(entry, request.Subject, ct));
        try
        {
            var answer = await request.Run(ct);
            if (entry.Work is null)
            {
                scope.End(FindError(action, answer)); // Else it only begins now.
            }

            return answer;
        }
        catch (Exception e)
        {
            scope.Fail(e, ErrorOf(e));
            throw;
        }
    }

    /// <summary>Has something done that is no request, such as a shell, and that says itself how it ended.</summary>
    /// <param name="action">The action.</param>
    /// <param name="subject">The container.</param>
    /// <param name="work">What the work is called.</param>
    /// <param name="run">Does it, and returns what went wrong; null for nothing.</param>
    /// <exception cref="CommandException">It cannot be recorded, and has to be; or what the work throws.</exception>
    public async Task<string?> RunAsync(string action, Subject subject, string work, Func<Task<string?>> run)
    {
        var entry = new AuditEntry(action) { Work = work };
        var scope = await audit.BeginAsync(await DescribeAsync(entry, subject, CancellationToken.None));
        try
        {
            var error = await run();
            scope.End(error);
            return error;
        }
        catch (Exception e)
        {
            scope.Fail(e, ErrorOf(e));
            throw;
        }
    }

    /// <summary>Records a request that the policy refuses, whatever it is: also one that would only look.</summary>
    /// <param name="id">The server's id of the request; null when it has none.</param>
    /// <param name="action">The name of the command or action.</param>
    /// <param name="payload">The payload; null for none.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="container">The container, where the policy goes by it.</param>
    /// <param name="decision">What the policy says.</param>
    public void Refused(string? id, string action, object? payload, Subject subject, ContainerFacts? container, Decision decision) =>
        audit.Refused(Judged(id, action, payload, subject, container, decision) with { Decision = AuditDecision.Refused }, decision.Reason);

    /// <summary>
    /// Records what the policy would refuse if it were enforced, and what has no record of its own that says so: what only looks, a shell, a health check.
    /// </summary>
    /// <param name="id">The server's id of the request; null when it has none.</param>
    /// <param name="action">The name of the command or action.</param>
    /// <param name="payload">The payload; null for none.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="container">The container, where the policy goes by it.</param>
    /// <param name="decision">What the policy says.</param>
    public void Tolerated(string? id, string action, object? payload, Subject subject, ContainerFacts? container, Decision decision)
    {
        if (id is null || HostActions.IsObserving(action))
        {
            audit.Noted(Judged(id, action, payload, subject, container, decision) with { Decision = AuditDecision.Tolerated }, error: null);
        }
    }

    private static AuditEntry Judged(string? id, string action, object? payload, Subject subject, ContainerFacts? container, Decision decision)
    {
        var entry = RequestEntry.Of(id, action, payload);
        return entry with
        {
            Work = null,
            Container = container is null ? entry.Container : new AuditedContainer(container.Id, container.Name, container.Image),
            Subject = container is null && subject.Container is { } reference ? $"container {reference}" : entry.Subject,
            Rule = decision.Rule,
        };
    }

    // A file that cannot be read is told in an answer, and not as an error.
    private static string? FindError(string action, byte[] answer)
    {
        if (action != CommandNames.ReadComposeFile)
        {
            return null;
        }

        var read = JsonElement.Parse(answer);
        return read.IsTrue("success") ? null : read.FindText("error") ?? "it failed";
    }

    private static string ErrorOf(Exception e) => e switch
    {
        CommandException or EngineException => e.Message,
        OperationCanceledException => "cancelled: it took too long, or the agent stops",
        _ => "internal error: " + e.Message,
    };

    private static string Word(Decision decision) => decision.Allowed ? AuditDecision.Allowed : AuditDecision.Tolerated;

    private async Task<AuditEntry> DescribeAsync(AuditEntry entry, Subject subject, CancellationToken ct)
    {
        if (!audit.IsOn || subject.Container is not { } reference)
        {
            return entry;
        }

        try
        {
            var inspected = await engine.InspectContainerJsonAsync(subject.Id ?? reference, ct, InspectLimit);
            var image = inspected["Config"] is JsonObject config ? config.GetText("Image") : "";
            return entry with
            {
                Container = new AuditedContainer(inspected.GetText("Id"), inspected.GetText("Name").TrimStart('/'), image),
                Dangers = AuditedDangers.Of(inspected),
                Secrets = [.. entry.Secrets, .. RequestEntry.SecretsOf(inspected)],
            };
        }
        catch (EngineException)
        {
            // What is wrong with it is the outcome of the request.
            return entry with { Subject = entry.Subject is null ? $"container {reference}" : $"container {reference}, {entry.Subject}" };
        }
    }
}
