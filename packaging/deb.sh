#!/usr/bin/env bash
# Makes a Debian package of a program that was published: packaging/deb.sh agent|hub amd64|arm64 VERSION PROGRAM FOLDER. Prints the package's path.
set -euo pipefail
packaging=$(cd "$(dirname "$0")" && pwd)
. "$packaging/lib.sh"
[ $# -eq 5 ] || { echo "usage: packaging/deb.sh agent|hub amd64|arm64 VERSION PROGRAM FOLDER" >&2; exit 1; }
name=dockmon-$1 settings=$1.env architecture=$2 program=$4 folder=$5 files=$(files_of "$1")
# Debian sorts 3.0.0~rc.1 before 3.0.0, and 3.0.0-rc.1 after it.
version=${3/-/\~}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root doc=$work/root/usr/share/doc/$name unit=$work/root/usr/lib/systemd/system/$name.service
install -d "$root/usr/bin" "$root/usr/lib/systemd/system" "$doc"
if [ "$1" = agent ]; then
  install -m 755 "$program" "$root/usr/bin/$name"
  install -D -m 644 -t "$doc/policies" "$packaging"/policies/*.yaml
else
  # It finds its SQLite beside itself.
  install -D -m 755 "$program" "$root/usr/lib/$name/$name"
  install -m 644 "$(dirname "$program")/libe_sqlite3.so" "$root/usr/lib/$name/"
  ln -s "../lib/$name/$name" "$root/usr/bin/$name"
fi
named "$files/$name.service" "$version" >"$unit"
# Not for root alone: the agent looks for its policy there. The settings are.
install -d -m 755 "$root/etc/$name"
install -m 600 "$files/$settings" "$root/etc/$name/$settings"
named "$packaging/debian/copyright" "$version" >"$doc/copyright"
chmod 644 "$unit" "$doc/copyright"

install -d -m 755 "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f 1)/" \
  <(named "$files/debian/control" "$version") >"$root/DEBIAN/control"
echo "/etc/$name/$settings" >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "$files/debian/$script" "$root/DEBIAN/$script"; done

mkdir -p "$folder"
# Of the same files always the same package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$folder/${name}_${version}_$architecture.deb" >/dev/null
echo "$folder/${name}_${version}_$architecture.deb"
