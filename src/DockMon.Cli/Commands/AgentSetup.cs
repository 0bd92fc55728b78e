using DockMon.Cli.Hub;

namespace DockMon.Cli.Commands;

/// <summary>How to start an agent with a registration token: for Docker, for compose and for systemd.</summary>
internal static class AgentSetup
{
    public static string Describe(Settings settings, NewToken token, string image)
    {
        var url = settings.Hub!.Replace("http", "ws", StringComparison.Ordinal);
        var pin = settings.Pin is { } key ? $" SERVER_PIN={key}" : "";
        var uses = token.MaxUses == 1 ? "one host" : $"{token.MaxUses} hosts";
        return $"""
            {token.Token}

            It registers {uses}, until {token.ExpiresAt}. On the Docker host, one of these:

            # docker
            docker run -d --name dockmon-agent --restart unless-stopped --stop-timeout 30 \
              -v /var/run/docker.sock:/var/run/docker.sock -v dockmon-agent-data:/data \
              -v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro \
              --read-only --tmpfs /tmp --ulimit core=0 --security-opt no-new-privileges \
              --cap-drop ALL --cap-add CHOWN --cap-add SETGID --cap-add SETUID \
              -e DOCKMON_URL={url} -e REGISTRATION_TOKEN={token.Token}{(pin.Length > 0 ? " -e" + pin : "")} {image}

            # compose, with the file of the release
            DOCKMON_AGENT_IMAGE={image} DOCKMON_URL={url} REGISTRATION_TOKEN={token.Token}{pin} docker compose -f compose.yaml up -d

            # systemd, with the installer of the release
            sudo DOCKMON_URL={url} REGISTRATION_TOKEN={token.Token}{pin} ./install.sh
            """;
    }
}
