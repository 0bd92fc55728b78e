using DockMon.Cli.Hub;

namespace DockMon.Cli.Commands;

/// <summary>How to start an agent with a registration token: for Docker, for compose and for systemd.</summary>
internal static class AgentSetup
{
    public static string Describe(Settings settings, NewToken token, string image)
    {
        var url = "ws" + settings.Hub!["http".Length..];
        var pin = settings.Pin is { } key ? $"SERVER_PIN={key}" : null;
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
              -e DOCKMON_URL={url} -e REGISTRATION_TOKEN={token.Token}{(pin is null ? "" : " -e " + pin)} {image}

            # compose, with the file of the release{(pin is null ? "" : $", after {pin} was added to its environment")}
            DOCKMON_AGENT_IMAGE={image} DOCKMON_URL={url} REGISTRATION_TOKEN={token.Token} docker compose -f compose.yaml up -d

            # systemd, with the installer of the release{(pin is null ? "" : $"; then add {pin} to /etc/dockmon-agent/agent.env and restart dockmon-agent")}
            sudo REGISTRATION_TOKEN={token.Token} sh install.sh --url {url}
            """;
    }
}
