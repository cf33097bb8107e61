#!/bin/bash
# What is lost without this machine's instructions: the c99 target (gcc -O2) against avx2, whole networks and their
# 1x1 and 3x3 layers, and avx2 against its own peak: tests/bench/targets.sh [-o FILE]; default: tests/bench/targets.md
#
# Settings: lib.sh; NETS (default: its table), RUNS=3. One thread, processor time, from the trace of the programs.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
out=tests/bench/targets.md
[ "${1:-}" = -o ] && out=$2
[ -n "${NETS:-}" ] && [ "${1:-}" != -o ] && out=$work/targets.md
nets=${NETS:-$table}
# shellcheck disable=SC2086
check_networks $nets
compiler=${COMPILER:-gcc}
grep -q avx2 /proc/cpuinfo || die "this processor has no AVX2"

# NAME.WHICH.times and NAME.WHICH.json
measure() { # name target which options...
    local name=$1 kept=$work/$1.$3 folder=$work/net-$1 to=$2
    shift 3
    emit_network "$name" "$folder" "$to" 1 "$@" && show_network "$name" "$to" 1 "$@" > "$kept.json" &&
        compile_network "$name" "$folder" "$kept.run" 1 -DKILN_TRACE &&
        alone taskset -c "$core" "$kept.run" "${RUNS:-3}" > "$kept.times" || return 1
    rm -rf "$folder" "$kept.run"
}

alone measure_machine 1 > "$work/machine.t1" || die "no peak of the machine"
for net in $nets; do
    export_network "$net" && measure "$net" c99 c99 &&
        measure "$net" c99 c99-speed --optimize speed && measure "$net" avx2 avx2 || die "no figures of $net"
    echo "bench: $net" >&2
done
# shellcheck disable=SC2086
"$python" tests/bench/targets.py "$work" "$("$compiler" --version | head -1)" $nets > "$out.new" || die "no page"
mv "$out.new" "$out"
sed -n '/^|/p' "$out"
