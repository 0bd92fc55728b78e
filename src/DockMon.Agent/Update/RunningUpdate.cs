using DockMon.Agent.Update.Journal;

namespace DockMon.Agent.Update;

/// <summary>An update from its acceptance to its end.</summary>
/// <param name="accepted">The update as it was accepted.</param>
/// <param name="containers">The ids of all containers it changes, as far as they are known.</param>
internal sealed class RunningUpdate(AcceptedUpdate accepted, IEnumerable<string?> containers)
{
    private volatile bool _isEndReported;
    private volatile IReadOnlyList<string> _containers = [.. containers.OfType<string>()];

    /// <summary>The update as it was accepted.</summary>
    public AcceptedUpdate Accepted { get; } = accepted;

    /// <summary>The name of the container that is updated.</summary>
    public string Name => Accepted.Name;

    /// <summary>
    /// The ids of the containers it changes, first the current id of the one that is updated: it may have been recreated since, as the dependent of another
    /// one.
    /// </summary>
    public IReadOnlyList<string> Containers => _containers;

    /// <summary>The task that completes when it has ended.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Whether its old container could not be restored yet.</summary>
    public bool RollbackPending { get; set; }

    /// <summary>
    /// Whether its end was reported. From then on the server may ask for the next update of the container, although this one still has to clean up.
    /// </summary>
    public bool IsEndReported
    {
        get => _isEndReported;
        set => _isEndReported = value;
    }

    /// <summary>Replaces the containers by those that were found.</summary>
    /// <returns>Whether all of them were known before.</returns>
    public bool Found(IReadOnlyList<string> found)
    {
        var known = found.All(_containers.Contains);
        _containers = found;
        return known;
    }
}
