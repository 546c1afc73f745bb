#!/bin/sh
# Runs a command in this checkout inside a fresh Debian 12, so that compilers and libraries are the ones whose exact
# output the tests know, whatever distribution the machine has. CI uses it on GitHub's Ubuntu runners.
#   sudo env "PATH=$PATH" CI=true scripts/in-debian.sh npm run verify
# Needs root, debootstrap with Debian's archive keys (packages debootstrap and debian-archive-keyring) and Node.
# The tree is made once in $DEBIAN_TREE (default: /var/tmp/plugin-gate-debian-12) and used again; mounts end with the command.
set -eu
tree=${DEBIAN_TREE:-/var/tmp/plugin-gate-debian-12}
checkout=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "in-debian.sh: must run as root (sudo)" >&2; exit 4; }
[ $# -gt 0 ] || { echo "in-debian.sh: give the command to run" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "in-debian.sh: install debootstrap and debian-archive-keyring" >&2; exit 4; }

if [ ! -e "$tree/.complete" ]; then
  rm -rf --one-file-system "$tree"
  debootstrap --variant=minbase --include=ca-certificates,git \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg bookworm "$tree" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$tree.log" 2>&1 ||
    { tail -20 "$tree.log" >&2; echo "in-debian.sh: debootstrap failed; see $tree.log" >&2; exit 4; }
  touch "$tree/.complete"
fi
# Node and npm of this machine, whatever their place is here.
node=$(readlink -f "$(command -v node)")
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$tree/usr/local/bin" "$tree/usr/local/lib/node_modules" "$tree/repository"
cp -f "$node" "$tree/usr/local/bin/node"
rm -rf "$tree/usr/local/lib/node_modules/npm"
cp -a "$npm" "$tree/usr/local/lib/node_modules/npm"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$tree/usr/local/bin/npm"
ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$tree/usr/local/bin/npx"
# The way out of this machine is the way out of the tree: names, and the authorities of a proxy.
cp -fL /etc/resolv.conf /etc/hosts "$tree/etc/"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp -fL /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
[ ! -f "$HOME/.npmrc" ] || cp -f "$HOME/.npmrc" "$tree/root/.npmrc"

export tree checkout
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --mount --fork sh -ceu '
  mount --make-rprivate /
  mount --bind "$checkout" "$tree/repository"
  mount --rbind /dev "$tree/dev"
  mount --rbind /sys "$tree/sys"
  mount -t proc proc "$tree/proc"
  mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
  exec chroot "$tree" /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin \
    HOME=/root LANG=C.UTF-8 TMPDIR=/tmp \
    sh -ceu "git config --global --add safe.directory /repository; cd /repository; exec \"\$@\"" sh "$@"
' sh "$@"
