using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;

namespace DockMon.Agent.Tests.Update;

/// <summary>What the engine answers, and what a request changes.</summary>
internal sealed partial class FakeDocker
{
    private static (int Status, string Body) Error(int status, string message) => (status, new JsonObject { ["message"] = message }.ToJsonString());

    private async Task<(int Status, string Body)> AnswerAsync(string request, string body)
    {
        await Before(request);
        var (verb, path) = (request.Split(' ')[0], request.Split(' ')[1]);
        var (route, query) = (path.Split('?')[0], HttpUtility.ParseQueryString(path.Contains('?', StringComparison.Ordinal)
            ? path[(path.IndexOf('?', StringComparison.Ordinal) + 1)..]
            : ""));
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
            if (route.StartsWith("/images/", StringComparison.Ordinal) && route.EndsWith("/tag", StringComparison.Ordinal))
            {
                HasImage($"{query["repo"]}:{query["tag"]}", Uri.UnescapeDataString(route["/images/".Length..^"/tag".Length]));
                return (201, "");
            }

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
                return id is null
                    ? Error(404, "no such image")
                    : (200, new JsonObject { ["Id"] = id, ["Config"] = new JsonObject { ["Labels"] = Labels(id) } }.ToJsonString());
            }

            return Find(IdOf(route)) is { } container ? (200, container.Inspect().ToJsonString()) : Error(404, "No such container");
        }
    }

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
                if (container.NetworkMode is var mode
                    && mode.StartsWith("container:", StringComparison.Ordinal)
                    && Find(mode["container:".Length..])?.Status != "running")
                {
                    return Error(409, "cannot join network of a non running container");
                }

                container.Status = "running";
                break;
            case "stop" when container.Stopping is null:
                break; // It ended with another stop that it met; what was started since is not stopped.
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

    private static string IdOf(string route) => route.Split('/') is [_, "containers", var id, ..] ? Uri.UnescapeDataString(id) : route["/containers/".Length..];
}
