#!/usr/bin/env bash
# Makes a Debian package of a program that was published: packaging/deb.sh amd64|arm64 VERSION PROGRAM FOLDER. Prints the package's path.
set -euo pipefail
packaging=$(cd "$(dirname "$0")" && pwd)
. "$packaging/lib.sh"
[ $# -eq 4 ] || { echo "usage: packaging/deb.sh amd64|arm64 VERSION PROGRAM FOLDER" >&2; exit 1; }
architecture=$1 program=$3 folder=$4
# Debian sorts 3.0.0~rc.1 before 3.0.0, and 3.0.0-rc.1 after it.
version=${2/-/\~}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
install -D -m 755 "$program" "$root/usr/bin/dockmon-agent"
install -d "$root/usr/lib/systemd/system" "$root/usr/share/doc/dockmon-agent"
named "$packaging/dockmon-agent.service" "$version" >"$root/usr/lib/systemd/system/dockmon-agent.service"
# Not for root alone: the agent looks for its policy there. The settings are.
install -d -m 755 "$root/etc/dockmon-agent"
install -m 600 "$packaging/agent.env" "$root/etc/dockmon-agent/agent.env"
named "$packaging/debian/copyright" "$version" >"$root/usr/share/doc/dockmon-agent/copyright"
install -D -m 644 -t "$root/usr/share/doc/dockmon-agent/policies" "$packaging"/policies/*.yaml
chmod 644 "$root/usr/lib/systemd/system/dockmon-agent.service" "$root/usr/share/doc/dockmon-agent/copyright"

install -d -m 755 "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f 1)/" \
  <(named "$packaging/debian/control" "$version") >"$root/DEBIAN/control"
echo /etc/dockmon-agent/agent.env >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "$packaging/debian/$script" "$root/DEBIAN/$script"; done

mkdir -p "$folder"
# Of the same files always the same package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$folder/dockmon-agent_${version}_$architecture.deb" >/dev/null
echo "$folder/dockmon-agent_${version}_$architecture.deb"
