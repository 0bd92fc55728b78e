using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>Stands before every handler: what the policy refuses is not done, and what is done is recorded.</summary>
internal sealed partial class RequestGate(
    PolicySource policies, ContainerFactsReader facts, RequestAudit audit, ILogger<RequestGate> logger)
{
    /// <summary>Has a request done if the policy allows it.</summary>
    /// <param name="id">The server's id of the request.</param>
    /// <param name="action">The name of the command or action.</param>
    /// <param name="request">What is to be done, and with what.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CommandException">The policy refuses it, or it cannot be done.</exception>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public async Task<byte[]> RunAsync(string id, string action, BoundRequest request, CancellationToken ct)
    {
        var decision = await JudgeAsync(id, action, request.Subject, request.Payload, ct);
        return await audit.RunAsync(id, action, request, decision, ct);
    }

    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">The engine does not tell which container is meant.</exception>
    public Task EnsureAllowedAsync(string action, Subject subject, CancellationToken ct) => JudgeAsync(id: null, action, subject, payload: null, ct);

    private async Task<Decision> JudgeAsync(string? id, string action, Subject subject, object? payload, CancellationToken ct)
    {
        var policy = policies.Current;
        var container = policy.Containers.Count > 0 && subject.Container is { } reference ? await facts.ReadAsync(reference, ct) : null;
        var decision = policy.Judge(action, container);
        if (decision.Allowed)
        {
            return decision;
        }

        if (!policy.Enforce)
        {
            Log.WouldRefuse(logger, action, decision.Reason, decision.Rule);
            return decision;
        }

        Log.Refused(logger, action, decision.Reason, decision.Rule);
        audit.Refused(id, action, payload, subject, container, decision);
        throw new CommandException(decision.Error);
    }

    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Warning, "{Action} was refused by this host's policy: {Reason} ({Rule})")]
        public static partial void Refused(ILogger logger, string action, string reason, string rule);

        [LoggerMessage(1101, LogLevel.Warning, "{Action} would be refused if the policy were enforced: {Reason} ({Rule})")]
        public static partial void WouldRefuse(ILogger logger, string action, string reason, string rule);
    }
}
