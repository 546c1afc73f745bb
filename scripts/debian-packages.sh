#!/bin/sh
# Unpacks packages of a Debian release, of any architecture, into a directory, without installing anything: kernels and
# libraries for emulated machines, and plugins to try the gate on. apt gets lists, sources and state of its own, so this
# machine's are not touched, and it verifies what it loads against Debian's keys (package debian-archive-keyring).
#
#   scripts/debian-packages.sh SUITE ARCHITECTURE DIRECTORY PACKAGE...
#
# linux-image-... may be a metapackage. DIRECTORY gets root/, with the files of all packages, and packages.txt, with their
# versions; it is left alone when it was made for the same packages before. Environment: DEBIAN_MIRROR, the mirror to take
# them from (default: the one of debootstrap).
set -eu
export LC_ALL=C

[ $# -ge 4 ] || { sed -n '2,11p' "$0" >&2; exit 2; }
suite=$1 architecture=$2 directory=$3
shift 3
request="$suite $architecture $*"
keys=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  echo "scripts/debian-packages.sh: $1" >&2
  exit 1
}

mkdir -p "$(dirname "$directory")"
directory=$(realpath "$directory")
for program in flock apt-get apt-cache dpkg-deb debootstrap; do
  command -v "$program" > /dev/null || fail "$program is needed"
done
# Others may want the same at the same time.
exec 9> "$directory.lock"
flock 9
[ "$(cat "$directory/request.txt" 2> /dev/null)" != "$request" ] || exit 0
[ -e "$keys" ] || fail "$keys is needed (package debian-archive-keyring)"
mirror=${DEBIAN_MIRROR:-$(sed -n 's/^DEF_MIRROR="\(.*\)"$/\1/p' "$(command -v debootstrap)")}
[ -n "$mirror" ] || fail "debootstrap names no mirror; set DEBIAN_MIRROR"

work=$(mktemp -d "$directory.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/debs" "$work/root"
: > "$work/apt/status"
echo "deb [signed-by=$keys] $mirror $suite main" > "$work/apt/sources.list"

# Of this machine's own settings only those for loading, such as a proxy; no hooks. apt would also drop its rights to a user
# that cannot write here.
{
  apt-config dump Acquire
  cat << END
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::State "$work/apt";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
quiet "2";
END
} > "$work/apt/apt.conf"
export APT_CONFIG="$work/apt/apt.conf"

apt-get update >&2 || fail "the package lists of $suite cannot be loaded from $mirror"
# shellcheck disable=SC2046
packages=$(for package in "$@"; do
  image=
  case $package in
    linux-image-*) image=$(apt-cache depends "$package" | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1) ;;
  esac
  echo "${image:-$package}"
done)
# shellcheck disable=SC2086
(cd "$work/debs" && apt-get download $packages >&2) || fail "not all of $* can be loaded"
for file in "$work"/debs/*.deb; do
  dpkg-deb --extract "$file" "$work/root"
  dpkg-deb --show --showformat='${Package} ${Version} ${Architecture}\n' "$file"
done > "$work/packages.txt"
rm -rf "$work/apt" "$work/debs"
echo "$request" > "$work/request.txt"
chmod 755 "$work"
rm -rf "$directory"
mv -T "$work" "$directory"
