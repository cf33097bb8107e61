#!/bin/bash
# Speed against another runtime, as ratios: tests/bench/bench.sh [-o FILE]
#
# Settings, beyond those of lib.sh: NETS="resnet18 ..." (default: the table of lib.sh; all: whatever export.py can
# make), PEER=onnxruntime|pytorch, THREADS="1 2", PAIRS=7, SECONDS_EACH=0.5 (of runs per measurement), BATCHES="8 32"
# (pictures a run beside one, with one thread; empty: none; default for all: none), ROUNDS=3 (of batches), RESUME=1
# (networks measured since build/kiln was made are not measured again), ROOFLINE=0 (no pictures). FILE is
# tests/bench/results.md for the table, tests/bench/zoo.md for all, else build/bench/results.md.
#
# Both programs run in turn, A B A B ..., pinned to the same cores, one process a measurement; a measurement is
# the least of its runs, the ratio is the median over the pairs. With one thread time is the processor time of the
# process: what an idle machine's clock would show, but for the shared cache and the memory's bandwidth. Several
# threads are timed by the clock.
# shellcheck disable=SC2086 # lists of names and numbers
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
peer=${PEER:-onnxruntime}
pairs=${PAIRS:-7}
counts=${THREADS:-1 2}
nets=${NETS:-$table}
batches=${BATCHES-$([ "${NETS:-}" = all ] || echo 8 32)}
case ${NETS:-} in
'') out=tests/bench/results.md ;;
all) out=tests/bench/zoo.md ;;
*) out=$work/results.md ;;
esac
[ "${1:-}" = -o ] && out=$2
[ "$peer" = onnxruntime ] || [ "$peer" = pytorch ] || die "PEER is onnxruntime or pytorch, not $peer"
[ "$peer-$out" = pytorch-tests/bench/results.md ] && out=$work/results.md
[ "$nets" = all ] && { nets=$("$python" tests/bench/export.py --list) || die "no list of networks"; }
check_networks $nets
"$python" tests/bench/export.py --check $nets || exit 3

peer_run() { # name threads runs [output]
    taskset -c "$(cores_of "$2")" "$python" tests/bench/peer.py "$peer" "$work" "$1" "$2" "${@:3}"
}

our_run() { # program threads runs [output]
    OMP_NUM_THREADS=$2 taskset -c "$(cores_of "$2")" "$work/$1.run" "${@:3}"
}

# As many runs as fit the seconds, at least 3 (or so many).
runs_for() { # milliseconds [least]
    awk -v ms="$1" -v s="${SECONDS_EACH:-0.5}" -v least="${2:-3}" 'BEGIN {
        n = int(1000 * s / ms); print n < least ? least : n }'
}

prepare() { # name threads kept options...
    local folder=$work/net-$1 kept=$work/$3
    emit_network "$1" "$folder" "$target" "$2" "${@:4}" && compile_network "$1" "$folder" "$kept.run" "$2" &&
        show_network "$1" "$target" "$2" "${@:4}" > "$kept.json"
    local status=$?
    rm -rf "$folder"
    return $status
}

one_pair() { # name threads runs runs
    local a b
    a=$(our_run "$1.t$2" "$2" "$3") && b=$(peer_run "$1" "$2" "$4") && echo "${a%% *} ${b%% *}"
}

# NAME.tTHREADS.pairs: the two times of each pair; also both outputs, and the load.
measure() { # name threads
    local kept=$work/$1.t$2 a b i
    [ "${RESUME:-0}" = 1 ] && [ "$kept.pairs" -nt "$build/kiln" ] && return
    rm -f "$kept.pairs"
    export_network "$1" && prepare "$1" "$2" "$1.t$2" || return 1
    a=$(our_run "$1.t$2" "$2" 3 "$kept.ours") && b=$(peer_run "$1" "$2" 3 "$kept.peer") || return 1
    a=$(runs_for "${a%% *}")
    b=$(runs_for "${b%% *}")
    cut -d' ' -f1 /proc/loadavg > "$kept.load"
    for ((i = 0; i < pairs; i++)); do
        alone one_pair "$1" "$2" "$a" "$b" || return 1
    done > "$kept.new"
    mv "$kept.new" "$kept.pairs"
    rm -f "$kept.run"
}

# A line "pictures ours peer", both in milliseconds of a run; "-" for a peer that cannot run so many.
one_batch() { # name pictures
    local a b=-
    a=$(our_run "$1.b$2" 1 "${runs[$2]}") || return 1
    [ "${peers[$2]}" = 0 ] || b=$(peer_run "$1.b$2" 1 "${peers[$2]}") || return 1
    echo "$2 ${a%% *} ${b%% *}"
}

# Programs and networks of one batch, the outputs of both, and how often each is run for a measurement.
prepare_batch() { # name pictures
    local kept=$1.b$2 a b
    prepare "$1" 1 "$kept" --batch "$2" && a=$(our_run "$kept" 1 1 "$work/$kept.ours") || return 1
    runs[$2]=$(runs_for "${a%% *}" 2)
    peers[$2]=0
    [ "$2" = 1 ] || export_network "$kept" || return 0
    b=$(peer_run "$kept" 1 1 "$work/$kept.peer") || return 0
    peers[$2]=$(runs_for "${b%% *}" 2)
}

# NAME.batches: the lines of all rounds.
measure_batches() { # name
    local kept=$work/$1.batches n i status=0
    local -A runs peers
    [ -n "$batches" ] || return 0
    [ "${RESUME:-0}" = 1 ] && [ "$kept" -nt "$build/kiln" ] && return
    rm -f "$kept"
    export_network "$1" && ln -sf "$1.onnx" "$work/$1.b1.onnx" || return 1
    for n in 1 $batches; do
        prepare_batch "$1" "$n" || status=1
    done
    for ((i = 0; i < ${ROUNDS:-3} && status == 0; i++)); do
        for n in 1 $batches; do
            alone one_batch "$1" "$n" || status=1
        done
    done > "$kept.new"
    [ "$status" = 0 ] && mv "$kept.new" "$kept"
    rm -f "$work/$1".b*.onnx "$work/$1".b*.run "$kept.new"
    return $status
}

# The profile of the executable that users get, and its picture.
roofline() { # name
    [ "${ROOFLINE:-1}" = 1 ] && [ -f "$work/$1.t1.json" ] || return 0
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
    measure_batches "$net" || failed=1
    roofline "$net" || failed=1
    [ "${NETS:-}" = all ] && [ ${#table} -gt 0 ] && [[ " $table " != *" $net "* ]] &&
        rm -f "$work/$net.onnx" "$work/$net.pth"
    echo "bench: $net" >&2
done
"$python" tests/bench/report.py "$work" "$peer" "$target" "$("$compiler" --version | head -1) -O2" \
    "$counts" "$batches" $nets > "$out.new" || failed=1
mv "$out.new" "$out"
sed -n '/^## /,$p' "$out"
exit $failed
