# Shared by what makes a release; sourced. REPOSITORY: OWNER/NAME of where the release will be; IMAGE: the image's name.
# Without REPOSITORY the files name nobody, and the installer downloads from nowhere unless it is told where.
repository=${REPOSITORY:-${GITHUB_REPOSITORY:-}}
owner=${repository%%/*}
image=${IMAGE:-${owner:+ghcr.io/$owner/dockmon-agent-dotnet}}
image=${image:-dockmon-agent-dotnet}
image=${image,,}

# named FILE VERSION: the file's text, with where the release is and which one it is.
named() {
  sed -e "s|ghcr.io/OWNER/dockmon-agent-dotnet:[0-9.]*|$image:$2|" "$1" |
    if [ -n "$repository" ]; then
      sed -e "s|^published=.*|published=https://github.com/$repository/releases|" -e "s|OWNER/dockmon-agent-dotnet|$repository|"
    else
      sed -e '/^\(Documentation\|Homepage\|Source\)[=:].*OWNER/d'
    fi
}
