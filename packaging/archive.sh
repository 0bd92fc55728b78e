#!/usr/bin/env bash
# Makes a release's archive of a program that was published: packaging/archive.sh agent|hub amd64|arm64 VERSION PROGRAM FOLDER. Prints the archive's path.
set -euo pipefail
packaging=$(cd "$(dirname "$0")" && pwd)
. "$packaging/lib.sh"
[ $# -eq 5 ] || { echo "usage: packaging/archive.sh agent|hub amd64|arm64 VERSION PROGRAM FOLDER" >&2; exit 1; }
name=dockmon-$1 settings=$1.env architecture=$2 version=$3 program=$4 folder=$5 files=$(files_of "$1")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install -m 755 "$program" "$work/$name"
named "$files/$name.service" "$version" >"$work/$name.service"
chmod 644 "$work/$name.service"
install -m 644 "$packaging/../LICENSE" "$files/$settings" "$work/"
if [ "$1" = agent ]; then
  named "$packaging/install.sh" "$version" >"$work/install.sh"
  chmod 755 "$work/install.sh"
  install -D -m 644 -t "$work/policies" "$packaging"/policies/*.yaml
else
  install -m 644 "$(dirname "$program")/libe_sqlite3.so" "$work/"
fi

mkdir -p "$folder"
# Of the same files always the same archive.
tar -C "$work" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner -c . |
  gzip -9n >"$folder/$name-linux-$architecture.tar.gz"
echo "$folder/$name-linux-$architecture.tar.gz"
