#!/bin/sh
# Makes the committed binaries of this example again: the previous release, and the builds for machines that have no
# compiler. With --check it builds into a temporary directory and compares.
# Needs make, gcc and the cross compiler of the other architecture (Debian: gcc-aarch64-linux-gnu, gcc-x86-64-linux-gnu).
# The bytes depend on the compiler: it is named in prebuilt/COMPILERS, and --check compares only with the same ones.
set -eu
cd "$(dirname "$0")"

compiler() {
  case "$(uname -m)/$1" in
    x86_64/amd64 | aarch64/arm64) echo gcc ;;
    */amd64) echo x86_64-linux-gnu-gcc ;;
    */arm64) echo aarch64-linux-gnu-gcc ;;
  esac
}

describe() {
  for arch in amd64 arm64; do
    cc=$(compiler $arch)
    # Distributions of the same version differ by their own number in the parentheses.
    echo "$arch $($cc --version | sed -n '1s/^[^ ]* //p') binutils $($cc -Wl,--version 2>/dev/null | sed -n '1s/.* //p')"
  done
}

build() { # build DIRECTORY: all binaries below it
  for arch in amd64 arm64; do
    for release in previous/src:previous src:prebuilt breaking:prebuilt-breaking; do
      out="$1/work/$arch/${release#*:}"
      # No variable of this shell may change the bytes.
      env -u CFLAGS -u CPPFLAGS -u LDFLAGS -u MAKEFLAGS LC_ALL=C \
        make -s --always-make CC="$(compiler $arch)" SOURCE="${release%:*}" OUT="$out" "$out/greet.so" "$out/greet-host"
    done
    mkdir -p "$1/previous/$arch" "$1/prebuilt/$arch/breaking"
    mv "$1/work/$arch/previous/greet.so" "$1/previous/$arch/greet.so"
    mv "$1/work/$arch/prebuilt/greet.so" "$1/work/$arch/prebuilt/greet-host" "$1/prebuilt/$arch/"
    mv "$1/work/$arch/prebuilt-breaking/greet.so" "$1/prebuilt/$arch/breaking/greet.so"
  done
  rm -rf "$1/work"
  (cd "$1" && find previous prebuilt \( -name greet.so -o -name greet-host \) | LC_ALL=C sort | xargs sha256sum) > "$1/prebuilt/SHA256SUMS"
  describe > "$1/prebuilt/COMPILERS"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
build "$scratch"
if [ "${1:-}" != --check ]; then
  cp -R "$scratch/previous" "$scratch/prebuilt" .
  echo "rebuilt: $(wc -l < prebuilt/SHA256SUMS) files"
  exit 0
fi
sha256sum --quiet --check prebuilt/SHA256SUMS
if ! cmp -s prebuilt/COMPILERS "$scratch/prebuilt/COMPILERS"; then
  echo "not compared: the binaries were made with other compilers (prebuilt/COMPILERS)"
  exit 0
fi
diff "$scratch/prebuilt/SHA256SUMS" prebuilt/SHA256SUMS
echo "the same bytes: $(wc -l < prebuilt/SHA256SUMS) files"
