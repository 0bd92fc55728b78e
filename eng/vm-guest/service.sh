# The service that the Debian package installs, under a real systemd; sourced.

check_install() {
  dpkg --purge dockmon-agent >/dev/null 2>&1 </dev/null
  api hosts | jq -r '.[].id' | while read -r id; do api "hosts/$id" -X DELETE; done
  check "install: dpkg installs version $V1" dpkg --install "$here/$V1.deb"
  check "install: the service is enabled" systemctl is-enabled dockmon-agent
  check "install: it waits for its settings" is "$(property ActiveState)" inactive
  write_settings
  check "install: systemctl restart waits until it is ready" systemctl restart dockmon-agent
  check "install: it is active" is "$(property ActiveState)" active
  check "install: it registers" eventually 120 connected "$V1"
  local host
  host=$(host_id)
  check "install: upgrade to version $V2" dpkg --install "$here/$V2.deb"
  check "install: version $V2 is connected" eventually 120 connected "$V2"
  check "install: it is the host it was" is "$(api hosts | jq -r 'map(.id) | join(" ")')" "$host"
  check "install: systemd had nothing to restart by itself" is "$(property NRestarts)" 0
}

other_process() { [ "$(property MainPID)" != "$1" ] && [ "$(property ActiveState)" = active ]; }

check_watchdog() {
  check "watchdog: there is an agent" ensure_agent
  local pid restarts began=$SECONDS
  pid=$(property MainPID) restarts=$(property NRestarts)
  kill -STOP "$pid"
  # WatchdogSec, TimeoutStopSec where the end takes it, RestartSec, and the start itself.
  check "watchdog: a stopped process is replaced" eventually 180 other_process "$pid"
  check "watchdog: after $((SECONDS - began)) s, not before WatchdogSec, 60 s after its last sign" test $((SECONDS - began)) -ge 25
  check "watchdog: systemd says it was the watchdog" sh -c "journalctl -q -u dockmon-agent --since -10min | grep -i 'watchdog timeout'"
  check "watchdog: it was restarted once" is "$(property NRestarts)" $((restarts + 1))
  check "watchdog: it is connected again" eventually 120 connected "$V1"
}

# As docs/troubleshooting.md has it.
doctor() {
  systemd-run --quiet --pipe --wait --collect -p EnvironmentFile=/etc/dockmon-agent/agent.env -E DATA_PATH=/var/lib/dockmon-agent \
    -p User=dockmon-agent -p SupplementaryGroups=docker /usr/bin/dockmon-agent doctor "$@"
}

finds_nothing() {
  local answer
  answer=$(doctor --json) || { echo "$answer"; return 1; }
  printf '%s' "$answer" | jq -r '.checks[] | select(.status != "ok" and .status != "skipped") | "\(.status) \(.name): \(.found)"' | tee /tmp/doctor
  [ ! -s /tmp/doctor ]
}

check_doctor() {
  check "doctor: there is an agent" ensure_agent
  check "doctor: as the service's user it ends with 0" doctor
  check "doctor: it finds nothing wrong and warns of nothing" finds_nothing
  doctor | sed 's/^/          /'
}
