using System.Text.Json.Nodes;

namespace DockMon.Agent.Tests.Update;

/// <summary>
/// An engine without Docker, with as much of its behaviour as updates need, and one request that can be held: it has arrived, is under way, and takes effect
/// only when it is released, whatever became of who asked for it. As with Docker, a name is taken from the moment a creation begins, a second stop waits for
/// the end of the first, and a removal that is under way is no second time begun.
/// </summary>
internal sealed partial class FakeDocker : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<FakeContainer> _containers = [];
    private readonly Dictionary<string, string> _images = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reserved = new(StringComparer.Ordinal);
    private readonly List<FakeSocket> _sockets = [];
    private readonly List<string> _requests = [];
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<string, bool> _isToBeHeld = _ => false;
    private int _made;

    /// <summary>Completes when the request that is to be held has arrived.</summary>
    public Task Arrived => _arrived.Task;

    /// <summary>How many requests met the held one: were refused for what it has reserved, or wait for its end.</summary>
    public int Met { get; private set; }

    /// <summary>When the engine was started, as it shows in its default network.</summary>
    public string Started { get; set; } = "2026-11-30T00:00:00Z";

    /// <summary>Labels of the images, by their ids.</summary>
    public Dictionary<string, JsonObject> ImageLabels { get; } = new(StringComparer.Ordinal);

    /// <summary>What is done, or thrown, before a request is looked at.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>The changing requests so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>All containers, "name status", in the order of their names.</summary>
    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _containers.Select(container => container.ToString()).Order(StringComparer.Ordinal)];
            }
        }
    }

    public FakeSocket Connect(TimeProvider time)
    {
        var socket = new FakeSocket(AnswerAsync, time);
        _sockets.Add(socket);
        return socket;
    }

    /// <summary>An image, and what its labels say.</summary>
    public void HasImage(string name, string id) => _images[name] = id;

    /// <summary>The id of the image that a name means.</summary>
    public string Image(string name) => _images[name];

    /// <summary>Makes a container as a user would, and starts it.</summary>
    public FakeContainer Run(string name, string image, JsonObject? host = null, JsonObject? labels = null, params string[] networks)
    {
        var body = new JsonObject { ["Image"] = image, ["Labels"] = labels, ["HostConfig"] = host ?? [] };
        lock (_gate)
        {
            var container = Make(name, body);
            container.Networks.UnionWith(networks);
            container.Status = "running";
            return container;
        }
    }

    public FakeContainer? Find(string reference)
    {
        lock (_gate)
        {
            return _containers.Find(container => container.Id == reference
                || container.Name == reference
                || (reference.Length == 12 && container.Id.StartsWith(reference, StringComparison.Ordinal)));
        }
    }

    /// <summary>Removes a container as nobody's request.</summary>
    public void Lose(FakeContainer container)
    {
        lock (_gate)
        {
            _containers.Remove(container);
        }
    }

    /// <summary>Brings one back as nobody's request.</summary>
    public void Restore(FakeContainer container)
    {
        lock (_gate)
        {
            (container.IsGoing, container.Status) = (false, "exited");
            _containers.Add(container);
        }
    }

    /// <summary>The first request of that kind is held.</summary>
    public void Hold(Func<string, bool> which) => _isToBeHeld = which;

    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Release();
        foreach (var socket in _sockets)
        {
            await socket.DisposeAsync();
        }
    }

    private FakeContainer Make(string name, JsonObject body)
    {
        var image = body["Image"]!.GetValue<string>();
        var container = new FakeContainer
        {
            Id = $"{++_made:x12}".PadRight(64, 'e'), Name = name, Body = body, ImageId = _images.GetValueOrDefault(image) ?? image,
            Policy = body["HostConfig"]?["RestartPolicy"]?["Name"]?.GetValue<string>() ?? "no",
        };
        container.Networks.UnionWith((body["NetworkingConfig"]?["EndpointsConfig"] as JsonObject ?? []).Select(endpoint => endpoint.Key));
        _containers.Add(container);
        return container;
    }
}
