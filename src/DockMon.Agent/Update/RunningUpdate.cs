using DockMon.Agent.Update.Journal;

namespace DockMon.Agent.Update;

/// <summary>An update under way.</summary>
/// <param name="accepted">The update as it was promised.</param>
/// <param name="containers">The ids of all containers it touches, as far as they are known.</param>
internal sealed class RunningUpdate(AcceptedUpdate accepted, IEnumerable<string?> containers)
{
    private volatile bool _isEndReported;
    private volatile IReadOnlyList<string> _containers = [.. containers.OfType<string>()];

    /// <summary>The update as it was promised.</summary>
    public AcceptedUpdate Accepted { get; } = accepted;

    /// <summary>The name of the container that is updated.</summary>
    public string Name => Accepted.Name;

    /// <summary>The containers it touches, first the one that is updated: by the id it has by now, where it came along with the one whose network it shares.</summary>
    public IReadOnlyList<string> Containers => _containers;

    /// <summary>What has to be awaited until it ends.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Whether its old container could not be brought back yet.</summary>
    public bool RollbackPending { get; set; }

    /// <summary>Whether the server was told how it ended. It may ask for the next update of the container from then on, though this one still has to clear up.</summary>
    public bool IsEndReported
    {
        get => _isEndReported;
        set => _isEndReported = value;
    }

    /// <summary>Takes note of the containers that were found.</summary>
    /// <returns>Whether they were all known before.</returns>
    public bool Found(IReadOnlyList<string> found)
    {
        var known = found.All(_containers.Contains);
        _containers = found;
        return known;
    }
}
