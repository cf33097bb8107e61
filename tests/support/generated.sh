#!/usr/bin/env bash
# The checked-in C of generated/: writes it anew, or says where it is stale.
# Usage: generated.sh [--check]     KILN: the compiler (build/kiln)
# Kept is what belongs to the network; the runtime's files are those of runtime/. Weight files over 100 kB
# stay out too: their digests stand in DIGESTS, beside those of everything that is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
kiln=${KILN:-build/kiln}

# folder  source  options
table='
tiny-c99      generated/tiny.kiln                 -w random:1 --target c99
tiny-avx2     generated/tiny.kiln                 -w random:1 --target avx2
tiny-avx512   generated/tiny.kiln                 -w random:1 --target avx512
tiny-neon     generated/tiny.kiln                 -w random:1 --target neon
aluminium     examples/aluminium/aluminium.kiln   --target c99  --optimize size
'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

while read -r folder source options; do
    [ -n "$folder" ] || continue
    # shellcheck disable=SC2086
    "$kiln" emit "$source" $options -o "$work/all/$folder"
    mkdir -p "$work/kept/$folder"
    name=$(basename "$source" .kiln)
    (
        cd "$work/all/$folder"
        LC_ALL=C
        sha256sum Makefile CMakeLists.txt "$name"*.[ch] >"$work/kept/$folder/DIGESTS"
        find . -name 'Makefile' -o -name 'CMakeLists.txt' -o -name "$name*.[ch]" -size -100k |
            xargs cp -t "$work/kept/$folder"
    )
done <<<"$table"

if [ "${1:-}" = --check ]; then
    stale=0
    for name in $(basename -a "$work"/kept/*/ generated/*/ | sort -u); do
        diff -r -u "generated/$name" "$work/kept/$name" >"$work/diff" 2>&1 || {
            echo "generated/$name is stale; make generated renews it:"
            head -n 30 "$work/diff" | cut -c 1-160
            stale=1
        }
    done
    exit $stale
fi
rm -rf generated/*/
cp -r "$work"/kept/* generated/
