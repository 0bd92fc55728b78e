/** The image of the agent, as the installation page of the project has it. */
const image = 'dockmon-agent'

/** How to start an agent with a token, in the ways that the project's installation page describes. */
export function commands(origin: string, token: string): { title: string; text: string; hint: string }[] {
  const url = origin.replace(/^http/, 'ws')
  const isHere = isLocal(origin)
  return [
    {
      title: 'docker run',
      hint: 'Run it on the Docker host.',
      text: `docker run -d --name dockmon-agent --restart unless-stopped --stop-timeout 30 \\
  -v /var/run/docker.sock:/var/run/docker.sock -v dockmon-agent-data:/data \\
  -v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro \\
  --read-only --tmpfs /tmp --ulimit core=0 --security-opt no-new-privileges \\
  --cap-drop ALL --cap-add CHOWN --cap-add SETGID --cap-add SETUID \\${isHere ? '\n  --network host \\' : ''}
  -e DOCKMON_URL=${url} \\
  -e REGISTRATION_TOKEN=${token} ${image}`,
    },
    {
      title: 'compose',
      hint: 'Save it as compose.yaml on the Docker host, and run docker compose up -d beside it.',
      text: `services:
  dockmon-agent:
    image: ${image}
    container_name: dockmon-agent
    restart: unless-stopped
    stop_grace_period: 30s${isHere ? '\n    network_mode: host' : ''}
    environment:
      DOCKMON_URL: ${url}
      REGISTRATION_TOKEN: ${token}
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
      - data:/data
      - /proc:/host/proc:ro
      - /sys/fs/cgroup:/host/sys/fs/cgroup:ro
    read_only: true
    tmpfs:
      - /tmp
    security_opt:
      - no-new-privileges
    cap_drop: [ALL]
    cap_add: [CHOWN, SETGID, SETUID]
    ulimits:
      core: 0

volumes:
  data:`,
    },
    { title: 'systemd', hint: 'Run it beside install.sh of a release.', text: `sudo REGISTRATION_TOKEN=${token} sh install.sh --url ${url}` },
  ]
}

/** Whether an address is of the machine that it is used on, and so of no use on another one. */
export function isLocal(origin: string): boolean {
  try {
    const { hostname } = new URL(origin)
    return hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]'
  } catch {
    return false
  }
}
