using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using DockMon.Hub.Access;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus;
using DockMon.Protocol;

namespace DockMon.Hub.Api.Feeds;

/// <summary>Forwards requests to agents and returns their answers. Failures become problem details with the agent's error text.</summary>
internal static class Relay
{
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestLimit = TimeSpan.FromHours(1);

    public static TimeSpan Limit(double? seconds) =>
        seconds is { } given && double.IsFinite(given) ? TimeSpan.FromSeconds(Math.Clamp(given, 0.1, LongestLimit.TotalSeconds)) : DefaultLimit;

    public static Task<IResult> CommandAsync(
        AgentRequests agents,
        string hostId,
        string command,
        JsonElement payload,
        TimeSpan limit,
        CancellationToken ct) =>
        AskAsync(agents, hostId, FrameTypes.Command, command, payload, limit, ct);

    public static Task<IResult> OperationAsync(AgentRequests agents, string hostId, JsonElement payload, TimeSpan limit, CancellationToken ct) =>
        AskAsync(agents, hostId, FrameTypes.ContainerOperation, null, payload, limit, ct);

    private static async Task<IResult> AskAsync(
        AgentRequests agents,
        string hostId,
        string type,
        string? command,
        JsonElement payload,
        TimeSpan limit,
        CancellationToken ct)
    {
        byte[] json = payload.ValueKind == JsonValueKind.Undefined ? [] : JsonMarshal.GetRawUtf8Value(payload).ToArray();
        if (!Utf8.IsValid(json))
        {
            return Results.Problem("the body is not UTF-8", statusCode: StatusCodes.Status400BadRequest); // The reader of JSON does not look into texts.
        }

        try
        {
            var result = (await agents.AskAsync(hostId, type, command, json, limit, ct)).Payload ?? JsonElement.Parse("null");
            return new MaskedJson(JsonMarshal.GetRawUtf8Value(result).ToArray());
        }
        catch (AgentException e)
        {
            return Problem(e);
        }
    }

    /// <summary>The answer to a request that an agent did not do.</summary>
    public static IResult Problem(AgentException e) => Results.Problem(e.Message, statusCode: e.Failure switch
    {
        AgentFailure.NotConnected => StatusCodes.Status409Conflict,
        AgentFailure.Unreachable => StatusCodes.Status503ServiceUnavailable,
        AgentFailure.TimedOut => StatusCodes.Status504GatewayTimeout,
        AgentFailure.Unsupported => StatusCodes.Status501NotImplemented,
        _ => StatusCodes.Status502BadGateway,
    });
}
