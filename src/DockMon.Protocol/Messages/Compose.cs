namespace DockMon.Protocol;

/// <summary>Credentials of one registry for a deployment. Secret: never logged.</summary>
public sealed record RegistryCredentials
{
    /// <summary>The registry; empty, <c>docker.io</c> and <c>index.docker.io</c> are Docker Hub.</summary>
    public string? RegistryUrl { get; init; }

    /// <summary>The user.</summary>
    public string? Username { get; init; }

    /// <summary>The password or token.</summary>
    public string? Password { get; init; }
}

/// <summary>Payload of <c>deploy_compose</c>.</summary>
public sealed record DeployComposeRequest
{
    /// <summary>The server's id of the deployment.</summary>
    public string? DeploymentId { get; init; }

    /// <summary>Name of the compose project.</summary>
    public string? ProjectName { get; init; }

    /// <summary>The compose file.</summary>
    public string? ComposeContent { get; init; }

    /// <summary>The <c>.env</c> file.</summary>
    public string? EnvFileContent { get; init; }

    /// <summary>Env files by name; wins over <see cref="EnvFileContent"/>.</summary>
    public IReadOnlyDictionary<string, string>? EnvFiles { get; init; }

    /// <summary><c>up</c>, <c>down</c> or <c>restart</c>.</summary>
    public string? Action { get; init; }

    /// <summary>Whether <c>down</c> removes the volumes and the project's directory.</summary>
    public bool? RemoveVolumes { get; init; }

    /// <summary>Compose profiles to enable.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>Whether containers are recreated although nothing changed.</summary>
    public bool? ForceRecreate { get; init; }

    /// <summary>Whether images are pulled first.</summary>
    public bool? PullImages { get; init; }

    /// <summary>Whether to wait until the services are healthy.</summary>
    public bool? WaitForHealthy { get; init; }

    /// <summary>Seconds to wait; 60 when absent.</summary>
    public int? HealthTimeout { get; init; }

    /// <summary>Credentials for the pulls.</summary>
    public IReadOnlyList<RegistryCredentials>? RegistryCredentials { get; init; }
}

/// <summary>How a deployment gets on.</summary>
public sealed record DeployProgress
{
    /// <summary>The server's id of the deployment.</summary>
    public required string DeploymentId { get; init; }

    /// <summary><c>validating</c>, <c>parsing</c>, <c>creating_networks</c>, <c>creating_volumes</c>, <c>pulling_image</c>, <c>creating</c>,
    /// <c>starting</c>, <c>health_check</c>, <c>completed</c> or <c>failed</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Message { get; init; }

    /// <summary>The services as far as they are known.</summary>
    public IReadOnlyList<ServiceProgress>? Services { get; init; }
}

/// <summary>One service of a deployment that is under way.</summary>
public sealed record ServiceProgress
{
    /// <summary>The service.</summary>
    public required string Name { get; init; }

    /// <summary>Its state, such as <c>running</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Its image.</summary>
    public string? Image { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Message { get; init; }
}

/// <summary>A deployment ended.</summary>
public sealed record DeployComplete
{
    /// <summary>The server's id of the deployment.</summary>
    public required string DeploymentId { get; init; }

    /// <summary><c>up</c>, <c>down</c> or <c>restart</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Whether everything asked for was done.</summary>
    public bool Success { get; init; }

    /// <summary>Whether some services run and some do not.</summary>
    public bool? PartialSuccess { get; init; }

    /// <summary>The services' containers by service name.</summary>
    public required IReadOnlyDictionary<string, DeployedService> Services { get; init; }

    /// <summary>Services that do not run.</summary>
    public IReadOnlyList<string>? FailedServices { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
}

/// <summary>A container that a deployment made.</summary>
public sealed record DeployedService
{
    /// <summary>12 characters of the id.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The name, without a slash.</summary>
    public required string ContainerName { get; init; }

    /// <summary>Its image.</summary>
    public required string Image { get; init; }

    /// <summary>What it is doing in Docker's words, such as <c>Up 2 minutes (unhealthy)</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What is wrong with it; absent when nothing is.</summary>
    public string? Error { get; init; }

    /// <summary>What it ended with; absent while it runs.</summary>
    public long? ExitCode { get; init; }

    /// <summary>When Docker starts it again: <c>no</c>, <c>always</c>, <c>on-failure</c> or <c>unless-stopped</c>.</summary>
    public string? RestartPolicy { get; init; }
}

/// <summary>Payload of <c>scan_compose_dirs</c>.</summary>
public sealed record ScanComposeRequest
{
    /// <summary>Directories to look in beside the usual ones.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Whether to look in directories below.</summary>
    public bool? Recursive { get; init; }

    /// <summary>How deep; 5 when absent.</summary>
    public int? MaxDepth { get; init; }
}

/// <summary>Answer of <c>scan_compose_dirs</c>.</summary>
public sealed record ScanComposeResult
{
    /// <summary>Whether the search was done.</summary>
    public bool Success { get; init; }

    /// <summary>What was found, each file once.</summary>
    public required IReadOnlyList<ComposeFileSummary> ComposeFiles { get; init; }
}

/// <summary>A compose file that was found.</summary>
public sealed record ComposeFileSummary
{
    /// <summary>Its absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>Its <c>name:</c>, else the directory's name.</summary>
    public required string ProjectName { get; init; }

    /// <summary>Names of its services.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Size, bytes.</summary>
    public long Size { get; init; }

    /// <summary>When it was last changed, RFC 3339.</summary>
    public required string Modified { get; init; }
}

/// <summary>Payload of <c>read_compose_file</c>.</summary>
public sealed record ReadComposeRequest
{
    /// <summary>The file's absolute path.</summary>
    public string? Path { get; init; }
}

/// <summary>Answer of <c>read_compose_file</c>.</summary>
public sealed record ReadComposeResult
{
    /// <summary>Whether it could be read.</summary>
    public bool Success { get; init; }

    /// <summary>The file's path.</summary>
    public required string Path { get; init; }

    /// <summary>The file.</summary>
    public string? Content { get; init; }

    /// <summary>The <c>.env</c> beside it.</summary>
    public string? EnvContent { get; init; }

    /// <summary>Env files by name.</summary>
    public IReadOnlyDictionary<string, string>? EnvFiles { get; init; }

    /// <summary>Env files that are named but not read.</summary>
    public IReadOnlyList<string>? SkippedEnvFiles { get; init; }

    /// <summary>Why it could not be read.</summary>
    public string? Error { get; init; }
}
