#!/bin/sh
# Builds the native loader, and for glibc the audit library that goes with it.
#
#   native/build.sh [OUTPUT]      for this machine with its own C compiler, for development (default: .cache/loader/plugin-gate-loader);
#                                 the audit library lies beside it
#   native/build.sh --release     native/prebuilt/, for all targets, with the pinned compiler
#   native/build.sh --check       builds the release elsewhere and compares it with native/prebuilt/, byte by byte
#
# The release is built by zig as a cross compiler: one download holds clang and the start files of glibc 2.17 and of musl, so
# the loader runs on every glibc since 2012, and its bytes do not depend on the machine. Environment: CC and CFLAGS for the
# first form only.
set -eu
export LC_ALL=C

native=$(cd "$(dirname "$0")" && pwd)
cache=$native/../.cache
warnings="-Wall -Wextra -Werror"
standard="-std=c11 -D_GNU_SOURCE"
# The audit library (native/audit) is loaded by the dynamic linker before anything else: no library, so no helpers of the compiler.
audit="-fPIC -fvisibility=hidden -fno-builtin -fno-stack-protector"
audit_link="-shared -nostdlib"

# Exact version and the wheels' digests: another compiler would make other bytes, or worse.
zig_version=0.15.2
zig_hashes="806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130 edc0aa60ec964a4cf462d40f68d7de242ddf37fd9a80f2afaee6397059463230"

targets="
linux-amd64 x86_64-linux-gnu.2.17
linux-arm64 aarch64-linux-gnu.2.17
linux-amd64-musl x86_64-linux-musl
linux-arm64-musl aarch64-linux-musl
"

# Prints how to call the pinned zig; installs it into the cache when it is not there.
zig() {
  environment=$cache/zig-$zig_version
  if [ ! -e "$environment/complete" ]; then
    python3 -m venv "$environment" >&2 || {
      echo "native/build.sh: python3 with venv is needed to install the compiler (Debian: apt-get install python3-venv)" >&2
      exit 1
    }
    requirement="ziglang==$zig_version"
    for hash in $zig_hashes; do requirement="$requirement --hash=sha256:$hash"; done
    echo "$requirement" > "$environment/requirements.txt"
    "$environment/bin/pip" --disable-pip-version-check --quiet install --require-hashes --only-binary :all: \
      -r "$environment/requirements.txt" >&2
    : > "$environment/complete"
  fi
  echo "$environment/bin/python -m ziglang"
}

check_size() {
  size=$(wc -c < "$1")
  echo "${1#"$output"/}: $size bytes" >&2
  if [ "$size" -gt 102400 ]; then
    echo "native/build.sh: $1 is larger than 100 KiB" >&2
    exit 1
  fi
}

# build_release DIRECTORY: every target into DIRECTORY/<name>/, and SHA256SUMS.
build_release() {
  output=$1
  compiler=$(zig)
  mkdir -p "$output"
  echo "$targets" | while read -r name target; do
    [ -n "$name" ] || continue
    mkdir -p "$output/$name"
    # musl's default in zig is a static program, which cannot dlopen.
    linking=
    case $name in *-musl) linking=-dynamic ;; esac
    # Relative names and no debug information: nothing of the build directory gets into the file.
    (cd "$native/loader" && $compiler cc -target "$target" $standard $warnings $linking -O2 -g0 -fPIE -pie -fno-sanitize=all \
      -fstack-protector-strong -Wl,-z,relro,-z,now -Wl,--build-id=none -s -o "$output/$name/plugin-gate-loader" ./*.c -ldl)
    chmod 755 "$output/$name/plugin-gate-loader"
    check_size "$output/$name/plugin-gate-loader"
    # musl has no audit interface.
    case $name in *-musl) continue ;; esac
    # In two steps: with -nostdlib zig takes the headers away too.
    objects=$(mktemp -d)
    for source in "$native"/audit/*.c; do
      (cd "$native/audit" && $compiler cc -target "$target" $standard $warnings $audit -O2 -g0 -fno-sanitize=all -c \
        -o "$objects/$(basename "$source" .c).o" "./$(basename "$source")")
    done
    $compiler cc -target "$target" $audit_link -Wl,-z,relro,-z,now -Wl,--build-id=none -s \
      -o "$output/$name/plugin-gate-audit.so" "$objects"/*.o
    rm -r "$objects"
    chmod 755 "$output/$name/plugin-gate-audit.so"
    check_size "$output/$name/plugin-gate-audit.so"
  done
  (cd "$output" && find . -name 'plugin-gate-*' | sed 's|^\./||' | sort | xargs sha256sum > SHA256SUMS)
}

case ${1:-} in
  --release)
    build_release "$native/prebuilt"
    ;;
  --check)
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    build_release "$temporary/elsewhere/prebuilt"
    if ! diff -r "$temporary/elsewhere/prebuilt" "$native/prebuilt"; then
      echo "native/build.sh: native/prebuilt is not what these sources make; run native/build.sh --release and commit it" >&2
      exit 1
    fi
    echo "native/prebuilt is what these sources make"
    ;;
  -*)
    sed -n '2,9p' "$0" >&2
    exit 2
    ;;
  *)
    output=${1:-$cache/loader/plugin-gate-loader}
    mkdir -p "$(dirname "$output")"
    # CFLAGS is a list of words on purpose.
    # shellcheck disable=SC2086
    ${CC:-cc} $standard $warnings -O2 -g ${CFLAGS:-} -o "$output" "$native"/loader/*.c -ldl
    # Without CFLAGS: sanitizers need a C library.
    # shellcheck disable=SC2086
    ${CC:-cc} $standard $warnings $audit $audit_link -O2 -g -o "$(dirname "$output")/plugin-gate-audit.so" "$native"/audit/*.c
    echo "$output"
    ;;
esac
