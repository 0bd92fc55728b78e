using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;

namespace DockMon.Agent.Tests.Update;

/// <summary>
/// An engine without Docker, with as much of its behaviour as updates need, and one request that can be held: it has arrived, is under way, and takes effect
/// only when it is released, whatever became of who asked for it. As with Docker, a name is taken from the moment a creation begins, a second stop waits for
/// the end of the first, and a removal that is under way is no second time begun.
/// </summary>
internal sealed class FakeDocker : IAsyncDisposable
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
            return _containers.Find(container => container.Id == reference || container.Name == reference || (reference.Length == 12 && container.Id.StartsWith(reference, StringComparison.Ordinal)));
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

    private static (int Status, string Body) Error(int status, string message) => (status, new JsonObject { ["message"] = message }.ToJsonString());

    private async Task<(int Status, string Body)> AnswerAsync(string request, string body)
    {
        await Before(request);
        var (verb, path) = (request.Split(' ')[0], request.Split(' ')[1]);
        var (route, query) = (path.Split('?')[0], HttpUtility.ParseQueryString(path.Contains('?', StringComparison.Ordinal) ? path[(path.IndexOf('?', StringComparison.Ordinal) + 1)..] : ""));
        if (verb == "GET")
        {
            return Get(route);
        }

        Task wait;
        lock (_gate)
        {
            _requests.Add(request);
            if (Refuse(verb, route, query["name"]) is { } refused)
            {
                return refused;
            }

            wait = Begin(request, route, query["name"]);
        }

        await wait;
        lock (_gate)
        {
            return Change(verb, route, query["name"], body);
        }
    }

    /// <summary>What a request that is under way does not let happen.</summary>
    private (int Status, string Body)? Refuse(string verb, string route, string? name)
    {
        if (name is not null && (_reserved.Contains(name) || (route == "/containers/create" && Find(name) is not null)))
        {
            Met += _reserved.Contains(name) ? 1 : 0;
            return Error(409, $"Conflict. The container name \"/{name}\" is already in use by container \"x\"");
        }

        if (verb == "DELETE" && Find(IdOf(route)) is { IsGoing: true })
        {
            Met++;
            return Error(409, $"removal of container {IdOf(route)} is already in progress");
        }

        return null;
    }

    /// <summary>What shows of a request from its beginning; completes when it is to take effect.</summary>
    private Task Begin(string request, string route, string? name)
    {
        var container = Find(IdOf(route));
        var isHeld = !_arrived.Task.IsCompleted && _isToBeHeld(request);
        var end = isHeld ? _released.Task : Task.CompletedTask;
        if (route == "/containers/create")
        {
            _reserved.Add(name!);
        }
        else if (request.StartsWith("DELETE", StringComparison.Ordinal) && container is not null)
        {
            container.IsGoing = true;
        }
        else if (route.EndsWith("/stop", StringComparison.Ordinal) && container is not null)
        {
            Met += container.Stopping is null ? 0 : 1;
            end = container.Stopping ??= end;
        }

        if (isHeld)
        {
            _arrived.SetResult();
        }

        return end;
    }

    private (int Status, string Body) Get(string route)
    {
        lock (_gate)
        {
            if (route == "/containers/json")
            {
                return (200, new JsonArray([.. _containers.Select(container => container.List())]).ToJsonString());
            }

            if (route == "/networks/bridge")
            {
                return (200, new JsonObject { ["Created"] = Started }.ToJsonString());
            }

            if (route.StartsWith("/images/", StringComparison.Ordinal))
            {
                var name = Uri.UnescapeDataString(route["/images/".Length..^"/json".Length]);
                var id = _images.GetValueOrDefault(name) ?? (_images.ContainsValue(name) ? name : null);
                return id is null ? Error(404, "no such image") : (200, new JsonObject { ["Id"] = id, ["Config"] = new JsonObject { ["Labels"] = Labels(id) } }.ToJsonString());
            }

            return Find(IdOf(route)) is { } container ? (200, container.Inspect().ToJsonString()) : Error(404, "No such container");
        }
    }

    /// <summary>Labels of the images, by their ids.</summary>
    public Dictionary<string, JsonObject> ImageLabels { get; } = new(StringComparer.Ordinal);

    private JsonNode? Labels(string id) => ImageLabels.GetValueOrDefault(id)?.DeepClone();

    private (int Status, string Body) Change(string verb, string route, string? name, string body)
    {
        if (route == "/images/create")
        {
            return (200, "{\"status\":\"Pull complete\"}\n");
        }

        if (route == "/containers/create")
        {
            _reserved.Remove(name!);
            return (201, new JsonObject { ["Id"] = Make(name!, JsonNode.Parse(body)!.AsObject()).Id }.ToJsonString());
        }

        if (route.EndsWith("/connect", StringComparison.Ordinal))
        {
            var asked = JsonNode.Parse(body)!.AsObject();
            return Find(asked["Container"]!.GetValue<string>())?.Networks.Add(route.Split('/')[2]) is null ? Error(404, "No such container") : (200, "");
        }

        if (Find(IdOf(route)) is not { } container)
        {
            return Error(404, "No such container");
        }

        if (verb == "DELETE")
        {
            _containers.Remove(container);
            return (204, "");
        }

        return Change(container, route.Split('/')[^1], name, body);
    }

    private (int Status, string Body) Change(FakeContainer container, string verb, string? name, string body)
    {
        switch (verb)
        {
            case "start":
            case "restart":
                if (container.NetworkMode is var mode && mode.StartsWith("container:", StringComparison.Ordinal) && Find(mode["container:".Length..])?.Status != "running")
                {
                    return Error(409, "cannot join network of a non running container");
                }

                container.Status = "running";
                break;
            case "stop":
                (container.Stopping, container.Paused) = (null, false);
                container.Status = container.Status == "running" ? "exited" : container.Status;
                if (container.RemovesItself)
                {
                    _containers.Remove(container);
                }

                break;
            case "rename":
                if (Find(name!) is not null)
                {
                    return Error(409, $"Conflict. The container name \"/{name}\" is already in use by container \"y\"");
                }

                container.Name = name!;
                break;
            case "update":
                container.Policy = JsonDocument.Parse(body).RootElement.GetProperty("RestartPolicy").GetProperty("Name").GetString()!;
                break;
            case "pause":
            case "unpause":
                if (container.Paused == (verb == "pause"))
                {
                    return Error(409, $"Container {container.Id} is already {verb}d");
                }

                container.Paused = verb == "pause";
                break;
            default:
                return Error(404, "page not found");
        }

        return (204, "");
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

    private static string IdOf(string route) => route.Split('/') is [_, "containers", var id, ..] ? Uri.UnescapeDataString(id) : route["/containers/".Length..];
}
