namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>Where the files of one project are.</summary>
/// <param name="Stack">What people see of it.</param>
/// <param name="Accepted">What compose is given.</param>
/// <param name="HostStacks">The directory of all projects as the host names it, which relative paths in compose files mean.</param>
internal sealed record ProjectFiles(StackFolder Stack, AcceptedModel Accepted, string HostStacks);
