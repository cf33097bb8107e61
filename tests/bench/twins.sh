#!/bin/bash
# Emitted kernels beside hand-written ones (tests/bench/twins/): equal results, and their times as ratios.
#
#   tests/bench/twins.sh [-o FILE]        default: tests/bench/twins.md
#
# Settings: TARGETS="c99 avx512", COMPILERS=gcc, CORE=1. Fails where results differ; a ratio below
# 0.95 is said, not failed: it depends on the machine. clang keeps the accumulators of the hand-written tiles in
# memory, which makes them a poor measure of its code.
set -u -o pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
work=$build/bench/twins
out=tests/bench/twins.md
[ "${1:-}" = -o ] && out=$2
mkdir -p "$work"
failed=0

cflags_of() {
    case $1 in
    avx512) echo -mavx512f -mavx512dq -mavx2 -mfma -mprefer-vector-width=512 ;;
    esac
}

compare() { # target cc
    "$build/tests/bench/twins" "$1" > "$work/emitted.c" || return 1
    local source
    for source in "$work/emitted.c" "tests/bench/twins/$1.c"; do
        # shellcheck disable=SC2046
        $2 -std=c99 -O2 $(cflags_of "$1") -ffp-contract=off -I. -c -o "$work/$(basename "$source").o" \
            "$source" || return 1
    done
    $2 -std=gnu11 -O2 -I. -o "$work/time" tests/bench/twins/time.c "$work/emitted.c.o" \
        "$work/$1.c.o" || return 1
    taskset -c "${CORE:-1}" "$work/time" "$1, $2"
}

: > "$work/rows"
for target in ${TARGETS:-c99 avx512}; do
    if [ "$target" = avx512 ] && ! grep -q avx512dq /proc/cpuinfo; then
        echo "twins: SKIP avx512, this processor does not have it" >&2
        continue
    fi
    for cc in ${COMPILERS:-gcc}; do
        command -v "$cc" > /dev/null || { echo "twins: SKIP $cc, not installed" >&2 && continue; }
        compare "$target" "$cc" | tee -a "$work/rows" || failed=1
    done
done

{
    cat << END
# Emitted kernels and their hand-written twins

\`make twins\` writes this page. Five kernels, built by hand as nodes, tiled and printed like those of any network,
against functions in \`tests/bench/twins/\` that were written by hand for the same layer and the same packed weights:

- strided: 3×3 stride 2, 7×7×64 to 4×4×24, residual, relu, into a concatenation of 40 channels
- depthwise: 5×5, 28×28×96
- pointwise: 1×1, 7×7×512 to 7×7×128, 49 pixels in uneven tiles
- winograd: F(4×4, 3×3), 14×14×64 to 14×14×64
- group_norm: 8 groups and silu, 14×14×64

Both are compiled alike and must give the same bits. They run in turn, A B A B; ratio is the median over 21 pairs
of hand-written time / emitted time: above 1 the emitted one is faster. One core, -O2, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1),
$(gcc --version | head -1).

| target | kernel | emitted µs | by hand µs | ratio | equal |
|---|---|--:|--:|--:|---|
END
    cat "$work/rows"
} > "$out.new" && mv "$out.new" "$out"
awk -F"|" '$6 + 0 < 0.95 { print "twins: below 0.95:" $2 $3 $6 }' "$work/rows" >&2
[ "$failed" -eq 0 ] && [ -s "$work/rows" ]
