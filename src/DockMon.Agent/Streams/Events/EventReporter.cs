using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Events;

/// <summary>
/// Tells the server what happened to containers, each thing once: as the engine's events say it, or as a comparison of what runs with what ran has found
/// it. An event and a comparison may come upon the same thing at the same moment, in either order. Of containers that the policy hides nothing is told:
/// whoever reports has asked <see cref="HiddenContainers.LearnAsync"/> before.
/// </summary>
internal sealed class EventReporter(
    ContainerTracker tracker, PolicySource policies, HiddenContainers hidden, Outbound outbound, TimeProvider time)
{
    /// <summary>Most of what was found and may still be told by an event.</summary>
    private const int FoundLimit = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<(string Id, string Action)> _found = [];

    /// <summary>Takes in an event of a container, and tells of it unless a comparison was faster.</summary>
    public void Report(EngineEvent e)
    {
        lock (_gate)
        {
            var found = WasFound(e);
            if (!found || e.Action != "start")
            {
                tracker.Apply(e); // A start that was found is tracked already.
            }

            if (!found && !IsNoise(e.Action))
            {
                var (name, image) = (e.Attributes.GetValueOrDefault("name", ""), e.Attributes.GetValueOrDefault("image", ""));
                Post(new RunningContainer(e.ActorId, name, image), e.Action, Rfc3339.FormatUnixNanoseconds(e.TimeNano), e.Attributes);
            }
        }
    }

    /// <summary>Compares what is tracked with a list; see <see cref="ContainerTracker.Compare"/>.</summary>
    /// <param name="list">What runs.</param>
    /// <param name="isNews">Which of those that started are the caller's to tell: no event will.</param>
    public (IReadOnlyList<RunningContainer> Started, IReadOnlyList<RunningContainer> Missing) Compare(
        IReadOnlyList<ContainerSummary> list, Func<RunningContainer, bool> isNews)
    {
        lock (_gate)
        {
            var (started, missing) = tracker.Compare(list);
            List<RunningContainer> news = [.. started.Where(isNews)];
            news.ForEach(container => Find(container.Id, "start"));
            return (news, missing);
        }
    }

    /// <summary>Tells that a container started that runs now, unless it has ended since it was found.</summary>
    public void ReportStart(RunningContainer container, string timestamp)
    {
        lock (_gate)
        {
            if (tracker.Knows(container))
            {
                PostFound(container, "start", timestamp, []);
            }
        }
    }

    /// <summary>Tells that a container ended ("die" or "destroy"), unless an event told of that, or of a new start, since it was missed.</summary>
    public void ReportEnd(RunningContainer container, string action, string timestamp, Dictionary<string, string> attributes)
    {
        lock (_gate)
        {
            if (tracker.Forget(container))
            {
                Find(container.Id, action);
                PostFound(container, action, timestamp, attributes);
            }
        }
    }

    /// <summary>Tells what happened to a container before anything was tracked.</summary>
    public void ReportMissed(RunningContainer container, string action, string timestamp, Dictionary<string, string> attributes)
    {
        lock (_gate)
        {
            PostFound(container, action, timestamp, attributes);
        }
    }

    private void Find(string id, string action)
    {
        if (_found.Count >= FoundLimit)
        {
            _found.Clear(); // Events of these come within seconds or not at all.
        }

        _found.Add((id, action));
    }

    /// <summary>Whether a comparison told of this already. What happens later to the same container is news again.</summary>
    private bool WasFound(EngineEvent e)
    {
        var found = _found.Remove((e.ActorId, e.Action));
        if (e.Action is "start" or "destroy")
        {
            _found.Remove((e.ActorId, "die"));
        }

        if (e.Action is "die" or "destroy")
        {
            _found.Remove((e.ActorId, "start"));
        }

        return found;
    }

    // A health check alone makes three of these every few seconds, and no server does anything with them.
    private static bool IsNoise(string action) =>
        action.StartsWith("exec_", StringComparison.Ordinal)
            || action.StartsWith("attach:", StringComparison.Ordinal)
            || action is "top" or "attach" or "detach";

    private void PostFound(RunningContainer container, string action, string timestamp, Dictionary<string, string> attributes)
    {
        attributes["name"] = container.Name;
        attributes["image"] = container.Image;
        Post(container, action, timestamp, attributes);
    }

    private void Post(RunningContainer container, string action, string timestamp, Dictionary<string, string> attributes)
    {
        if (!policies.Current.Permits(HostActions.Events)
            || hidden.IsHidden(container.Id, container.Name)
            || (attributes.TryGetValue("oldName", out var earlier) && hidden.IsHidden(container.Id, earlier.TrimStart('/'))))
        {
            return;
        }

        var redactor = policies.Current.Redactor; // Labels are among the attributes.
        var told = new ContainerEvent
        {
            ContainerId = container.Id,
            ContainerName = container.Name,
            Image = container.Image,
            Action = action,
            Timestamp = timestamp,
            Attributes = redactor.IsActive ? attributes.ToDictionary(entry => entry.Key, entry => redactor.Value(entry.Key, entry.Value)) : attributes,
        };
        outbound.PostEvent(FrameWriter.Event(EventNames.ContainerEvent, told, ProtocolJson.Default.ContainerEvent, time.GetUtcNow()));
    }
}
