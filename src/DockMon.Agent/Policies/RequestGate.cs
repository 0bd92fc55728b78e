using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>Stands before every handler: what the policy refuses is not done, and what is done is recorded.</summary>
internal sealed class RequestGate(AgentContext context, ContainerFactsReader facts, RequestAudit audit)
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
        var (decision, judged) = await JudgeAsync(id, action, request.Subject, request.Payload, ct);
        if (judged is { } container)
        {
            request = JudgedContainer.Pin(request, decision.IsHidden ? MissingContainer.NewId() : container.Facts?.Id ?? MissingContainer.NewId());
        }

        if (decision.IsHidden)
        {
            return await request.Run(ct);
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

    /// <summary>Records what a server has configured, and what is judged each time that it is done.</summary>
    /// <param name="action">The action.</param>
    /// <param name="subject">What it is about, in words.</param>
    public void Note(string action, string subject) => context.Audit.Noted(new AuditEntry(action) { Subject = subject }, error: null);

    /// <summary>Judges what is no request.</summary>
    /// <returns>
    /// The id of the container that was judged, on which it is to be done; null when there is none. Where the policy goes by none, its reference.
    /// </returns>
    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">The container is hidden from the server, or the engine does not tell which is meant.</exception>
    public async Task<string?> EnsureAllowedAsync(string action, Subject subject, CancellationToken ct)
    {
        var (decision, judged) = await JudgeAsync(id: null, action, subject, payload: null, ct);
        if (decision.IsHidden)
        {
            await MissingContainer.ThrowAsync(facts.Engine, subject.Container!, ct);
        }

        return judged is { } container ? container.Facts?.Id : subject.Container;
    }

    /// <summary>Judges an update again, once its image is there: the labels of that count no more as the container's own.</summary>
    /// <param name="container">The container's id.</param>
    /// <param name="image">The image as it was named.</param>
    /// <param name="imageId">Its id; null for the one that the name has now.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The id that the image must have; null for any.</returns>
    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">The engine does not tell what is to be judged.</exception>
    public async Task<string?> EnsureUpdateAllowedAsync(string container, string image, string? imageId, CancellationToken ct)
    {
        var policy = context.Policies.Current;
        if (policy.Containers.Count == 0)
        {
            return imageId;
        }

        var pulled = await facts.Engine.InspectImageAsync(imageId ?? image, ct);
        var subject = Subject.OfContainer(container) with { NewImage = image, NewImageLabels = pulled.Config.Labels };
        await EnsureAllowedAsync(CommandNames.UpdateContainer, subject, ct);
        return imageId ?? (policy.Enforce ? pulled.Id : null);
    }

    /// <returns>The decision, and the container that it was made for; null where it goes by none, or is only tried out.</returns>
    private async Task<(Decision Decision, RequestedContainer? Container)> JudgeAsync(
        string? id, string action, Subject subject, object? payload, CancellationToken ct)
    {
        var policy = context.Policies.Current;
        // Without rules for containers, the engine need not be asked which one it is.
        var (decision, container) = policy.Containers.Count > 0 ? await JudgeAsync(policy, action, subject, ct) : (policy.Judge(action, null), null);
        foreach (var part in decision.Allowed ? subject.Parts : [])
        {
            decision = decision.Allowed ? policy.JudgePart(action, part, container: null) : decision;
        }

        if (decision.Allowed && id is not null && policy.Updates.JudgeTime(action, context.Time) is { Allowed: false } late)
        {
            decision = late; // What was begun in time goes on: only requests are judged by the time.
        }

        if (decision.Allowed)
        {
            return (decision, policy.Enforce ? container : null);
        }

        if (!policy.Enforce)
        {
            PolicyLog.WouldRefuse(_logger, action, decision.Reason, decision.Rule);
            audit.Tolerated(id, action, payload, subject, container?.Facts, decision);
            return (decision with { IsHidden = false }, null);
        }

        PolicyLog.Refused(_logger, action, decision.Reason, decision.Rule);
        audit.Refused(id, action, payload, subject, container?.Facts, decision);
        return decision.IsHidden ? (decision, container) : throw new RefusedException(decision);
    }

    /// <returns>The decision, and the container that it was made for.</returns>
    private async Task<(Decision Decision, RequestedContainer? Container)> JudgeAsync(HostPolicy policy, string action, Subject subject, CancellationToken ct)
    {
        try
        {
            RequestedContainer? requested = subject.Container is { } reference ? await RequestedContainer.FindAsync(policy, facts, reference, ct) : null;
            var decision = requested is { IsUncertain: true } ? Decision.Hide("hide") : policy.JudgeChange(action, requested?.Facts, subject);
            return decision.Allowed && subject.Project is { } project
                ? (policy.JudgeProject(action, project, await facts.ReadProjectAsync(project, ct), subject.Parts), null)
                : (decision, requested);
        }
        catch (EngineException e) when (!policy.Enforce)
        {
            PolicyLog.NotJudged(_logger, action, e.Message);
            return (policy.Judge(action, null), null);
        }
    }
}
