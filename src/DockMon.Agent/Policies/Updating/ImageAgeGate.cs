using DockMon.Agent.Commands;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies.Updating;

/// <summary>Stands between the pull of a new image and the update to it: what this host has not known for long enough is not run.</summary>
internal sealed partial class ImageAgeGate(AgentContext context, EngineClient engine)
{
    private readonly SeenImages _seen = new(context.Options.DataPath, context.Time);
    private readonly ILogger _logger = context.CreateLogger<ImageAgeGate>();

    /// <summary>
    /// Pulls an image. If it must wait, its name is given back to the image that had it before: whoever starts something by that name gets what they had.
    /// </summary>
    /// <param name="image">The image's name.</param>
    /// <param name="current">The id of the image that the container has now, which need not wait.</param>
    /// <param name="pull">Pulls it.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The id of the image that may be run; null where none is judged. The name may mean another image a moment later.</returns>
    /// <exception cref="CommandException">The image must wait.</exception>
    /// <exception cref="EngineException">The engine does not tell which image it is.</exception>
    public async Task<string?> PullAsync(string image, string current, Func<Task> pull, CancellationToken ct)
    {
        var policy = context.Policies.Current;
        var before = policy.Updates.MinAge > TimeSpan.Zero ? await FindAsync(image, ct) : null;
        await pull();
        if (policy.Updates.MinAge == TimeSpan.Zero || await FindAsync(image, ct) is not { } pulled)
        {
            return null;
        }

        if (SameImage.IsSame(pulled, current))
        {
            return pulled;
        }

        var decision = policy.Updates.JudgeAge(image, _seen.See(pulled), context.Time);
        if (decision.Allowed)
        {
            return pulled;
        }

        if (!policy.Enforce)
        {
            PolicyLog.WouldRefuse(_logger, CommandNames.UpdateContainer, decision.Reason, decision.Rule);
            return null;
        }

        PolicyLog.Refused(_logger, CommandNames.UpdateContainer, decision.Reason, decision.Rule);
        await RestoreAsync(image, before, pulled);
        throw new RefusedException(decision);
    }

    private async Task<string?> FindAsync(string image, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectImageAsync(image, ct)).Id;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }

    private async Task RestoreAsync(string image, string? before, string pulled)
    {
        if (before is null || before == pulled || ImageReference.Parse(image) is not { Digest: null } name)
        {
            return;
        }

        try
        {
            await engine.TagImageAsync(before, name.Repository, name.TagOrDigest, CancellationToken.None);
        }
        catch (EngineException e)
        {
            Log.NotRestored(_logger, image, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1144, LogLevel.Warning, "{Image} was pulled and must wait, and could not be given back the image that it had before: {Reason}")]
        public static partial void NotRestored(ILogger logger, string image, string reason);
    }
}
