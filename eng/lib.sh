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
  (
    flock 8 # Two parts of a set-up may want packages at once.
    say "installing $* ($why)"
    apt-get update -qq 8>&-
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" </dev/null >/dev/null 8>&-
  ) 8>>"${TMPDIR:-/tmp}/dockmon-install.lock"
}

need_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: install it from your distribution or from Microsoft, then run this again"
}

# Removes the pid file of a daemon that was killed. The daemon itself would take any process that has got its pid meanwhile for its own.
#   forget_pid FILE PROGRAM
forget_pid() {
  local pid
  [ -f "$1" ] || return 0
  pid=$(cat "$1")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null || true)" = "$2" ] || rm -f "$1"
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
  forget_pid /var/run/docker.pid dockerd
  forget_pid /var/run/docker/containerd/containerd.pid containerd
  env --chdir=/ setsid dockerd >/tmp/dockmon-dockerd.log 2>&1 </dev/null &
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

# PostgreSQL's programs: the tests start a server of their own, so that Debian's package is to make none.
ensure_postgres() {
  ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || return 0
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/dockmon.conf
  fi
  install "PostgreSQL, for the tests of the hub on it" postgresql
}

# A NATS server, which the hub's tests start by themselves. The package starts one, too, which nobody asked for.
ensure_nats() {
  [ -x /usr/sbin/nats-server ] || command -v nats-server >/dev/null || install "NATS, for tests of several hubs" nats-server
}

# The Debian mirror this machine uses already; nothing where it uses none.
debian_mirror() {
  command -v apt-get >/dev/null || return 0
  apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true
}

# Fetches packages of a Debian release for an architecture and unpacks them into FOLDER/root, with the merged /usr Debian has: nothing is installed.
#   unpack_debian FOLDER SUITE ARCHITECTURE PACKAGE…
unpack_debian() {
  local folder=$1 suite=$2 arch=$3 keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror name package; shift 3
  mirror=$(debian_mirror)
  [ -n "$mirror" ] && [ -e "$keys" ] && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/packages"
  echo "deb [signed-by=$keys] $mirror $suite main" >"$folder/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=-
    -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache"
    -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o APT::Sandbox::User=root)
  "${apt[@]}" update && (cd "$folder/packages" && "${apt[@]}" download "$@") || return 1
  for name in bin sbin lib lib64; do
    mkdir -p "$folder/root/usr/$name"
    ln -s "usr/$name" "$folder/root/$name"
  done
  for package in "$folder"/packages/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -C "$folder/root" --keep-directory-symlink -x || return 1
  done
}

# Docker's compose for the tests of deployments: the machine's own, else Debian 13's, unpacked into artifacts/tools/compose and installed
# nowhere. Without either those tests are skipped.
ensure_compose() {
  local tool folder=artifacts/tools/compose work
  for tool in "docker compose" docker-compose "$folder/docker-compose"; do
    case $($tool version --short 2>/dev/null) in v[2-9]* | [2-9]*) return ;; esac
  done
  say "taking docker compose from Debian 13"
  work=$(mktemp -d)
  if unpack_debian "$work" trixie "$(architecture)" docker-compose; then
    mkdir -p "$folder"
    cp -L "$(find "$work/root" -type f -path "*/cli-plugins/docker-compose")" "$folder/docker-compose"
    "$folder/docker-compose" version --short >/dev/null 2>&1 || rm "$folder/docker-compose"
  fi
  rm -rf "$work"
  [ -x "$folder/docker-compose" ] || say "docker compose could not be had: its tests will be skipped"
}

# AFL++ of Debian, and the tool that instruments .NET assemblies for it, of NuGet: sets SHARPFUZZ.
ensure_fuzz_tools() {
  local version=2.3.0 folder=$PWD/artifacts/tools/sharpfuzz
  command -v afl-fuzz >/dev/null || install "AFL++, which fuzzes" afl++
  SHARPFUZZ=$folder/$version/sharpfuzz
  [ -x "$SHARPFUZZ" ] || dotnet tool install SharpFuzz.CommandLine --version "$version" --tool-path "$folder/$version" >/dev/null
}

# A newer Docker and Podman beside this machine's engine, for the tests of what differs between them. Where one cannot be had they are skipped.
ensure_other_engines() {
  local host
  if host=$(eng/engine26 start); then export DOCKMON_TEST_ENGINE26=${host#DOCKER_HOST=}; else say "no second Docker here: its tests will be skipped"; fi
  if host=$(eng/podman start); then export DOCKMON_TEST_PODMAN=${host#DOCKER_HOST=}; else say "no Podman here: its tests will be skipped"; fi
}

ensure_native_tools() {
  command -v gcc >/dev/null || command -v clang >/dev/null || install "A linker for NativeAOT" gcc libc6-dev zlib1g-dev
  command -v objcopy >/dev/null || install "objcopy for NativeAOT" binutils
  [ -e /usr/include/zlib.h ] || install "zlib for NativeAOT" zlib1g-dev
}

# This machine's architecture by the name Docker and Debian give it.
architecture() { uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/'; }

# The file of a program: the command line has the name of the project itself.
program_name() { [ "$1" = cli ] && echo dockmon || echo "dockmon-$1"; }

# Builds the page of the hub into artifacts/web, when its sources are newer than what is there: the hub embeds it.
ensure_page() {
  local stamp=artifacts/web/index.html.br
  [ -n "$(find web -path web/node_modules -prune -o -newer "$stamp" -type f -print -quit 2>/dev/null)" ] || [ ! -e "$stamp" ] || return 0
  ensure_node_modules
  say "building the page"
  (cd web && npm run --silent build)
}

ensure_node_modules() {
  command -v npm >/dev/null || install "Node.js, which builds the page" nodejs npm
  [ web/node_modules/.package-lock.json -nt web/package-lock.json ] || (cd web && npm ci --silent --no-audit --no-fund)
}

# The browser of the tests of the page.
ensure_browser() {
  command -v chromium >/dev/null || install "Chromium, for the tests of the page" chromium
}

# Publishes programs natively into artifacts/publish/NAME.
publish() {
  local name
  for name in "$@"; do publish_native "$(architecture)" "$name" "artifacts/publish/$name"; done
}

# Publishes programs natively for an architecture into artifacts/publish/NAME-ARCHITECTURE; for another one than this machine's by gcc's cross-linker.
publish_for() {
  local arch=$1 name; shift
  for name in "$@"; do publish_native "$arch" "$name" "artifacts/publish/$name-$arch"; done
}

# A trim or AOT warning is an error, as every warning here. PUBLISH_OPTIONS: further options of dotnet publish.
publish_native() {
  local arch=$1 name=$2 folder=$3 rid options=()
  case $arch in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) die "there is no $name for $arch: amd64 and arm64 are supported" ;; esac
  ensure_native_tools
  [ "$name" != hub ] || ensure_page
  if [ "$arch" != "$(architecture)" ]; then
    ensure_cross_tools "$arch"
    options=("-p:CppCompilerAndLinker=$PWD/eng/cross-cc" "-p:ObjCopyName=$DOCKMON_CROSS_TARGET-objcopy")
  fi
  say "publishing $(program_name "$name") for $arch"
  rm -f "$folder/$(program_name "$name").sig" # Of the program before.
  dotnet publish "src/DockMon.${name^}" -c Release -r "$rid" --nologo -v quiet -o "$folder" "${options[@]}" ${PUBLISH_OPTIONS:-}
}

# A linker for another architecture; sets DOCKMON_CROSS_TARGET for it.
ensure_cross_tools() {
  case $1 in amd64) export DOCKMON_CROSS_TARGET=x86_64-linux-gnu ;; arm64) export DOCKMON_CROSS_TARGET=aarch64-linux-gnu ;; esac
  command -v "$DOCKMON_CROSS_TARGET-gcc" >/dev/null || install "A linker for $1" "gcc-${DOCKMON_CROSS_TARGET//_/-}" "libc6-dev-$1-cross"
}

# A base for the images made of this Debian's own packages, where no registry can be asked for the Dockerfile's: sets BASE_IMAGE.
ensure_base_image() {
  local arch=$1 work release ssl
  BASE_IMAGE=dockmon-test/base-$arch:2
  docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  case $release in bookworm) ssl=libssl3 ;; *) ssl=libssl3t64 ;; esac
  say "making the image $BASE_IMAGE"
  work=$(mktemp -d)
  unpack_debian "$work" "$release" "$arch" libc6 "$ssl" ca-certificates || { rm -rf "$work"; return 1; }
  (
    cd "$work/root"
    mkdir -p etc/ssl/certs usr/lib/ssl tmp
    chmod 1777 tmp
    cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt
    ln -s /etc/ssl/certs usr/lib/ssl/certs
    # Which packages these are, where scanners look for it.
    cp -L /etc/os-release etc/os-release
    mkdir -p var/lib/dpkg/status.d
    for package in ../packages/*.deb; do dpkg-deb -f "$package" >"var/lib/dpkg/status.d/$(dpkg-deb -f "$package" Package)"; done
    printf 'root:x:0:0:root:/root:/sbin/nologin\n' >etc/passwd
    printf 'root:x:0:\n' >etc/group
    rm -rf usr/share usr/lib/*-linux-gnu/gconv
    tar -c . >../layer.tar
  )
  # Not "docker import", which in engines of before 23 makes everything this machine's architecture.
  printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=%s"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$arch" /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)" >"$work/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$BASE_IMAGE" >"$work/manifest.json"
  tar -C "$work" -c manifest.json config.json layer.tar | docker load -q >/dev/null
  rm -rf "$work"
}

# The distribution's packages in an image, of which dpkg, distroless images or Chisel keep a list: NAME, VERSION, ARCHITECTURE and DISTRIBUTION, with tabs.
image_packages() {
  local work container release distribution
  work=$(mktemp -d)
  container=$(docker create "$1" version 2>/dev/null)
  docker export "$container" | tar -C "$work" -x --wildcards 'etc/os-release' 'usr/lib/os-release' 'var/lib/dpkg/status*' 'var/lib/chisel/*' 2>/dev/null || true
  docker rm -v "$container" >/dev/null
  release=$(cat "$work/usr/lib/os-release" 2>/dev/null || cat "$work/etc/os-release" 2>/dev/null || true)
  distribution=$(sed -nE 's/^ID="?([^"]*)"?$/\1/p' <<<"$release")-$(sed -nE 's/^VERSION_ID="?([^"]*)"?$/\1/p' <<<"$release")
  for list in "$work/var/lib/dpkg/status" "$work"/var/lib/dpkg/status.d/*; do
    [ ! -f "$list" ] || sed -nE 's/^(Package|Version|Architecture): (.*)/\1 \2/p; /^$/p; $s/.*//p' "$list"
  done | awk -v OFS='\t' -v distribution="$distribution" '
    NF { value[$1] = $2 }
    !NF && value["Version"] != "" { print value["Package"], value["Version"], value["Architecture"], distribution }
    !NF { split("", value) }' | sort -u >"$work/list"
  if [ -e "$work/var/lib/chisel/manifest.wall" ]; then
    command -v zstd >/dev/null || install "zstd, for the manifest of the image" zstd >&2
    zstd -dcq "$work/var/lib/chisel/manifest.wall" | sed -n '/"kind":"package"/p' |
      sed -E 's/.*"name":"([^"]*)".*"version":"([^"]*)".*"arch":"([^"]*)".*/\1\t\2\t\3\t'"$distribution/" | sort -u >"$work/list"
  fi
  [ -s "$work/list" ] || die "$1 has no list of its packages"
  cat "$work/list"
  rm -rf "$work"
}

# The image of a program for an architecture, by its Dockerfile, from what was published for it: program_image agent|hub ARCHITECTURE TAG [OPTION…]
program_image() {
  local name=$1 arch=$2 tag=$3 dockerfile=packaging/Dockerfile folder=artifacts/image/$2 published=artifacts/publish/$1-$2 file; shift 3
  [ "$name" = agent ] || { dockerfile=packaging/$name/Dockerfile folder=artifacts/image/$name/$arch; }
  rm -rf "$folder"
  mkdir -p "$folder"
  command install -m 755 "$published/dockmon-$name" "$folder/"
  for file in "$published/dockmon-$name.sig" "$published"/*.so; do
    [ ! -e "$file" ] || command install -m 644 "$file" "$folder/"
  done
  say "building the image $tag for $arch"
  # The builder that every engine has; no step of this target needs more.
  local log before
  before=$(docker image inspect --format '{{.Id}}' "$tag" 2>/dev/null || true)
  log=$(DOCKER_BUILDKIT=0 docker build --platform "linux/$arch" --build-arg "TARGETARCH=$arch" --target prebuilt \
    -f "$dockerfile" -t "$tag" "$@" . 2>&1) || die "$log"
  # The one it took the name from would stay without a name.
  [ -z "$before" ] || [ "$before" = "$(docker image inspect --format '{{.Id}}' "$tag")" ] || docker rmi "$before" >/dev/null 2>&1 || true
}

# A program's image for an architecture, published and built: on the Dockerfile's own base where this machine has no Debian to make one of.
#   ensure_image agent|hub ARCHITECTURE TAG
ensure_image() {
  local name=$1 arch=$2 tag=$3 options=()
  publish_for "$arch" "$name"
  if ensure_base_image "$arch"; then options=(--build-arg "BASE=$BASE_IMAGE"); fi
  program_image "$name" "$arch" "$tag" "${options[@]}" --build-arg "VERSION=$(agent_version)" --build-arg "REVISION=$(git rev-parse HEAD)"
}

# The version that a build of this tree has.
agent_version() { dotnet msbuild src/DockMon.Agent -getProperty:Version ${PUBLISH_OPTIONS:-}; }

# The agent's image for arm64 as a directory, and an emulator that runs what is in it: sets DOCKMON_ARM64_ROOT.
# On arm64 itself all tests are of it.
ensure_arm64_root() {
  local container root=artifacts/tools/arm64
  [ "$(architecture)" = amd64 ] || return 0
  command -v apt-get >/dev/null || { say "no Debian to take a cross-compiler from: the test of the arm64 program will be skipped"; return 0; }
  command -v qemu-aarch64-static >/dev/null || install "An emulator for arm64" qemu-user-static
  ensure_image agent arm64 dockmon-test/dockmon-agent:arm64
  rm -rf "$root"
  mkdir -p "$root"
  container=$(docker create --platform linux/arm64 dockmon-test/dockmon-agent:arm64)
  docker export "$container" | tar -C "$root" -x
  docker rm -v "$container" >/dev/null
  export DOCKMON_ARM64_ROOT=$PWD/$root
}

# A key for signatures, of these tests alone: the agent that they run is built with its public half. Sets PUBLISH_OPTIONS and DOCKMON_TEST_RELEASE_KEY.
ensure_test_key() {
  local key=$PWD/artifacts/test-key/release.key
  command -v openssl >/dev/null || install "openssl, for signatures" openssl
  if [ ! -s "$key.pub" ]; then
    mkdir -p "$(dirname "$key")"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key" 2>/dev/null
    openssl pkey -in "$key" -pubout -out "$key.pub"
  fi
  export DOCKMON_TEST_RELEASE_KEY=$key
  PUBLISH_OPTIONS="${PUBLISH_OPTIONS:-} -p:ReleaseKey=$key.pub"
}

# All that the tests on real engines need: the engines, the programs published natively, the image. Packages are fetched while the compiler works.
prepare_engines() {
  local others
  engines &
  others=$!
  ensure_native_tools
  ensure_test_key
  publish agent hub cli
  wait "$others"
  engines # Once more, for what they export.
  ensure_image agent "$(architecture)" dockmon-test/dockmon-agent:test
  ensure_image hub "$(architecture)" dockmon-test/dockmon-hub:test
  ensure_arm64_root
  export DOCKMON_AGENT_IMAGE=dockmon-test/dockmon-agent:test DOCKMON_HUB_IMAGE=dockmon-test/dockmon-hub:test
  export DOCKMON_AGENT_BIN=$PWD/artifacts/publish/agent/dockmon-agent DOCKMON_HUB_BIN=$PWD/artifacts/publish/hub/dockmon-hub
  export DOCKMON_CLI_BIN=$PWD/artifacts/publish/cli/dockmon
}

engines() {
  ensure_docker
  command -v nginx >/dev/null || install "nginx, for the tests of a proxy before the engine" nginx-light
  ensure_test_image
  ensure_registry
  ensure_compose
  ensure_other_engines
  command -v curl >/dev/null || install "curl, for the installer" curl
  ensure_browser
  [ -x /usr/sbin/haproxy ] || install "HAProxy, for tests behind it" haproxy
}
