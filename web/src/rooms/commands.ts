/** The image of the agent, as the installation page of the project has it. */
const image = 'dockmon-agent'

/** How to start an agent with a token, in the ways that the project's installation page describes. */
export function commands(origin: string, token: string): { title: string; text: string }[] {
  const url = origin.replace(/^http/, 'ws')
  return [
    {
      title: 'docker run',
      text: `docker run -d --name dockmon-agent --restart unless-stopped --stop-timeout 30 \\
  -v /var/run/docker.sock:/var/run/docker.sock -v dockmon-agent-data:/data \\
  -v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro \\
  --read-only --tmpfs /tmp --ulimit core=0 --security-opt no-new-privileges \\
  --cap-drop ALL --cap-add CHOWN --cap-add SETGID --cap-add SETUID \\
  -e DOCKMON_URL=${url} \\
  -e REGISTRATION_TOKEN=${token} ${image}`,
    },
    { title: 'compose', text: `DOCKMON_AGENT_IMAGE=${image} DOCKMON_URL=${url} REGISTRATION_TOKEN=${token} \\\n  docker compose -f compose.yaml up -d` },
    { title: 'systemd', text: `sudo REGISTRATION_TOKEN=${token} sh install.sh --url ${url}` },
  ]
}
