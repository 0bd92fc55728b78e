using DockMon.Agent.Commands;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>Stands before every handler: what the policy refuses is not done.</summary>
internal sealed partial class RequestGate(PolicySource policies, ContainerFactsReader facts, ILogger<RequestGate> logger)
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
        await EnsureAllowedAsync(action, request.Subject, ct);
        return await request.Run(ct);
    }

    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">The engine does not tell which container is meant.</exception>
    public async Task EnsureAllowedAsync(string action, Subject subject, CancellationToken ct)
    {
        var policy = policies.Current;
        var container = policy.Containers.Count > 0 && subject.Container is { } reference ? await facts.ReadAsync(reference, ct) : null;
        var decision = policy.Judge(action, container);
        if (decision.Allowed)
        {
            return;
        }

        if (!policy.Enforce)
        {
            Log.WouldRefuse(logger, action, decision.Reason, decision.Rule);
            return;
        }

        Log.Refused(logger, action, decision.Reason, decision.Rule);
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
