using DockMon.Agent.Configuration;

namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>The variables compose is started with: no others, because a compose file can read every one of them, and the agent's hold tokens.</summary>
internal static class ComposeEnvironment
{
    // Early versions 2 of compose take what is not set from the project's .env, for themselves and for what they start.
    private static readonly string[] Fixed = ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DOCKER_HOST", "DOCKER_CONTEXT"];

    public static Dictionary<string, string> Build(AgentOptions options, string? registryFolder, Func<string, string?> environment)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                variables[name] = value;
            }
        }

        foreach (var name in Fixed)
        {
            variables[name] = "";
        }

        Set("PATH", environment("PATH"));
        Set("HOME", environment("HOME"));
        Set("DOCKER_CONFIG", registryFolder ?? environment("DOCKER_CONFIG"));
        Set("DOCKER_HOST", options.DockerHost);
        Set("DOCKER_CERT_PATH", options.DockerCertPath);
        Set("DOCKER_TLS_VERIFY", options.DockerTlsVerify);
        // Docker's own programs need to be told of TLS without verification.
        Set("DOCKER_TLS", options.DockerCertPath is not null ? "1" : null);
        return variables;
    }
}
