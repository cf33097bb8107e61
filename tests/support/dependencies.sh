#!/usr/bin/env bash
# Installs the packages of Debian that the build needs and that are missing, saying so.
# Usage: dependencies.sh [GROUP...]   groups: build (default) test fuzz cross bench
set -euo pipefail

build='flex bison gcc make libc6-dev libopenblas-dev libcjson-dev libhdf5-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev'
test='libzip-dev check libsubunit-dev clang clang-format g++ cmake python3 python3-numpy python3-h5py binutils'
fuzz='clang libclang-rt-14-dev llvm-14'
cross='gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-none-eabi qemu-user'

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    exit 0 # another system: its packages are the user's business, the README names them
fi

missing=()
for group in "${@:-build}"; do
    for package in ${!group}; do
        status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
        [[ $status == ii* ]] || missing+=("$package")
    done
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing with apt-get: ${missing[*]}"
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo 'this needs root, or sudo: install them by hand' >&2; exit 1; }
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q >/dev/null
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
