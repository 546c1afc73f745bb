#!/bin/sh
# Builds the real cosign, Fulcio, Rekor (tiles, on files) and timestamp authority through Go's module proxy, in pinned
# versions, for the tests in test/cosign. Takes some minutes the first time; what is there already is not built again.
#
#   scripts/sigstore-tools.sh [DIRECTORY]     default: .cache/sigstore-tools
set -eu

directory=${1:-$(dirname "$0")/../.cache/sigstore-tools}
mkdir -p "$directory/bin"
directory=$(cd "$directory" && pwd)
command -v go > /dev/null || { echo 'scripts/sigstore-tools.sh: go is needed' >&2; exit 1; }

# NAME MODULE VERSION PACKAGE: the program is called as the last part of the package, and kept as NAME.
build() {
  name=$1 module=$2 version=$3 package=$4
  [ "$(cat "$directory/$name.version" 2> /dev/null)" != "$version" ] || return 0
  work=$(mktemp -d)
  GOFLAGS='' GOTOOLCHAIN=auto GOBIN="$work" go install "$module${package:+/$package}@$version"
  mv "$work"/* "$directory/bin/$name"
  rmdir "$work"
  echo "$version" > "$directory/$name.version"
}

build cosign github.com/sigstore/cosign/v3 v3.1.3 cmd/cosign
build fulcio github.com/sigstore/fulcio v1.8.8 ''
build rekor-server github.com/sigstore/rekor-tiles/v2 v2.3.0 cmd/rekor-server/posix
build timestamp-server github.com/sigstore/timestamp-authority/v2 v2.1.2 cmd/timestamp-server
