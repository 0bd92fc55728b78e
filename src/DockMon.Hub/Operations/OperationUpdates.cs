using System.Data.Common;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Operations;

/// <summary>Follows operations by what agents tell of them, and publishes each change.</summary>
internal sealed partial class OperationUpdates(
    OperationStore store, StackStore stacks, Database database, EventFeed feed, TimeProvider time, ILogger<OperationUpdates> logger)
{
    private readonly LogLimit _failures = new(time);

    /// <summary>Takes in an event of an agent; those about no operation are ignored.</summary>
    /// <exception cref="EventsWaitException">The database is away: the agent has to keep the event.</exception>
    public async ValueTask TakeAsync(string hostId, string name, JsonElement payload, CancellationToken ct)
    {
        try
        {
            var changed = name switch
            {
                EventNames.UpdateProgress => await ReadAsync(payload, Progress(hostId, ct)),
                EventNames.UpdateComplete => await ReadCompleteAsync(hostId, payload, ct),
                EventNames.DeployProgress => await ReadDeployAsync(hostId, payload, ct),
                EventNames.DeployComplete => await ReadDeployCompleteAsync(hostId, payload, ct),
                _ => null,
            };
            if (changed is not null)
            {
                await ChangeAsync(changed, ct);
            }
        }
        catch (JsonException)
        {
            // It is none of this protocol, and names no operation.
        }
        catch (DbException e) when (database.IsAway(e))
        {
            throw new EventsWaitException();
        }
        catch (DbException e)
        {
            if (_failures.Happened(out var count))
            {
                Log.NotFollowed(logger, hostId, count, e.Message);
            }
        }
    }

    /// <summary>Ends an operation that its agent did not begin.</summary>
    public Task FailAsync(OperationAnswer operation, AgentException e, CancellationToken ct) =>
        ChangeAsync(
            operation with
            {
                State = OperationStates.Failed,

                // Then it may have begun it.
                Stage = e.Failure == AgentFailure.TimedOut ? OperationStages.Lost : "",
                Error = e.Message,
            },
            ct);

    /// <summary>Ends the operations of which nothing was heard for too long.</summary>
    public async Task ExpireAsync(CancellationToken ct) => (await store.ExpireAsync(ct)).ForEach(Publish);

    /// <summary>The error of an operation that is heard of; what was said while it was lost is over.</summary>
    private static string ErrorOf(OperationAnswer operation) => operation.Stage == OperationStages.Lost ? "" : operation.Error;

    private static async Task<OperationAnswer?> ReadAsync(JsonElement payload, Func<UpdateProgress, Task<OperationAnswer?>> read) =>
        payload.Deserialize(ProtocolJson.Default.UpdateProgress) is { ContainerId: not null, Stage: not null } progress ? await read(progress) : null;

    private Func<UpdateProgress, Task<OperationAnswer?>> Progress(string hostId, CancellationToken ct) => async progress =>
        await store.FindUpdateAsync(hostId, progress.ContainerId, orLost: true, ct) is { } update
            ? update with
            {
                State = progress.Stage == UpdateStages.Failed ? OperationStates.Failed : OperationStates.Running,
                Stage = progress.Stage,
                Message = progress.Message ?? "",
                Error = progress.Error ?? ErrorOf(update),
            }
            : null;

    private async Task<OperationAnswer?> ReadCompleteAsync(string hostId, JsonElement payload, CancellationToken ct) =>
        payload.Deserialize(ProtocolJson.Default.UpdateComplete) is { OldContainerId: not null } complete
            && await store.FindUpdateAsync(hostId, complete.OldContainerId, orLost: true, ct) is { } update
            ? update with
            {
                State = OperationStates.Succeeded,
                Stage = UpdateStages.Completed,
                Error = ErrorOf(update),
                Result = complete.NewContainerId ?? "",
                Message = complete.FailedDependents is { Count: > 0 } failed ? "not brought over: " + string.Join(", ", failed) : update.Message,
            }
            : null;

    private async Task<OperationAnswer?> ReadDeployAsync(string hostId, JsonElement payload, CancellationToken ct) =>
        payload.Deserialize(ProtocolJson.Default.DeployProgress) is { DeploymentId: not null } progress
            && await store.FindAsync(progress.DeploymentId, ct) is { } deployment
            && deployment.HostId == hostId
            ? deployment with
            {
                State = OperationStates.Running,
                Stage = progress.Stage ?? "",
                Message = progress.Message ?? "",
                Error = ErrorOf(deployment),
            }
            : null;

    private async Task<OperationAnswer?> ReadDeployCompleteAsync(string hostId, JsonElement payload, CancellationToken ct)
    {
        if (payload.Deserialize(ProtocolJson.Default.DeployComplete) is not { DeploymentId: not null } complete
            || await store.FindAsync(complete.DeploymentId, ct) is not { } deployment
            || deployment.HostId != hostId)
        {
            return null;
        }

        if (complete.Success)
        {
            await (deployment.Kind switch
            {
                OperationKinds.Remove => stacks.DeleteAsync(hostId, deployment.Subject, ct),
                OperationKinds.Down => stacks.NoteDownAsync(hostId, deployment.Subject, ct),
                _ => stacks.NoteDeployedAsync(hostId, deployment.Subject, deployment.Result, ct),
            });
        }

        var failed = complete.FailedServices is { Count: > 0 } services ? "services that do not run: " + string.Join(", ", services) : "";
        return deployment with
        {
            State = complete.Success ? OperationStates.Succeeded : OperationStates.Failed,
            Stage = complete.Success ? "completed" : "failed",
            Error = complete.Success ? "" : complete.Error ?? failed,
            Message = failed,
        };
    }

    private async Task ChangeAsync(OperationAnswer changed, CancellationToken ct)
    {
        if (await store.ChangeAsync(changed, ct) is { } stored)
        {
            Publish(stored);
        }
    }

    private void Publish(OperationAnswer operation) =>
        feed.Publish(FeedNames.OperationChanged, operation.HostId, JsonSerializer.SerializeToElement(operation, OperationJson.Default.OperationAnswer));

    private static partial class Log
    {
        [LoggerMessage(91, LogLevel.Error,
            "Cannot take in how an operation of host {HostId} is going ({Count} such failures since the last message); it may seem to go on: {Reason}")]
        public static partial void NotFollowed(ILogger logger, string hostId, int count, string reason);
    }
}
