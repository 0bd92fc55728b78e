using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Streams.Events;

namespace DockMon.Agent.Streams.Stats;

/// <summary>The running containers, as events tell of them on any thread, for the loop to take over when it is ready.</summary>
internal sealed class SampledContainers(ContainerTracker tracker)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ContainerSampling> _watches = new(StringComparer.Ordinal);
    private readonly Queue<ContainerSampling> _ended = new();
    private Action? _changed;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _watches.Count == 0;
            }
        }
    }

    /// <summary>Begins to listen, with those that run already.</summary>
    /// <param name="changed">Called after each change, on the thread that told of it.</param>
    public void Open(Action changed)
    {
        _changed = changed;
        tracker.Started += Begin;
        tracker.Ended += End;
        foreach (var container in tracker.Running)
        {
            Begin(container);
        }
    }

    /// <summary>Ends it; all that were watched have ended.</summary>
    public void Close()
    {
        tracker.Started -= Begin;
        tracker.Ended -= End;
        lock (_gate)
        {
            foreach (var watch in _watches.Values)
            {
                _ended.Enqueue(watch);
            }

            _watches.Clear();
        }
    }

    /// <summary>Replaces the content of a list by the containers that run now.</summary>
    public void CopyTo(List<ContainerSampling> list)
    {
        list.Clear();
        lock (_gate)
        {
            list.AddRange(_watches.Values);
        }
    }

    /// <summary>Takes one that has ended and whose files are to be closed.</summary>
    public bool TryTakeEnded([MaybeNullWhen(false)] out ContainerSampling watch)
    {
        lock (_gate)
        {
            return _ended.TryDequeue(out watch);
        }
    }

    private void Begin(RunningContainer container)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(container.Id, out var known))
            {
                known.Started(container.Name);
            }
            else
            {
                _watches.Add(container.Id, new ContainerSampling(container.Id, container.Name));
            }
        }

        _changed?.Invoke();
    }

    private void End(string id)
    {
        lock (_gate)
        {
            if (_watches.Remove(id, out var watch))
            {
                _ended.Enqueue(watch);
            }
        }

        _changed?.Invoke();
    }
}
