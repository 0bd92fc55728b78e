# The service updates itself under a real systemd; sourced.

journal_has() { journalctl -q -u dockmon-agent --since "@$1" | grep -- "$2"; }
stays() { heard selfupdate_progress | grep '"stage":"complete"' | grep "ersion $V2 runs and is connected"; }

ask() {
  local url=http://127.0.0.1:8099/dockmon-agent
  eventually 60 curl -sfI -o /dev/null "$url" || return 1
  jq -n --arg url "$url" --arg version "$V2" --arg sum "$(sha256sum "$here/site/dockmon-agent" | cut -d ' ' -f 1)" \
    '{command: "self_update", payload: {version: $version, binary_url: $url, checksum: $sum}}' |
    api "hosts/$(host_id)/command?timeout_seconds=240" -X POST -H 'Content-Type: application/json' -d @-
}

# All that systemd may not have noticed.
look() {
  check "self-update, $1: version $V2 is connected" eventually 120 connected "$V2"
  check "self-update, $1: the main process is the same" is "$(property MainPID)" "$2"
  check "self-update, $1: systemd restarted nothing" is "$(property NRestarts)" 0
  check "self-update, $1: the service is active" is "$(property ActiveState)/$(property SubState)" active/running
  check "self-update, $1: systemd does not wait for its end" is "$(journal_has "$3" 'STOPPING=1\|[Ww]atchdog timeout\|Killing')" ""
}

check_self_update() {
  busybox httpd -f -p 127.0.0.1:8099 -h "$here/site" &
  local site=$! pid since
  check "self-update: there is an agent" ensure_agent
  pid=$(property MainPID) since=$(date +%s)
  check "self-update: it is accepted" ask
  check "self-update: the server is told that version $V2 stays" eventually 300 stays
  look "plain" "$pid" "$since"

  # The server is away when the new version starts, for longer than TimeoutStopSec and WatchdogSec.
  check "self-update: the first version is back" ensure_agent
  pid=$(property MainPID) since=$(date +%s)
  check "self-update: it is accepted again" ask
  check "self-update: the trial begins" eventually 240 journal_has "$since" "Becoming version $V2 on trial"
  systemctl stop dockmon-hub
  sleep 70
  check "self-update: the trial of 70 s and more goes on" is "$(property ActiveState)/$(property MainPID)" "active/$pid"
  systemctl start dockmon-hub
  check "self-update: the server is told that version $V2 stays, after all" eventually 300 stays
  look "a long trial" "$pid" "$since"
  kill "$site"
}
