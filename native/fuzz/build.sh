#!/bin/sh
# Builds the fuzzers of the native loader: one program for each input that others write, with sanitizers.
#
#   native/fuzz/build.sh DIRECTORY [LOADER]
#
# LOADER: other sources of the loader, to see that the fuzzers find what is wrong in them. Environment: CC.
set -eu

[ $# -ge 1 ] || { sed -n '2,7p' "$0" >&2; exit 2; }
fuzz=$(cd "$(dirname "$0")" && pwd)
loader=$(realpath "${2:-$fuzz/../loader}")
mkdir -p "$1"
cd "$1"
cc=${CC:-cc}
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
edges=-fsanitize-coverage=trace-pc

# The targets include ../loader/: beside a copy of themselves it is whichever was asked for.
rm -rf source
mkdir -p source/fuzz objects
cp "$fuzz"/*.c "$fuzz"/*.h source/fuzz
ln -s "$loader" source/loader

# Two at a time: the smallest machines have two processors.
# shellcheck disable=SC2086
for file in source/loader/*.c; do basename "$file" .c; done | grep -vx main |
  xargs -P 2 -I NAME $cc $flags $edges -c -o objects/NAME.o source/loader/NAME.c
# shellcheck disable=SC2086
$cc $flags -c -o driver.o source/fuzz/driver.c
for target in job elf channel call maps report; do
  objects=$(for object in objects/*.o; do [ "$target" = maps ] && [ "$object" = objects/observe.o ] || echo "$object"; done)
  # shellcheck disable=SC2086
  $cc $flags $edges -o "fuzz-$target" "source/fuzz/$target.c" driver.o $objects -ldl
done
