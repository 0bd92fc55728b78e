# Before and after a power cut in the middle of a container's update; sourced.
registry=127.0.0.1:5000

publish() {
  local root
  root=$(mktemp -d)
  docker create --name power-base "$image" >/dev/null
  docker export power-base >"$root/root.tar"
  docker rm power-base >/dev/null
  mkdir "$root/app"
  head -c 4000000 /dev/urandom >"$root/app/payload"
  tar -r -f "$root/root.tar" -C "$root" app
  docker import --change "CMD [\"sleep\",\"3600$1\"]" --change 'VOLUME /anonymous' "$root/root.tar" "$registry/app:$1"
  docker push -q "$registry/app:$1"
  rm -rf "$root"
}

check_power_prepare() {
  check "power cuts: there is an agent" ensure_agent
  # Debian's wants a password.
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/docker-registry}}\nhttp: {addr: "%s"}\n' "$registry" >/etc/docker/registry/config.yml
  systemctl restart docker-registry
  check "power cuts: there is a registry" eventually 120 curl -sf -o /dev/null "http://$registry/v2/"
  for number in 1 2; do check "power cuts: image $number is in the registry" publish $number; done
}

check_power_update() {
  docker ps -aq --filter name=power | xargs -r docker rm -fv >/dev/null
  docker rmi -f "$registry/app:2" >/dev/null 2>&1
  docker run -d --name power --restart always --stop-timeout 1 "$registry/app:1" >/dev/null
  docker exec power sh -c 'echo precious >/anonymous/data'
  # It is there for long.
  sync
  check "power cut: an update begins" api "hosts/$(host_id)/command?timeout_seconds=240" -X POST -H 'Content-Type: application/json' \
    -d "{\"command\":\"update_container\",\"payload\":{\"container_id\":\"power\",\"new_image\":\"$registry/app:2\",\"stop_timeout\":1,\"health_timeout\":60}}"
}

one_runs() { [ "$(docker ps -a --format '{{.Names}} {{.State}}' | grep power)" = "power running" ] || { docker ps -a; return 1; }; }
no_journal() { [ -z "$(ls /var/lib/dockmon-agent/updates/*.json 2>/dev/null)" ] || { cat /var/lib/dockmon-agent/updates/*.json; return 1; }; }
has_data() { [ "$(docker exec power cat /anonymous/data)" = precious ]; }
told() { [ -e /tmp/told ] || { heard update_complete || heard update_progress | grep '"stage":"failed"'; }; }

check_power_look() {
  check "power cut: the agent is connected again" eventually 300 connected "$V1"
  check "power cut: exactly one container of the name runs, and nothing else was left" eventually 300 one_runs
  check "power cut: the update is over" eventually 300 no_journal
  check "power cut: still exactly one" one_runs
  check "power cut: it has its data" eventually 60 has_data
  check "power cut: the server was told an end" eventually 180 told
  heard 'update_complete\|^event: update_progress' | grep -v layer | tail -n 1 | cut -c 1-300 | sed 's/^/          /'
  docker inspect -f '          it runs {{.Config.Image}}' power
}
