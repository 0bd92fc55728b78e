# Shared by ./test, ./demo and .ci/run; sourced with the repository as the current directory.

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOCKMON_TEST_IMAGE=dockmon-test/busybox:1
# A build node that lives on would keep a pipe on this script's output open.
export MSBUILDDISABLENODEREUSE=1

# Installs Debian packages when that can be done; otherwise says which are missing and why they are needed.
install() {
  local why=$1; shift
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    die "$why is missing. On Debian or Ubuntu: sudo apt-get install $*"
  fi
  say "installing $* ($why)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" </dev/null >/dev/null
}

need_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: install it from your distribution or from Microsoft, then run this again"
}

# An engine that answers, started by hand where nothing else does it.
ensure_docker() {
  docker version >/dev/null 2>&1 && return
  [ -z "${DOCKER_HOST:-}" ] || die "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST: start it, or unset DOCKER_HOST"
  command -v dockerd >/dev/null || install "Docker" docker.io iptables
  # Since Debian 13 the client is a package of its own.
  command -v docker >/dev/null || install "The docker command" docker-cli
  docker version >/dev/null 2>&1 && return
  [ "$(id -u)" -eq 0 ] || die "Docker is installed and does not answer: start it (sudo systemctl start docker), or add yourself to the group docker"
  say "starting dockerd (its log: /tmp/dockmon-dockerd.log)"
  setsid dockerd >/tmp/dockmon-dockerd.log 2>&1 </dev/null &
  for _ in $(seq 120); do
    docker version >/dev/null 2>&1 && return
    sleep 0.5
  done
  tail -n 5 /tmp/dockmon-dockerd.log >&2
  die "dockerd does not answer; see /tmp/dockmon-dockerd.log"
}

# A base image without a registry: Debian's static busybox, imported.
ensure_test_image() {
  docker image inspect "$DOCKMON_TEST_IMAGE" >/dev/null 2>&1 && return
  local busybox root
  busybox=$(command -v busybox || true)
  if [ -z "$busybox" ] || ! "$busybox" --list >/dev/null 2>&1 || ldd "$busybox" >/dev/null 2>&1; then
    install "a static busybox, for test images" busybox-static
    busybox=$(command -v busybox)
  fi
  say "making the image $DOCKMON_TEST_IMAGE"
  root=$(mktemp -d)
  mkdir -p "$root/bin" "$root/tmp" "$root/etc"
  cp "$busybox" "$root/bin/busybox"
  "$busybox" --list | while read -r applet; do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  tar -C "$root" -c . | docker import --change 'CMD ["sh"]' - "$DOCKMON_TEST_IMAGE" >/dev/null
  rm -rf "$root"
}

# A real registry, for the tests that pull.
ensure_registry() {
  command -v docker-registry >/dev/null || install "A registry for the tests" docker-registry
}

# Docker's compose for the tests of deployments: the machine's own, else Debian 13's, unpacked into artifacts/tools/compose and installed
# nowhere. Without either those tests are skipped.
ensure_compose() {
  local tool folder=artifacts/tools/compose keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror work
  for tool in "docker compose" docker-compose "$folder/docker-compose"; do
    case $($tool version --short 2>/dev/null) in v[2-9]* | [2-9]*) return ;; esac
  done
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || { say "no docker compose here: its tests will be skipped"; return; }
  # The mirror this machine uses already.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
  [ -n "$mirror" ] && [ -e "$keys" ] || { say "no docker compose here, and no Debian mirror to take it from: its tests will be skipped"; return; }
  say "taking docker compose from Debian 13"
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=$keys] $mirror trixie main" >"$work/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  if "${apt[@]}" update && (cd "$work" && "${apt[@]}" download docker-compose) && dpkg -x "$work"/docker-compose_*.deb "$work/root"; then
    mkdir -p "$folder"
    cp -L "$(find "$work/root" -type f -path "*/cli-plugins/docker-compose")" "$folder/docker-compose"
    "$folder/docker-compose" version --short >/dev/null 2>&1 || rm "$folder/docker-compose"
  fi
  rm -rf "$work"
  [ -x "$folder/docker-compose" ] || say "docker compose could not be had: its tests will be skipped"
}

ensure_native_tools() {
  command -v gcc >/dev/null || command -v clang >/dev/null || install "A linker for NativeAOT" gcc libc6-dev zlib1g-dev
  command -v objcopy >/dev/null || install "objcopy for NativeAOT" binutils
  [ -e /usr/include/zlib.h ] || install "zlib for NativeAOT" zlib1g-dev
}

# Publishes programs natively into artifacts/publish/NAME. A trim or AOT warning is an error, as every warning here.
publish() {
  local name project
  for name in "$@"; do
    project=src/DockMon.${name^}
    say "publishing dockmon-$name"
    dotnet publish "$project" -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/')" --nologo -v quiet -o "artifacts/publish/$name"
  done
}
