#!/usr/bin/env bash
# Makes a release's archive of a program that was published: packaging/archive.sh amd64|arm64 VERSION PROGRAM FOLDER. Prints the archive's path.
set -euo pipefail
packaging=$(cd "$(dirname "$0")" && pwd)
. "$packaging/lib.sh"
[ $# -eq 4 ] || { echo "usage: packaging/archive.sh amd64|arm64 VERSION PROGRAM FOLDER" >&2; exit 1; }
architecture=$1 version=$2 program=$3 folder=$4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install -m 755 "$program" "$work/dockmon-agent"
named "$packaging/install.sh" "$version" >"$work/install.sh"
named "$packaging/dockmon-agent.service" "$version" >"$work/dockmon-agent.service"
chmod 755 "$work/install.sh"
chmod 644 "$work/dockmon-agent.service"
install -m 644 "$packaging/../LICENSE" "$packaging/agent.env" "$work/"
install -D -m 644 -t "$work/policies" "$packaging"/policies/*.yaml

mkdir -p "$folder"
# Of the same files always the same archive.
tar -C "$work" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner -c . |
  gzip -9n >"$folder/dockmon-agent-linux-$architecture.tar.gz"
echo "$folder/dockmon-agent-linux-$architecture.tar.gz"
