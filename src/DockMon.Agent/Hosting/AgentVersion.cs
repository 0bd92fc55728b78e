using System.Reflection;

namespace DockMon.Agent.Hosting;

/// <summary>The version of this program, from the one place in the repository that holds it.</summary>
internal static class AgentVersion
{
    /// <summary>Such as <c>3.0.0-dev</c>.</summary>
    public static string Current { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
