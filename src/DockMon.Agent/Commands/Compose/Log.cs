using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Compose;

internal static partial class Log
{
    [LoggerMessage(850, LogLevel.Information, "Compose {Version} is {Path}")]
    public static partial void Found(ILogger logger, Version version, string path);

    [LoggerMessage(851, LogLevel.Information, "There is no docker compose on this machine: deployments are not offered")]
    public static partial void NotFound(ILogger logger);

    [LoggerMessage(852, LogLevel.Information, "Deployment {Deployment}: {Action} of project {Project} began")]
    public static partial void Began(ILogger logger, string deployment, string action, string project);

    [LoggerMessage(853, LogLevel.Information, "Deployment {Deployment}: {Action} of project {Project} is done")]
    public static partial void Done(ILogger logger, string deployment, string action, string project);

    [LoggerMessage(854, LogLevel.Warning, "Deployment {Deployment}: {Action} of project {Project} failed: {Reason}")]
    public static partial void DeploymentFailed(ILogger logger, string deployment, string action, string project, string reason);

    [LoggerMessage(855, LogLevel.Error, "Deployment {Deployment} failed in a way nobody foresaw")]
    public static partial void Unforeseen(ILogger logger, Exception exception, string deployment);

    [LoggerMessage(856, LogLevel.Warning, "Project {Project} could not be taken down after its first start failed: compose ended with {ExitCode}")]
    public static partial void TakeDownFailed(ILogger logger, string project, int exitCode);

    [LoggerMessage(857, LogLevel.Warning, "No mount of the agent's container holds {Path}: relative bind mounts of projects will not work; mount it from the host, or set HOST_STACKS_DIR")]
    public static partial void NoHostPath(ILogger logger, string path);

    [LoggerMessage(858, LogLevel.Warning, "The host's path {Path} cannot be made visible here, so env_file entries of projects may not be found: {Reason}")]
    public static partial void NoMirror(ILogger logger, string path, string reason);

    [LoggerMessage(859, LogLevel.Warning, "{Path} holds passwords of registries, left by a deployment, and cannot be removed now: {Reason}")]
    public static partial void RegistriesLeft(ILogger logger, string path, string reason);

    [LoggerMessage(860, LogLevel.Warning, "{Path} is of a deployment that a killed agent left, and cannot be removed now: {Reason}")]
    public static partial void CandidateLeft(ILogger logger, string path, string reason);

    [LoggerMessage(861, LogLevel.Warning, "The journal of deployment {Deployment} cannot be removed, so its end will be told again after the next start: {Reason}")]
    public static partial void JournalUnremovable(ILogger logger, string deployment, string reason);

    [LoggerMessage(862, LogLevel.Warning, "{Path} is no journal of a deployment that can be read, and is left alone: {Reason}")]
    public static partial void JournalUnreadable(ILogger logger, string path, string reason);

    [LoggerMessage(863, LogLevel.Warning, "Deployment {Deployment} of project {Project} was interrupted by the end of the agent: the server is told so")]
    public static partial void Interrupted(ILogger logger, string deployment, string project);

    [LoggerMessage(864, LogLevel.Warning, "How deployment {Deployment} ended cannot be kept in its journal: {Reason}")]
    public static partial void EndNotKept(ILogger logger, string deployment, string reason);
}
