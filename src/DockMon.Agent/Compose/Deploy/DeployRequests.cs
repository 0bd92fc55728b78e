using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Policies.Redaction;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>What <c>deploy_compose</c> may ask for.</summary>
internal static class DeployRequests
{
    /// <summary>Says what is wrong with a request while somebody still waits for the answer.</summary>
    public static void Check(DeployComposeRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.DeploymentId))
        {
            throw new CommandException("deployment_id is missing");
        }

        if (!StackFolder.IsProjectName(request.ProjectName))
        {
            throw new CommandException(
                $"project_name \"{request.ProjectName}\" is not one: it begins with a small letter or a digit, and has only these, '_' and '-'");
        }

        if (request.Action is not (null or "up" or "down" or "restart"))
        {
            throw new CommandException($"unknown action: {request.Action}");
        }

        if (request.Action is null or "up" && string.IsNullOrWhiteSpace(request.ComposeContent))
        {
            throw new CommandException("compose_content is missing");
        }

        if (request.Profiles?.FirstOrDefault(profile => profile.Length == 0 || profile.StartsWith('-')) is { } profile)
        {
            throw new CommandException($"\"{profile}\" is not a profile's name");
        }

        StackFolder.CheckEnvNames(request.EnvFiles?.Keys);
        if (request.Action is null or "up")
        {
            RedactionMark.EnsureAbsent(request);
        }
    }
}
