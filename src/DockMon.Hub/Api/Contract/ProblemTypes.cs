using DockMon.Hub.Agents;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Api.Contract;

/// <summary>The <c>type</c> of each kind of error: a URN that stays the same, for programs. Where none is set, the status decides.</summary>
internal static class ProblemTypes
{
    private const string Prefix = "urn:dockmon:problem:";

    /// <summary>The request cannot be read, or says nothing that makes sense.</summary>
    public const string InvalidRequest = Prefix + "invalid_request";

    public const string Unauthorized = Prefix + "unauthorized";

    public const string Forbidden = Prefix + "forbidden";

    /// <summary>The password is right, and a code of the authenticator app is missing.</summary>
    public const string CodeRequired = Prefix + "code_required";

    /// <summary>What is there already, or must stay, forbids it.</summary>
    public const string Conflict = Prefix + "conflict";

    public const string NotFound = Prefix + "not_found";

    public const string HostNotFound = Prefix + "host_not_found";

    public const string HostNotConnected = Prefix + "host_not_connected";

    /// <summary>The same is under way.</summary>
    public const string AlreadyRunning = Prefix + "already_running";

    /// <summary>The agent answered with an error.</summary>
    public const string AgentError = Prefix + "agent_error";

    /// <summary>The agent did not answer in time: what was asked may have been done.</summary>
    public const string AgentTimeout = Prefix + "agent_timeout";

    /// <summary>Gives a problem its type, unless it has one of these; and what nobody expected, a text that says what to do.</summary>
    public static void Set(ProblemDetails problem)
    {
        if (problem.Status == StatusCodes.Status500InternalServerError)
        {
            problem.Detail ??=
                "the hub failed at this by a mistake of its own, and its log says why; whether it was done is not known: look before you try again";
        }

        if (problem.Type?.StartsWith(Prefix, StringComparison.Ordinal) != true)
        {
            problem.Type = Of(problem.Status ?? StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>The type of a failed request to an agent.</summary>
    public static string Of(AgentException e) => e.Failure switch
    {
        AgentFailure.NotConnected => HostNotConnected,
        AgentFailure.TimedOut => AgentTimeout,
        AgentFailure.Unreachable => Prefix + "unavailable",
        _ => AgentError,
    };

    /// <summary>What a status says in the description of the API.</summary>
    public static string Describe(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The request makes no sense.",
        StatusCodes.Status401Unauthorized => "No valid key.",
        StatusCodes.Status403Forbidden => "It takes a higher role.",
        StatusCodes.Status404NotFound => "There is no such thing.",
        StatusCodes.Status409Conflict => "The host's agent is not connected, or what is there already forbids it.",
        StatusCodes.Status413PayloadTooLarge => "The body is too large.",
        StatusCodes.Status426UpgradeRequired => "It takes a WebSocket.",
        StatusCodes.Status429TooManyRequests => "There were too many wrong tries.",
        StatusCodes.Status501NotImplemented => "The host's agent cannot do it.",
        StatusCodes.Status502BadGateway => "The agent answered with an error.",
        StatusCodes.Status503ServiceUnavailable => "The hub, or the one that the agent is connected to, cannot be used now.",
        StatusCodes.Status504GatewayTimeout => "The agent did not answer in time.",
        _ => "An error.",
    };

    private static string Of(int status) => status switch
    {
        StatusCodes.Status400BadRequest => InvalidRequest,
        StatusCodes.Status401Unauthorized => Unauthorized,
        StatusCodes.Status403Forbidden => Forbidden,
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => Prefix + "method_not_allowed",
        StatusCodes.Status409Conflict => HostNotConnected,
        StatusCodes.Status413PayloadTooLarge => Prefix + "body_too_large",
        StatusCodes.Status415UnsupportedMediaType => Prefix + "unsupported_media_type",
        StatusCodes.Status426UpgradeRequired => Prefix + "websocket_required",
        StatusCodes.Status429TooManyRequests => Prefix + "too_many_requests",
        StatusCodes.Status501NotImplemented => Prefix + "not_supported",
        StatusCodes.Status502BadGateway => AgentError,
        StatusCodes.Status503ServiceUnavailable => Prefix + "unavailable",
        StatusCodes.Status504GatewayTimeout => AgentTimeout,
        _ => Prefix + "internal_error",
    };
}
