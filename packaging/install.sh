#!/bin/sh
# Installs, upgrades or removes dockmon-agent as a systemd service. install.sh --help says how.
set -eu

# Where the releases are; eng/release fills it in.
published=''
# The public keys that sign releases, each as the Base64 of its PEM; eng/release fills them in.
release_keys=''
releases=${DOCKMON_AGENT_RELEASES:-$published}
root='' dry='' action=install purge='' binary='' unit_file='' sum='' from='' version=latest url='' token='' name=''

usage() {
  cat <<'END'
usage: install.sh [install] --url wss://SERVER --token-file FILE [option…]     a first installation
       install.sh [install] [option…]                                          an upgrade: settings are kept, and changed where given
       install.sh uninstall [--purge]                                          --purge removes settings, data and the user, too

  --url URL          the DockMon server
  --token-file FILE  its registration token, in a file (- for standard input); REGISTRATION_TOKEN in the environment does as well
  --name NAME        the name the server shows for this host
  --version VERSION  which release; the latest when not said
  --from DIR         a release's files in a directory, instead of a download
  --binary FILE      this program instead of a release; --sha256 SUM checks it
  --unit FILE        its systemd unit; not needed where one is installed
  --dry-run          says what would be done and does nothing
  --root DIR         installs into a directory that holds another system
END
}

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

# Does something that changes the system, or says that it would.
change() {
  if [ -n "$dry" ]; then say "would: $*"; else "$@"; fi
}

# Says what was done, if it was.
finished() { if [ -n "$dry" ]; then say "Nothing was changed."; else say "$*"; fi; }

need_value() { [ -n "${2:-}" ] || die "$1 needs a value; --help says which"; }

while [ $# -gt 0 ]; do
  case $1 in
    install | uninstall) action=$1 ;;
    --purge) purge=1 ;;
    --dry-run) dry=1 ;;
    -h | --help) usage; exit 0 ;;
    --token | --token=*)
      die "--token would show the token to every user of this machine: give it as --token-file FILE (- for standard input). Nothing was changed." ;;
    --url | --token-file | --name | --version | --from | --binary | --unit | --sha256 | --root)
      need_value "$@"
      case $1 in
        --url) url=$2 ;;
        --token-file)
          if [ "$2" = - ]; then token=$(cat); else token=$(cat "$2") || die "$2 cannot be read"; fi
          [ -n "$token" ] || die "--token-file $2 is empty. Nothing was changed." ;;
        --name) name=$2 ;;
        --version) version=${2#v} ;;
        --from) from=$2 ;;
        --binary) binary=$2 ;;
        --unit) unit_file=$2 ;;
        --sha256) sum=$2 ;;
        --root) root=${2%/} ;;
      esac
      shift ;;
    *) usage >&2; die "what is $1?" ;;
  esac
  shift
done

program=$root/usr/local/bin/dockmon-agent
unit=$root/etc/systemd/system/dockmon-agent.service
settings=$root/etc/dockmon-agent/agent.env
data=$root/var/lib/dockmon-agent
examples=$root/usr/local/share/doc/dockmon-agent/policies

[ -n "$dry$root" ] || [ "$(id -u)" -eq 0 ] || die "this needs root: run it with sudo, or see what it would do with --dry-run"

# Only where systemd runs, as sd_booted(3) tells.
systemd() { if [ -d "$root/run/systemd/system" ]; then change systemctl "$@"; fi; }

# One at a time: two that change the same files would take them from each other. The lock is the kernel's and goes with whoever holds it,
# however that ends; on a file that nobody else can open, and so hold.
alone() {
  [ -z "$dry" ] && command -v flock >/dev/null || return 0
  mkdir -p "$root/run"
  old_mask=$(umask)
  umask 077
  exec 9>"$root/run/dockmon-agent-install.lock"
  umask "$old_mask"
  flock -n 9 || { say "another install.sh is at work: waiting for its end"; flock 9; }
}

uninstall() {
  systemd disable --now dockmon-agent.service || say "the service was not there"
  change rm -f "$unit" "$program" "$program.previous" "$settings.previous" "$unit.previous"
  change rm -rf "${examples%/*}"
  systemd daemon-reload
  if [ -z "$purge" ]; then
    finished "dockmon-agent is removed. $settings and $data are kept; uninstall --purge removes them, too."
    return
  fi
  change rm -rf "$root/etc/dockmon-agent" "$data"
  if [ -z "$root" ] && id dockmon-agent >/dev/null 2>&1; then change userdel dockmon-agent; fi
  finished "dockmon-agent, its settings and its data are removed."
}

# fetch URL FILE: without the lock, for a download may hang on after this was killed.
fetch() {
  if command -v curl >/dev/null; then
    curl -fsSL --proto-redir =https --retry 3 -o "$2" "$1" 9>&- || die "$1 cannot be downloaded. Nothing was changed."
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1" 9>&- || die "$1 cannot be downloaded. Nothing was changed."
  else
    die "neither curl nor wget is here: download the release by another way and use --from"
  fi
}

# Checks FILE against a sum of SHA-256.
verify() {
  actual=$(sha256sum "$1" | cut -d ' ' -f 1)
  [ "$actual" = "$2" ] || die "$1 is not what was published: its SHA-256 is $actual, and should be $2. Nothing was changed."
}

# Checks FILE, the list of a release's checksums, against FILE.sig: one of the keys must have signed it.
verify_signature() {
  if [ -z "$release_keys" ]; then
    say "This install.sh has no key of a signed release: the files are checked against checksums.txt alone, which comes from the same place."
    return 0
  fi
  command -v openssl >/dev/null || die "openssl is missing, which checks the release's signature: install it first. Nothing was changed."
  for key in $release_keys; do
    { echo '-----BEGIN PUBLIC KEY-----'; printf '%s\n' "$key" | fold -w 64; echo '-----END PUBLIC KEY-----'; } >"$work/key.pem"
    if openssl dgst -sha256 -verify "$work/key.pem" -signature "$1.sig" "$1" >/dev/null 2>&1; then return 0; fi
  done
  die "checksums.txt has no valid signature: it was changed, or is of somebody else's release. Nothing was changed."
}

# Puts the new program and its unit into $work/release, checked. Only what was named or published: never what happens to lie about, for it will run as root.
obtain() {
  mkdir "$work/release"
  if [ -n "$binary" ]; then
    [ -f "$binary" ] || die "there is no $binary"
    cp "$binary" "$work/release/dockmon-agent"
    [ -z "$sum" ] || verify "$work/release/dockmon-agent" "$sum"
    cp "${unit_file:-$unit}" "$work/release/dockmon-agent.service" 2>/dev/null ||
      die "there is no ${unit_file:-unit yet: name one with --unit FILE (packaging/dockmon-agent.service)}. Nothing was changed."
  else
    case $(uname -m) in
      x86_64) archive=dockmon-agent-linux-amd64.tar.gz ;;
      aarch64) archive=dockmon-agent-linux-arm64.tar.gz ;;
      *) die "there is no dockmon-agent for $(uname -m): amd64 and arm64 are supported" ;;
    esac
    if [ -n "$from" ]; then
      cp "$from/$archive" "$from/checksums.txt" "$work/" || die "$from must hold $archive and checksums.txt"
      [ -z "$release_keys" ] || cp "$from/checksums.txt.sig" "$work/" || die "$from must hold checksums.txt.sig, its signature. Nothing was changed."
    else
      [ -n "$releases" ] ||
        die "this install.sh is not a release's and knows no address to download from: use --from DIR or --binary FILE. Nothing was changed."
      if [ "$version" = latest ]; then base=$releases/latest/download; else base=$releases/download/v$version; fi
      fetch "$base/$archive" "$work/$archive"
      fetch "$base/checksums.txt" "$work/checksums.txt"
      [ -z "$release_keys" ] || fetch "$base/checksums.txt.sig" "$work/checksums.txt.sig"
    fi
    verify_signature "$work/checksums.txt"
    sum=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/checksums.txt")
    [ -n "$sum" ] || die "checksums.txt does not name $archive. Nothing was changed."
    verify "$work/$archive" "$sum"
    # Into a directory of its own: the archive has a template of the settings, too.
    tar -xzf "$work/$archive" --no-same-owner -C "$work/release"
  fi
  # Tried where it is going to be: a directory for temporary files may be one where nothing runs.
  staged=$program.new
  if [ -n "$dry" ]; then
    new=unknown
    return
  fi
  mkdir -p "$(dirname "$program")"
  install -m 755 "$work/release/dockmon-agent" "$staged"
  new=$("$staged" version) || die "the program does not run here: it needs this architecture and glibc 2.34 or later. Nothing was changed."
  # An older release has a signature, too.
  [ -n "$binary$from" ] || [ "$version" = latest ] || [ "$new" = "$version" ] ||
    die "the release is $new, and $version was asked for. Nothing was changed."
}

# Writes the settings with what was given changed, and everything else as it was.
set_variable() {
  [ -n "$2" ] || return 0
  case $2 in *'
'*) die "$1 has more than one line" ;; esac
  quoted=$(printf '%s' "$2" | sed 's/[\\"`$]/\\&/g')
  grep -v "^[[:space:]]*#\{0,1\}$1=" "$work/agent.env" >"$work/rest" || :
  printf '%s="%s"\n' "$1" "$quoted" >>"$work/rest"
  mv "$work/rest" "$work/agent.env"
}

# The agent itself says more about an address; with one such as these it would not start at all.
check_url() {
  case $url in
    *[[:space:]]*) ;;
    '' | wss://?* | ws://?* | https://?* | http://?*) return ;;
  esac
  die "--url must begin with wss://, ws://, https:// or http://, and have no blanks, such as wss://dockmon.example.com. Nothing was changed."
}

# Nor with a token that is none. White space around it does not count, as for the agent; the token itself is not shown.
check_token() {
  token=$(printf '%s' "${token:-${REGISTRATION_TOKEN:-}}" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
  [ -z "$(printf '%s' "$token" | LC_ALL=C tr -d 'A-Za-z0-9_:-')" ] ||
    die "the token is none: only letters, digits, '_', ':' and '-' are accepted (quotes or brackets around it, perhaps?). Nothing was changed."
  [ "${#token}" -le 255 ] || die "the token is none: it has more than 255 characters. Nothing was changed."
}

prepare_settings() {
  check_url
  check_token
  if [ -f "$settings" ]; then cat "$settings" >"$work/agent.env"; else : >"$work/agent.env"; fi
  set_variable DOCKMON_URL "$url"
  set_variable REGISTRATION_TOKEN "$token"
  # The agent takes a token or a file with one, and refuses both.
  [ -z "$token" ] || sed -i '/^[[:space:]]*REGISTRATION_TOKEN_FILE=/d' "$work/agent.env"
  set_variable AGENT_NAME "$name"
  grep -q '^DOCKMON_URL=' "$work/agent.env" || die "--url is missing: the address of the DockMon server, wss://…"
  if ! grep -q '^\(REGISTRATION\|PERMANENT\)_TOKEN' "$work/agent.env" && [ ! -e "$data/permanent_token" ]; then
    die "--token-file is missing: make a registration token on the server (Settings, Hosts, Add host, Agent)"
  fi
}

# put FILE MODE PLACE: in one step, so that what runs from there goes on with the old file.
put() {
  mkdir -p "$(dirname "$3")"
  install -m "$2" "$1" "$3.new"
  mv -f "$3.new" "$3"
}

prepare_user() {
  [ -z "$root" ] || return 0
  # Loaded when it is first needed, so that the program's version says nothing about it.
  if command -v ldconfig >/dev/null && ! ldconfig -p | grep -q 'libssl\.so\.\(3\|1\.1\)'; then
    die "OpenSSL's libssl is missing: install it first (Debian: libssl3). Nothing was changed."
  fi
  getent group docker >/dev/null || die "there is no group docker: install Docker first. Nothing was changed."
  id dockmon-agent >/dev/null 2>&1 ||
    change useradd --system --user-group --home-dir /var/lib/dockmon-agent --no-create-home --shell "$(command -v nologin || echo /bin/false)" dockmon-agent
}

# Keeps what is there, for the way back: program, settings and unit belong together.
keep() {
  change cp -p "$program" "$program.previous"
  change rm -f "$settings.previous" "$unit.previous"
  # Tokens are in it.
  [ ! -f "$settings" ] || change install -m 600 "$settings" "$settings.previous"
  [ ! -f "$unit" ] || change cp -p "$unit" "$unit.previous"
}

# Puts back what was kept. $back says what came of it.
put_back() {
  changing='' back="$old was put back with its settings and its unit"
  for file in "$program" "$settings" "$unit"; do
    [ ! -f "$file.previous" ] || mv -f "$file.previous" "$file" || back="$old could not be put back: see $file.previous"
  done
  systemd daemon-reload || :
  systemd restart dockmon-agent.service || back="$back, and does not start either"
}

# However it ends: what was changed only in part is undone, and nothing is left lying about.
end() {
  if [ -n "$changing" ]; then
    put_back
    printf 'install.sh: it was not finished; %s\n' "$back" >&2
  fi
  rm -rf "$work" "$program.new" "$settings.new" "$unit.new"
}

install_agent() {
  changing=''
  work=$(mktemp -d)
  trap end EXIT
  trap 'exit 130' HUP INT TERM # Not every shell does what is to be done at the exit when a signal ends it.
  prepare_settings
  obtain
  prepare_user
  sed "s|^ExecStart=.*|ExecStart=/usr/local/bin/dockmon-agent|" "$work/release/dockmon-agent.service" >"$work/unit"
  old=''
  if [ -x "$program" ]; then
    old=$("$program" version 2>/dev/null) || old=unknown
    keep
    [ -n "$dry" ] || changing=1
  fi
  # Not for root alone: the agent looks for its policy there. The settings are.
  change install -d -m 755 "$(dirname "$settings")"
  change put "$work/agent.env" 600 "$settings"
  change mv -f "$program.new" "$program"
  change put "$work/unit" 644 "$unit"
  for policy in "$work"/release/policies/*.yaml; do
    [ ! -f "$policy" ] || change put "$policy" 644 "$examples/${policy##*/}"
  done
  systemd daemon-reload
  systemd enable dockmon-agent.service
  # The only moment at which an agent that runs stops.
  if ! systemd restart dockmon-agent.service; then
    [ -z "$old" ] || put_back
    die "dockmon-agent $new does not start${old:+; $back}: journalctl -u dockmon-agent says why"
  fi
  changing=''
  change rm -f "$program.previous" "$settings.previous" "$unit.previous"
  finished "dockmon-agent $new is installed${old:+ in place of $old}. Its log: journalctl -u dockmon-agent"
}

alone
if [ "$action" = uninstall ]; then uninstall; else install_agent; fi
