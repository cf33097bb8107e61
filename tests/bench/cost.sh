#!/bin/bash
# The cost model against `kiln tune`: tests/bench/cost.sh writes tests/bench/cost.md
#
# Settings: lib.sh; NETS and TARGETS (default: those of the page), RESUME=1 (networks tuned before are not tuned again).
# shellcheck disable=SC2086 # lists of names
set -u
cd "$(dirname "$0")/../.." || exit 3
. tests/bench/lib.sh
nets=${NETS:-mobilenet_v2 efficientnet_b0 resnet18 resnet50 densenet121 squeezenet1_1}
list=${TARGETS:-zen4 avx512 avx2}
out=tests/bench/cost.md
[ -z "${NETS:-}${TARGETS:-}" ] || out=$work/cost.md
check_networks $nets
run="taskset -c $core"
[ -z "${LOCK:-}" ] || run="flock $LOCK $run"

# NAME.TARGET.tuned: what tune says last, with both totals.
tune() { # name target
    local kept=$work/$1.$2
    [ "${RESUME:-0}" = 1 ] && [ -s "$kept.tuned" ] && return
    "$build/kiln" tune "$(page_of "$1"):$1" -w random --target "$2" --cc "$compiler" -v --run "$run" \
        -o "$kept.schedule" > "$kept.log" 2>&1 || return 1
    tail -1 "$kept.log" > "$kept.tuned"
}

# "… on TARGET: N layers, tuned A ms, by the cost model B ms (+C %)" as a row.
row() { # name target
    sed -n "s/.*: \([0-9]*\) layers, tuned \([0-9.]*\) ms, by the cost model \([0-9.]*\) ms (\(.*\))/| $1 | $2 | \1 | \2 | \3 | \4 |/p" \
        "$work/$1.$2.tuned"
}

failed=0
for to in $list; do
    for net in $nets; do
        tune "$net" "$to" || failed=1
        echo "bench: $net $to" >&2
    done
done
{
    cat << 'END'
# The cost model against tuning

`make bench-cost` writes this page: for every network the total of its distinct layers, one thread, processor time, with
the tiles and forms that `kiln tune` found fastest and with those that the cost model chooses without a tuning file. The
model's shall be at most 10 % more.

| network | target | distinct layers | tuned ms | by the cost model ms | more |
|---|---|--:|--:|--:|--:|
END
    for to in $list; do
        for net in $nets; do
            [ ! -s "$work/$net.$to.tuned" ] || row "$net" "$to"
        done
    done
} > "$out.new"
mv "$out.new" "$out"
sed -n '/^|/p' "$out"
exit $failed
