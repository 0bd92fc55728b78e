using DockMon.Engine;

namespace DockMon.Agent.Streams.Events;

/// <summary>A container that runs.</summary>
/// <param name="Id">64 characters of its id.</param>
/// <param name="Name">Its name, without a slash.</param>
/// <param name="Image">Its image as the container names it.</param>
internal sealed record RunningContainer(string Id, string Name, string Image);

/// <summary>
/// Which containers run: a list once, then what events say. Only the end of a container ends it here; a signal it survives does not.
/// </summary>
internal sealed class ContainerTracker
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RunningContainer> _running = new(StringComparer.Ordinal);
    private HashSet<string>? _touched;

    /// <summary>A container runs now, or goes by another name. Raised in order, under a lock: whoever listens returns at once.</summary>
    public event Action<RunningContainer>? Started;

    /// <summary>A container does not run any more. Raised as <see cref="Started"/> is.</summary>
    public event Action<string>? Ended;

    /// <summary>The containers that run.</summary>
    public IReadOnlyList<RunningContainer> Running
    {
        get
        {
            lock (_gate)
            {
                return [.. _running.Values];
            }
        }
    }

    /// <summary>Takes in what an event says.</summary>
    public void Apply(EngineEvent e)
    {
        lock (_gate)
        {
            _touched?.Add(e.ActorId);
        }

        switch (e.Action)
        {
            case "start" or "restart" or "unpause":
            case "rename" when IsRunning(e.ActorId):
                Add(new RunningContainer(e.ActorId, e.Attributes.GetValueOrDefault("name", ""), e.Attributes.GetValueOrDefault("image", "")));
                break;
            case "die" or "destroy":
                Remove(e.ActorId);
                break;
            default:
                break;
        }
    }

    /// <summary>To be called before the list for <see cref="Compare"/> is asked for: what events tell from now on is newer than that list.</summary>
    public void BeginCompare()
    {
        lock (_gate)
        {
            _touched = new HashSet<string>(StringComparer.Ordinal);
        }
    }

    /// <summary>Compares with what Docker listed since <see cref="BeginCompare"/>, and takes over what started.</summary>
    /// <returns>The containers that started and those that are not listed any more, as far as no event told of them meanwhile.</returns>
    public (IReadOnlyList<RunningContainer> Started, IReadOnlyList<RunningContainer> Missing) Compare(IReadOnlyList<ContainerSummary> list)
    {
        List<RunningContainer> listed = [.. list.Select(From)];
        lock (_gate)
        {
            var touched = _touched ?? [];
            _touched = null;
            List<RunningContainer> started = [.. listed.Where(container => !_running.ContainsKey(container.Id) && !touched.Contains(container.Id))];
            var ids = listed.Select(container => container.Id).ToHashSet(StringComparer.Ordinal);
            List<RunningContainer> missing = [.. _running.Values.Where(container => !ids.Contains(container.Id) && !touched.Contains(container.Id))];
            started.ForEach(Add);
            return (started, missing);
        }
    }

    /// <summary>Whether a container still is as it was found: it did not end or start since.</summary>
    public bool Knows(RunningContainer container)
    {
        lock (_gate)
        {
            return ReferenceEquals(_running.GetValueOrDefault(container.Id), container);
        }
    }

    /// <summary>A container does not run any more, although no event said so.</summary>
    /// <returns>False when it ended or started since it was found to be missing.</returns>
    public bool Forget(RunningContainer container)
    {
        lock (_gate)
        {
            if (!Knows(container))
            {
                return false;
            }

            Remove(container.Id);
            return true;
        }
    }

    private static RunningContainer From(ContainerSummary container) =>
        new(container.Id, container.Name, container.Image);

    private bool IsRunning(string id)
    {
        lock (_gate)
        {
            return _running.ContainsKey(id);
        }
    }

    private void Add(RunningContainer container)
    {
        lock (_gate)
        {
            _running[container.Id] = container;
            Started?.Invoke(container);
        }
    }

    private void Remove(string id)
    {
        lock (_gate)
        {
            if (_running.Remove(id))
            {
                Ended?.Invoke(id);
            }
        }
    }
}
