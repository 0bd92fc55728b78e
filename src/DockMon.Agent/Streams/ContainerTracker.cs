using System.Text.Json;
using DockMon.Engine;

namespace DockMon.Agent.Streams;

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

    /// <summary>A container runs now, or goes by another name.</summary>
    public event Action<RunningContainer>? Started;

    /// <summary>A container does not run any more.</summary>
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

    /// <summary>
    /// Compares with what Docker lists now, and takes that over.
    /// </summary>
    /// <returns>The containers that started and those that ended without an event having said so.</returns>
    public (IReadOnlyList<RunningContainer> Started, IReadOnlyList<RunningContainer> Ended) Reconcile(ReadOnlySpan<byte> list)
    {
        var listed = Parse(list);
        List<RunningContainer> started;
        List<RunningContainer> ended;
        lock (_gate)
        {
            started = [.. listed.Where(container => !_running.ContainsKey(container.Id))];
            ended = [.. _running.Values.Where(container => listed.All(other => other.Id != container.Id))];
        }

        started.ForEach(Add);
        ended.ForEach(container => Remove(container.Id));
        return (started, ended);
    }

    private static List<RunningContainer> Parse(ReadOnlySpan<byte> list)
    {
        var reader = new Utf8JsonReader(list);
        using var document = JsonDocument.ParseValue(ref reader);
        return [.. document.RootElement.EnumerateArray().Select(item => new RunningContainer(
            item.GetProperty("Id").GetString()!,
            item.TryGetProperty("Names", out var names) && names.ValueKind == JsonValueKind.Array && names.GetArrayLength() > 0 ? names[0].GetString()!.TrimStart('/') : "",
            item.TryGetProperty("Image", out var image) ? image.GetString() ?? "" : ""))];
    }

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
        }

        Started?.Invoke(container);
    }

    private void Remove(string id)
    {
        bool removed;
        lock (_gate)
        {
            removed = _running.Remove(id);
        }

        if (removed)
        {
            Ended?.Invoke(id);
        }
    }
}
