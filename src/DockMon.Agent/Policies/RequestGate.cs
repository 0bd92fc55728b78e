using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>Stands before every handler: what the policy refuses is not done, and what is done is recorded.</summary>
internal sealed partial class RequestGate(AgentContext context, ContainerFactsReader facts, RequestAudit audit)
{
    private readonly ILogger _logger = context.CreateLogger<RequestGate>();

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
        if (decision.IsHidden)
        {
            return await MissingContainer.RunAsync(request, request.Subject.Container!, ct);
        }

        try
        {
            return await audit.RunAsync(id, action, request, decision, ct);
        }
        catch (EngineException e) when (context.Hidden.IsActive)
        {
            throw new EngineException(await HidingText.CleanAsync(e.Message, facts.Engine, context.Hidden, ct), e.StatusCode, e);
        }
        catch (CommandException e) when (context.Hidden.IsActive)
        {
            throw new CommandException(await HidingText.CleanAsync(e.Message, facts.Engine, context.Hidden, ct));
        }
    }

    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">There is no such container for the server, or the engine does not tell which is meant.</exception>
    public async Task EnsureAllowedAsync(string action, Subject subject, CancellationToken ct)
    {
        if ((await JudgeAsync(id: null, action, subject, payload: null, ct)).IsHidden)
        {
            await MissingContainer.ThrowAsync(facts.Engine, subject.Container!, ct);
        }
    }

    private async Task<Decision> JudgeAsync(string? id, string action, Subject subject, object? payload, CancellationToken ct)
    {
        var policy = context.Policies.Current;
        // Without rules for containers, the engine need not be asked which one it is.
        var (decision, container) = policy.Containers.Count > 0 ? await JudgeAsync(policy, action, subject, ct) : (policy.Judge(action, null), null);
        if (decision.Allowed && id is not null && policy.Updates.JudgeTime(action, context.Time) is { Allowed: false } late)
        {
            decision = late; // What was begun in time goes on: only requests are judged by the time.
        }

        if (decision.Allowed)
        {
            return decision;
        }

        if (!policy.Enforce)
        {
            Log.WouldRefuse(_logger, action, decision.Reason, decision.Rule);
            audit.Tolerated(id, action, payload, subject, container, decision);
            return decision with { IsHidden = false };
        }

        Log.Refused(_logger, action, decision.Reason, decision.Rule);
        audit.Refused(id, action, payload, subject, container, decision);
        return decision.IsHidden ? decision : throw new CommandException(decision.Error);
    }

    /// <returns>The decision, and the container that it was made for.</returns>
    private async Task<(Decision Decision, ContainerFacts? Container)> JudgeAsync(HostPolicy policy, string action, Subject subject, CancellationToken ct)
    {
        try
        {
            var requested = subject.Container is { } reference ? await RequestedContainer.FindAsync(policy, facts, reference, ct) : default;
            var decision = requested.IsUncertain ? Decision.Hide("hide") : policy.JudgeChange(action, requested.Facts, subject);
            return decision.Allowed && subject.Project is { } project
                ? (policy.JudgeProject(action, project, await facts.ReadProjectAsync(project, ct)), null)
                : (decision, requested.Facts);
        }
        catch (EngineException e) when (!policy.Enforce)
        {
            Log.NotJudged(_logger, action, e.Message);
            return (policy.Judge(action, null), null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Warning, "{Action} was refused by this host's policy: {Reason} ({Rule})")]
        public static partial void Refused(ILogger logger, string action, string reason, string rule);

        [LoggerMessage(1102, LogLevel.Warning, "{Action} could not be judged, and is done because the policy is not enforced: {Reason}")]
        public static partial void NotJudged(ILogger logger, string action, string reason);

        [LoggerMessage(1101, LogLevel.Warning, "{Action} would be refused if the policy were enforced: {Reason} ({Rule})")]
        public static partial void WouldRefuse(ILogger logger, string action, string reason, string rule);
    }
}
