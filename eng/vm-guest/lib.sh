# Shared by what runs in the virtual machine; sourced. Its files are where eng/vm-check copies them.
here=/root/dockmon
. "$here/versions" # V1 and V2: the package's versions
hub=http://127.0.0.1:8090 key=key-of-the-hub-in-the-vm image=dockmon-test/busybox:1 failures=0

api() { curl -sS --fail-with-body --max-time 300 -H "Authorization: Bearer $key" "$hub/api/$1" "${@:2}"; }
property() { systemctl show -P "$1" dockmon-agent; }

# check WHAT COMMAND…: a line of what came of it; what a command that failed said comes below.
check() {
  local what=$1 said; shift
  if said=$("$@" 2>&1 </dev/null); then
    echo "ok      $what"
  else
    echo "FAILED  $what"
    printf '%s\n' "$said" | tail -n 8 | sed 's/^/          /'
    failures=$((failures + 1))
  fi
}

# eventually SECONDS COMMAND…: until it succeeds.
eventually() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $end ] || { echo "not within its time: $*"; return 1; }
    sleep 1
  done
}

is() { [ "$1" = "$2" ] || { echo "is $1, not $2"; return 1; }; }
host_id() { api hosts | jq -r '.[0].id // empty'; }
connected() { [ "$(api hosts | jq -r '[.[] | select(.connected) | .registration.version] | join(" ")')" = "$1" ]; }

write_hub() {
  cat >/etc/systemd/system/dockmon-hub.service <<UNIT
[Unit]
Description=DockMon hub
[Service]
ExecStart=$here/hub/dockmon-hub
Environment=HUB_URLS=$hub HUB_DATA=/var/lib/dockmon-hub HUB_ADMIN_KEY=$key
StateDirectory=dockmon-hub
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable --quiet --now dockmon-hub
}

# A hub, and an image made of Debian's busybox.
prepare() {
  local root
  eventually 120 docker version >/dev/null
  systemctl is-active --quiet dockmon-hub || write_hub
  eventually 120 curl -sf -o /dev/null "$hub/health"
  docker image inspect "$image" >/dev/null 2>&1 && return
  root=$(mktemp -d)
  mkdir -p "$root/bin" "$root/tmp" "$root/etc"
  cp /bin/busybox "$root/bin/"
  for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  tar -C "$root" -c . | docker import --change 'CMD ["sh"]' - "$image" >/dev/null
  rm -rf "$root"
}

# The package in its first version, registered and connected, whatever was before.
ensure_agent() {
  if connected "$V1" && [ ! -e /var/lib/dockmon-agent/bin ]; then return; fi
  dpkg --purge dockmon-agent >/dev/null 2>&1 </dev/null
  api hosts | jq -r '.[].id' | while read -r id; do api "hosts/$id" -X DELETE; done
  dpkg --install "$here/$V1.deb" >/dev/null </dev/null
  write_settings
  systemctl restart dockmon-agent
  eventually 120 connected "$V1"
}

write_settings() {
  local token
  token=$(api tokens -X POST | jq -r .token)
  printf 'DOCKMON_URL="ws%s"\nREGISTRATION_TOKEN="%s"\n' "${hub#http}" "$token" >>/etc/dockmon-agent/agent.env
}

# What the hub was told lately of some event. Its stream has no end, so curl always ends by its limit.
heard() { { curl -sN --max-time 8 -H "Authorization: Bearer $key" -H 'Last-Event-ID: 0' "$hub/api/stream" || true; } | grep -A 1 "^event: $1" | grep '^data:'; }
