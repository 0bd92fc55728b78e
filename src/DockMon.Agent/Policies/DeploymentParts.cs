using DockMon.Protocol;

namespace DockMon.Agent.Policies;

/// <summary>The actions that a deployment consists of: what is denied is denied inside of one, too.</summary>
internal static class DeploymentParts
{
    public static IReadOnlyList<string> Of(DeployComposeRequest request) => request.Action switch
    {
        "down" =>
        [
            OperationActions.Stop, OperationActions.Remove, CommandNames.DeleteNetwork,
            .. request.RemoveVolumes == true ? [CommandNames.DeleteVolume, CommandNames.PruneVolumes] : Array.Empty<string>(),
        ],
        "restart" => [OperationActions.Restart],
        // Compose pulls what is missing, whether that was asked for or not.
        _ => [OperationActions.Create, OperationActions.Start, OperationActions.PullImage, CommandNames.CreateNetwork, CommandNames.CreateVolume],
    };
}
