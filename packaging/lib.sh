# Shared by what makes a release; sourced. REPOSITORY: OWNER/NAME of where the release will be; IMAGE, HUB_IMAGE: the images' names.
# Without REPOSITORY the files name nobody, and the installer downloads from nowhere unless it is told where.
repository=${REPOSITORY:-${GITHUB_REPOSITORY:-}}
owner=${repository%%/*}
image=${IMAGE:-${owner:+ghcr.io/$owner/dockmon-agent-dotnet}}
image=${image:-dockmon-agent-dotnet}
image=${image,,}
hub_image=${HUB_IMAGE:-${owner:+ghcr.io/$owner/dockmon-hub-dotnet}}
hub_image=${hub_image:-dockmon-hub-dotnet}
hub_image=${hub_image,,}
# RELEASE_KEYS: a file with the public keys, in PEM, that the installer accepts signatures of; without it, it checks none.

# Where the files of a program's packages are: files_of agent|hub
files_of() {
  case $1 in agent) echo "$packaging" ;; hub) echo "$packaging/hub" ;; *) echo "there is no program $1: agent or hub" >&2; return 1 ;; esac
}

# The public keys, each as the Base64 of its PEM, on one line.
release_keys() {
  [ -z "${RELEASE_KEYS:-}" ] ||
    awk '/^-----BEGIN PUBLIC KEY-----/ { inside = 1; next } /^-----END PUBLIC KEY-----/ { inside = 0; printf "%s ", key; key = "" } inside { key = key $1 }' \
      "$RELEASE_KEYS" | sed 's/ $//'
}

# The ids of the keys, as the programs show them.
release_key_ids() {
  local key
  for key in $(release_keys); do base64 -d <<<"$key" | sha256sum | cut -c 1-16; done
}

# named FILE VERSION: the file's text, with where the release is, which one it is, and who signs.
named() {
  sed -e "s|ghcr.io/OWNER/dockmon-agent-dotnet:[0-9.]*|$image:$2|" -e "s|ghcr.io/OWNER/dockmon-hub-dotnet:[0-9.]*|$hub_image:$2|" \
    -e "s|^release_keys=.*|release_keys='$(release_keys)'|" "$1" |
    if [ -n "$repository" ]; then
      sed -e "s|^published=.*|published=https://github.com/$repository/releases|" -e "s|OWNER/dockmon-agent-dotnet|$repository|"
    else
      sed -e '/^\(Documentation\|Homepage\|Source\)[=:].*OWNER/d'
    fi
}
