using System.Collections.Frozen;

namespace DockMon.Hub.Api.Contract;

/// <summary>An operation of the API.</summary>
/// <param name="Id">Its id, which code generators name functions after: it never changes.</param>
/// <param name="AsksAgent">Whether it asks the host's agent, which may be away, slow or refuse.</param>
internal sealed record ApiOperation(string Id, bool AsksAgent = false);

/// <summary>The operations by method and path. A test fails for an endpoint that has no line here.</summary>
internal static class OperationIds
{
    private const string Host = "/api/hosts/{id}";

    private const string Container = Host + "/containers/{cid}";

    public static readonly FrozenDictionary<string, ApiOperation> Of = new Dictionary<string, ApiOperation>
    {
        ["GET /health"] = new("getHealth"),
        ["GET /health/ready"] = new("getReadiness"),
        ["GET /metrics"] = new("getMetrics"),
        ["POST /api/tokens"] = new("createToken"),
        ["GET /api/tokens"] = new("listTokens"),
        ["DELETE /api/tokens/{id}"] = new("deleteToken"),
        ["GET /api/hosts"] = new("listHosts"),
        [$"GET {Host}"] = new("getHost"),
        [$"DELETE {Host}"] = new("removeHost"),
        [$"GET {Host}/system"] = new("getHostSystem", AsksAgent: true),
        [$"GET {Host}/events"] = new("listHostEvents"),
        [$"GET {Host}/stats"] = new("getHostStats"),
        [$"GET {Host}/stats/history"] = new("getHostStatsHistory"),
        [$"POST {Host}/command"] = new("sendCommand", AsksAgent: true),
        [$"POST {Host}/operation"] = new("sendOperation", AsksAgent: true),
        [$"GET {Host}/health-checks"] = new("listHealthChecks"),
        [$"PUT {Host}/health-checks"] = new("replaceHealthChecks"),
        [$"GET {Host}/containers"] = new("listHostContainers", AsksAgent: true),
        [$"GET {Container}"] = new("inspectContainer", AsksAgent: true),
        [$"GET {Container}/status"] = new("getContainerStatus", AsksAgent: true),
        [$"GET {Container}/logs"] = new("getContainerLogs", AsksAgent: true),
        [$"GET {Host}/policy"] = new("getHostPolicy"),
        [$"POST {Host}/images/check"] = new("checkImages", AsksAgent: true),
        [$"GET {Host}/updates"] = new("listUpdates"),
        ["GET /api/updates"] = new("listAllUpdates"),
        [$"GET {Container}/logs/stream"] = new("followContainerLogs", AsksAgent: true),
        [$"GET {Container}/shell"] = new("openShell", AsksAgent: true),
        [$"POST {Container}/start"] = new("startContainer", AsksAgent: true),
        [$"POST {Container}/stop"] = new("stopContainer", AsksAgent: true),
        [$"POST {Container}/restart"] = new("restartContainer", AsksAgent: true),
        [$"POST {Container}/kill"] = new("killContainer", AsksAgent: true),
        [$"POST {Container}/pause"] = new("pauseContainer", AsksAgent: true),
        [$"POST {Container}/unpause"] = new("unpauseContainer", AsksAgent: true),
        [$"POST {Container}/rename"] = new("renameContainer", AsksAgent: true),
        [$"POST {Container}/remove"] = new("removeContainer", AsksAgent: true),
        [$"PUT {Host}/tags"] = new("setHostTags"),
        ["POST /api/setup"] = new("setUp"),
        ["POST /api/login"] = new("signIn"),
        ["POST /api/logout"] = new("signOut"),
        ["GET /api/me"] = new("getMe"),
        ["PUT /api/me/password"] = new("changePassword"),
        ["POST /api/me/app"] = new("createAppSecret"),
        ["PUT /api/me/app"] = new("confirmApp"),
        ["DELETE /api/me/app"] = new("removeApp"),
        ["GET /api/me/sessions"] = new("listSessions"),
        ["DELETE /api/me/sessions/{session}"] = new("endSession"),
        ["GET /api/users"] = new("listUsers"),
        ["POST /api/users"] = new("addUser"),
        ["PUT /api/users/{name}"] = new("changeUser"),
        ["DELETE /api/users/{name}"] = new("removeUser"),
        ["PUT /api/users/{name}/password"] = new("setUserPassword"),
        ["GET /api/access-tokens"] = new("listAccessTokens"),
        ["POST /api/access-tokens"] = new("createAccessToken"),
        ["DELETE /api/access-tokens/{token}"] = new("deleteAccessToken"),
        ["GET /api/audit"] = new("listAudit"),
        ["GET /api/audit/export"] = new("exportAudit"),
        [$"POST {Container}/update"] = new("updateContainer", AsksAgent: true),
        [$"GET {Host}/images"] = new("listImages", AsksAgent: true),
        [$"DELETE {Host}/images/{{image}}"] = new("removeImage", AsksAgent: true),
        [$"POST {Host}/images/prune"] = new("pruneImages", AsksAgent: true),
        [$"GET {Host}/networks"] = new("listNetworks", AsksAgent: true),
        [$"DELETE {Host}/networks/{{network}}"] = new("removeNetwork", AsksAgent: true),
        [$"POST {Host}/networks/prune"] = new("pruneNetworks", AsksAgent: true),
        [$"GET {Host}/volumes"] = new("listVolumes", AsksAgent: true),
        [$"DELETE {Host}/volumes/{{volume}}"] = new("removeVolume", AsksAgent: true),
        [$"POST {Host}/volumes/prune"] = new("pruneVolumes", AsksAgent: true),
        ["GET /api/registries"] = new("listRegistries"),
        ["PUT /api/registries/{registry}"] = new("setRegistry"),
        ["DELETE /api/registries/{registry}"] = new("deleteRegistry"),
        ["GET /api/stacks"] = new("listAllStacks"),
        [$"GET {Host}/stacks"] = new("listStacks"),
        [$"GET {Host}/stacks/{{name}}"] = new("getStack"),
        [$"PUT {Host}/stacks/{{name}}"] = new("deployStack", AsksAgent: true),
        [$"DELETE {Host}/stacks/{{name}}"] = new("removeStack", AsksAgent: true),
        ["GET /api/operations"] = new("listOperations"),
        ["GET /api/operations/{id}"] = new("getOperation"),
        ["GET /api/logs"] = new("followLogs"),
        ["POST /api/containers/actions"] = new("actOnContainers"),
        ["GET /api/containers"] = new("listContainers"),
        ["GET /api/containers/changes"] = new("watchContainers"),
        ["GET /api/stream"] = new("watchEvents"),
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
