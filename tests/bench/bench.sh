#!/bin/bash
# Speed against another runtime, as ratios: tests/bench/bench.sh [-o FILE]
#
# Settings, beyond those of lib.sh: NETS="resnet18 ..." (default: the table of lib.sh; all: whatever export.py can
# make), PEER=onnxruntime|pytorch, THREADS="1 2", PAIRS=7, SECONDS_EACH=0.5 (of runs per measurement), RESUME=1
# (networks measured since build/kiln was made are not measured again), ROOFLINE=0 (no pictures). FILE is
# tests/bench/results.md for the table, tests/bench/zoo.md for all, else build/bench/results.md.
#
# Both programs run in turn, A B A B ..., pinned to the same cores, one process a measurement; a measurement is
# the least of its runs, the ratio is the median over the pairs. With one thread time is the processor time of the
# process: what an idle machine's clock would show, but for the shared cache and the memory's bandwidth. Several
# threads are timed by the clock.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
peer=${PEER:-onnxruntime}
pairs=${PAIRS:-7}
counts=${THREADS:-1 2}
nets=${NETS:-$table}
case ${NETS:-} in
'') out=tests/bench/results.md ;;
all) out=tests/bench/zoo.md ;;
*) out=$work/results.md ;;
esac
[ "${1:-}" = -o ] && out=$2
[ "$peer" = onnxruntime ] || [ "$peer" = pytorch ] || die "PEER is onnxruntime or pytorch, not $peer"
[ "$peer-$out" = pytorch-tests/bench/results.md ] && out=$work/results.md
[ "$nets" = all ] && { nets=$("$python" tests/bench/export.py --list) || die "no list of networks"; }

peer_run() { # name threads runs [output]
    taskset -c "$(cores_of "$2")" "$python" tests/bench/peer.py "$peer" "$work" "$1" "$2" "${@:3}"
}

our_run() { # name threads runs [output]
    OMP_NUM_THREADS=$2 taskset -c "$(cores_of "$2")" "$work/$1.t$2.run" "${@:3}"
}

# As many runs as fit the seconds, at least 3.
runs_for() { # milliseconds
    awk -v ms="$1" -v s="${SECONDS_EACH:-0.5}" 'BEGIN { n = int(1000 * s / ms); print n < 3 ? 3 : n }'
}

prepare() { # name threads
    local folder=$work/net-$1 kept=$work/$1.t$2
    emit_network "$1" "$folder" "$target" "$2" && compile_network "$1" "$folder" "$kept.run" "$2" &&
        show_network "$1" "$target" "$2" > "$kept.json"
    local status=$?
    rm -rf "$folder"
    return $status
}

one_pair() { # name threads runs runs
    local a b
    a=$(our_run "$1" "$2" "$3") && b=$(peer_run "$1" "$2" "$4") && echo "${a%% *} ${b%% *}"
}

# NAME.tTHREADS.pairs: the two times of each pair; also both outputs, and the load.
measure() { # name threads
    local kept=$work/$1.t$2 a b i
    [ "${RESUME:-0}" = 1 ] && [ "$kept.pairs" -nt "$build/kiln" ] && return
    rm -f "$kept.pairs"
    export_network "$1" && prepare "$1" "$2" || return 1
    a=$(our_run "$1" "$2" 3 "$kept.ours") && b=$(peer_run "$1" "$2" 3 "$kept.peer") || return 1
    a=$(runs_for "${a%% *}")
    b=$(runs_for "${b%% *}")
    cut -d' ' -f1 /proc/loadavg > "$kept.load"
    for ((i = 0; i < pairs; i++)); do
        alone one_pair "$1" "$2" "$a" "$b" || return 1
    done > "$kept.new"
    mv "$kept.new" "$kept.pairs"
    rm -f "$kept.run"
}

# The profile of the executable that users get, and its picture.
roofline() { # name
    [ "${ROOFLINE:-1}" = 1 ] || return 0
    if ! [ "${RESUME:-0}" = 1 ] || ! [ "$work/$1.profile" -nt "$build/kiln" ]; then
        build_program "$1" "$target" "$compiler" "$work/$1.run" &&
            alone taskset -c "$core" "$work/$1.run" --profile > "$work/$1.profile" || return 1
        rm -f "$work/$1.run"
    fi
    "$python" tests/bench/roofline.py "$work" "$1" > "$work/roofline-$1.svg"
}

install_peer
for t in $counts; do
    alone measure_machine "$t" > "$work/machine.t$t" || die "no peak of the machine"
done
failed=0
for net in $nets; do
    for t in $counts; do
        measure "$net" "$t" || failed=1
    done
    roofline "$net" || failed=1
    [ "${NETS:-}" = all ] && [ ${#table} -gt 0 ] && [[ " $table " != *" $net "* ]] &&
        rm -f "$work/$net.onnx" "$work/$net.pth"
    echo "bench: $net" >&2
done
# shellcheck disable=SC2086
"$python" tests/bench/report.py "$work" "$peer" "$target" "$("$compiler" --version | head -1) -O2" \
    "$(cores_of 1)" "$counts" $nets > "$out.new" || failed=1
mv "$out.new" "$out"
sed -n '/^## /,$p' "$out"
exit $failed
