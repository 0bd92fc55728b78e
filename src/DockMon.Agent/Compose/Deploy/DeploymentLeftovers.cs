using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Configuration;
using DockMon.Agent.Storage;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>Files of deployments that a killed agent left: credentials of registries, and projects that were not accepted yet.</summary>
internal static partial class DeploymentLeftovers
{
    /// <summary>Removes them, before anything is deployed.</summary>
    public static void Clear(AgentOptions options, ILogger logger)
    {
        try
        {
            RegistryConfig.Clear(options.DataPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var folder = RegistryConfig.Root(options.DataPath);
            ComposeLog.RegistriesLeft(logger, folder, StorageAdvice.Describe(e, folder));
        }

        // Earlier versions had them in the directory of the projects.
        foreach (var folder in new[] { AcceptedModel.RootOf(options.DataPath), options.StacksPath })
        {
            try
            {
                StagedProject.Clear(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.CandidateLeft(logger, folder, StorageAdvice.Describe(e, folder));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(860, LogLevel.Warning, "{Path} is of a deployment that a killed agent left, and cannot be removed now: {Reason}")]
        public static partial void CandidateLeft(ILogger logger, string path, string reason);
    }
}
