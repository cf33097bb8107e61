#!/bin/bash
# What is lost without this machine's instructions: the c99 target (gcc -O2) against avx2, whole networks and their
# 1x1 and 3x3 layers, and avx2 against its own peak: tests/bench/targets.sh [-o FILE]; default: tests/bench/targets.md
#
# Settings: lib.sh; NETS (default: its table). One thread; times are those of the executables' profiles.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
out=tests/bench/targets.md
[ "${1:-}" = -o ] && out=$2
[ -n "${NETS:-}" ] && [ "${1:-}" != -o ] && out=$work/targets.md
nets=${NETS:-$table}
compiler=${COMPILER:-gcc}
grep -q avx2 /proc/cpuinfo || die "this processor has no AVX2"

# NAME.TARGET.profile and NAME.TARGET.json
measure() { # name target
    local kept=$work/$1.$2
    show_network "$1" "$2" 1 > "$kept.json" && build_program "$1" "$2" "$compiler" "$kept.run" || return 1
    alone taskset -c "$core" "$kept.run" --profile > "$kept.profile" || return 1
    rm -f "$kept.run"
}

alone measure_machine 1 > "$work/machine.t1" || die "no peak of the machine"
for net in $nets; do
    export_network "$net" && measure "$net" c99 && measure "$net" avx2 || die "no figures of $net"
    echo "bench: $net" >&2
done
# shellcheck disable=SC2086
"$python" tests/bench/targets.py "$work" "$("$compiler" --version | head -1)" $nets > "$out.new" || die "no page"
mv "$out.new" "$out"
sed -n '/^|/p' "$out"
