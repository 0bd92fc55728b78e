# What the agent says of a busy container, beside what the docker command and the engine say; sourced.

sample() { api "hosts/$(host_id)/stats" | jq ".containers[\"$1\"]"; }
engine() { curl -sSf --unix-socket /run/docker.sock "http://docker/containers/$1/stats?stream=false&one-shot=true"; }

# Both look at different moments, so it is for some moment, not for each.
agrees() {
  docker stats --no-stream --format '{{json .}}' busy >/tmp/docker.json && engine busy >/tmp/engine.json && sample "$1" >/tmp/agent.json || return 1
  jq -e -s "$2" /tmp/agent.json /tmp/docker.json /tmp/engine.json >/dev/null || {
    jq -c . /tmp/agent.json; jq -c '{CPUPerc, MemUsage, NetIO, BlockIO}' /tmp/docker.json; jq -c .networks /tmp/engine.json; return 1; }
}

check_stats() {
  check "stats: there is an agent" ensure_agent
  docker rm -f busy >/dev/null 2>&1
  docker network create --internal busy >/dev/null 2>&1
  # Twenty megabytes of its own, half a processor, and files to fetch.
  docker run -d --name busy --network busy --cpus 0.5 --memory 100m "$image" sh -c \
    'httpd -p 80 -h /bin; exec awk "BEGIN { s = \"x\"; while (length(s) < 16000000) s = s s; while (1) i++ }"' >/dev/null
  local id
  id=$(docker inspect -f '{{.Id}}' busy)
  check "stats: a file is fetched from it" eventually 120 docker run --rm --network busy "$image" wget -q -O /dev/null http://busy/busybox
  check "stats: the share of the processors" eventually 300 agrees "$id" \
    '(.[1].CPUPerc | rtrimstr("%") | tonumber) as $docker | .[0].cpu_percent as $agent | $docker > 20 and ($agent - $docker | fabs) <= 5'
  check "stats: memory, within a tenth, and its limit" eventually 300 agrees "$id" \
    '(.[2].memory_stats | .usage - .stats.inactive_file) as $docker | .[0].memory_usage as $agent
      | ($agent - $docker | fabs) <= 0.1 * $docker and .[0].memory_limit == 104857600'
  check "stats: bytes over the network, to the last" eventually 120 agrees "$id" \
    '.[0].network_tx > 1000000 and .[0].network_tx == .[2].networks.eth0.tx_bytes and .[0].network_rx == .[2].networks.eth0.rx_bytes'
  jq -c '{cpu_percent, memory_usage, memory_limit, network_rx, network_tx}' /tmp/agent.json | sed 's/^/          agent   /'
  jq -c '{CPUPerc, MemUsage, NetIO}' /tmp/docker.json | sed 's/^/          docker  /'
  check "stats: they come from the kernel" sh -c 'journalctl -q -u dockmon-agent | grep "statistics come from the kernel"'
  docker rm -f busy >/dev/null
  docker network rm busy >/dev/null
}
