using System.Collections.Frozen;
using System.Text.Json;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Api;
using DockMon.Protocol;

namespace DockMon.Hub.Access.Permissions;

/// <summary>
/// The role that each request to an agent takes. A viewer only reads. An operator works with what is there. What lets somebody become root on the host takes
/// an admin, and so does what this hub does not know.
/// </summary>
internal static class CommandRoles
{
    private static readonly FrozenDictionary<string, Role> Commands = new Dictionary<string, Role>
    {
        [CommandNames.ListContainers] = Role.Viewer,
        [CommandNames.ListImages] = Role.Viewer,
        [CommandNames.ListNetworks] = Role.Viewer,
        [CommandNames.ListVolumes] = Role.Viewer,
        [CommandNames.GetSystemInfo] = Role.Viewer,
        [CommandNames.ImageCheck] = Role.Operator,
        [CommandNames.RemoveImage] = Role.Operator,
        [CommandNames.PruneImages] = Role.Operator,
        [CommandNames.CreateNetwork] = Role.Operator,
        [CommandNames.DeleteNetwork] = Role.Operator,
        [CommandNames.PruneNetworks] = Role.Operator,
        [CommandNames.DeleteVolume] = Role.Operator,
        [CommandNames.UpdateContainer] = Role.Operator,
        [CommandNames.ScanComposeDirs] = Role.Operator,
        [CommandNames.ReadComposeFile] = Role.Operator,
        [CommandNames.PruneVolumes] = Role.Admin,
        [CommandNames.CreateVolume] = Role.Admin,
        [CommandNames.DeployCompose] = Role.Admin,
        [CommandNames.SelfUpdate] = Role.Admin,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Role> Operations = new Dictionary<string, Role>
    {
        [OperationActions.Inspect] = Role.Viewer,
        [OperationActions.GetStatus] = Role.Viewer,
        [OperationActions.GetLogs] = Role.Viewer,
        [OperationActions.VerifyRunning] = Role.Viewer,
        [OperationActions.ValidatePorts] = Role.Viewer,
        [OperationActions.ListNetworks] = Role.Viewer,
        [OperationActions.ListVolumes] = Role.Viewer,
        [OperationActions.Start] = Role.Operator,
        [OperationActions.Stop] = Role.Operator,
        [OperationActions.Restart] = Role.Operator,
        [OperationActions.Kill] = Role.Operator,
        [OperationActions.Pause] = Role.Operator,
        [OperationActions.Unpause] = Role.Operator,
        [OperationActions.Rename] = Role.Operator,
        [OperationActions.Remove] = Role.Operator,
        [OperationActions.PullImage] = Role.Operator,
        [OperationActions.CreateNetwork] = Role.Operator,
        [OperationActions.CreateVolume] = Role.Admin,
        [OperationActions.Create] = Role.Admin,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>For callers with the role that the command or operation in the body takes.</summary>
    public static RouteHandlerBuilder AllowByCommand(this RouteHandlerBuilder builder) =>
        builder.Allow(Role.Viewer).WithMetadata(new AuditedByFilter()).AddEndpointFilter(CheckAsync);

    public static Role OfCommand(string? name) => name is not null && Commands.TryGetValue(name, out var role) ? role : Role.Admin;

    public static Role OfOperation(string? action) => action is not null && Operations.TryGetValue(action, out var role) ? role : Role.Admin;

    /// <summary>Whether somebody has decided on a command or an action.</summary>
    public static bool IsKnown(string name) => Commands.ContainsKey(name) || Operations.ContainsKey(name);

    /// <summary>Whether a request only reads, so that asking twice does no harm.</summary>
    /// <param name="command">The command's name; null for an operation.</param>
    /// <param name="payload">One JSON value, or empty.</param>
    public static bool OnlyReads(string? command, ReadOnlySpan<byte> payload) =>
        command is null ? !payload.IsEmpty && OfOperation(Text(JsonElement.Parse(payload), "action")) == Role.Viewer

        // Not for viewers: there may be passwords in it.
        : OfCommand(command) == Role.Viewer || command is CommandNames.ScanComposeDirs or CommandNames.ReadComposeFile;

    /// <summary>Checks the role that the request in the body takes, and writes it into the audit unless it only reads.</summary>
    private static async ValueTask<object?> CheckAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var (least, what) = Read(context);
        var caller = Caller.Of(context.HttpContext);
        var audit = context.HttpContext.RequestServices.GetRequiredService<RequestAudit>();
        if (caller.Role < least)
        {
            var reason = $"{what} takes the role {least.Name()}, and {caller.Who} is {caller.Role.Name()}";
            await audit.RefusedAsync(context.HttpContext, caller, reason);
            return Results.Problem(reason, statusCode: StatusCodes.Status403Forbidden);
        }

        return least == Role.Viewer && !RequestAudit.Reveals(context.HttpContext) ? await next(context)
            : await audit.RunAsync(context.HttpContext, what, async () => await next(context), Outcome);
    }

    private static string Outcome(object? result) => RequestAudit.Outcome((result as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK);

    private static (Role Least, string What) Read(EndpointFilterInvocationContext context)
    {
        foreach (var argument in context.Arguments)
        {
            switch (argument)
            {
                case CommandRequest command:
                    return (OfCommand(command.Command), command.Command ?? "a request without a command");
                case JsonElement operation:
                    var action = Text(operation, "action");
                    return (OfOperation(action), $"{action ?? "an operation without an action"} {Text(operation, "container_id")}".TrimEnd());
                default:
                    break;
            }
        }

        return (Role.Admin, "this request");
    }

    /// <summary>
    /// A text of an operation. Null as well if its name is there twice: agents differ in which one they take, and some do not tell small letters from capitals.
    /// </summary>
    private static string? Text(JsonElement operation, string name)
    {
        try
        {
            return operation.ValueKind == JsonValueKind.Object
                && operation.EnumerateObject().Where(field => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase)).ToList() is [var only]
                && only.Name == name && only.Value.ValueKind == JsonValueKind.String ? only.Value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // A name or a value that is no text: half of a surrogate pair, or not UTF-8.
        }
    }
}
