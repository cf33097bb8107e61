#!/bin/bash
# Time per layer of networks, by the executables' own profiles: NETS="resnet50 …" tests/bench/profile.sh
# Further settings: lib.sh; TOP=0 (all layers, in order of time; N: the N that take most time beyond what the
# machine's peak would).
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
nets=${NETS:-resnet50 mobilenet_v2 squeezenet1_1}
# shellcheck disable=SC2086
check_networks $nets

profile() { # name
    build_program "$1" "$target" "$compiler" "$work/$1.run" && show_network "$1" "$target" 1 > "$work/$1.t1.json" &&
        alone taskset -c "$core" "$work/$1.run" --profile > "$work/$1.profile" || return 1
    rm -f "$work/$1.run"
    echo
    "$python" tests/bench/waste.py "$work" "$1" "${TOP:-0}"
}

alone measure_machine 1 > "$work/machine.t1" || die "no peak of the machine"
for net in $nets; do
    profile "$net" || die "no profile of $net"
done
