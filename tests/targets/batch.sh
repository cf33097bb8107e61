#!/usr/bin/env bash
# --batch N: what a network answers does not depend on how many pictures it runs at a time, nor on
# how many there are in the last run; and the emitted C agrees with the interpreter, node by node.
# Usage: batch.sh KILN PAGE:MODEL...     closing line: N passed, N failed
set -uo pipefail
cd "$(dirname "$0")/../.."
kiln=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # what command...
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $what"
        head -n 20 "$work/log"
    fi
}

same() { # folder batch option...: outputs and results of 7 tensors
    local out=$work/out$2
    "$kiln" build "$model" -w random --batch "$2" "${@:3}" -o "$work/exe" &&
        "$work/exe" --tensor "$work/in.npy" --format json --out "$out.npy" >"$out.json" &&
        cmp "$1.npy" "$out.npy" && cmp "$1.json" "$out.json"
}

noise() { # program: seven inputs
    "$1" --info | sed -n 's/^input.*\[\(.*\)\]/\1/p' >"$work/shape"
    /usr/bin/python3 - "$work/shape" "$work/in.npy" <<'END'
import sys, numpy
shape = [7] + [int(n) for n in open(sys.argv[1]).read().split(",")]
numpy.save(sys.argv[2], numpy.random.default_rng(1).standard_normal(shape).astype(numpy.float32))
END
}

compare() { # option...
    "$kiln" build "$model" -w random "$@" -o "$work/one" && noise "$work/one" &&
        "$work/one" --tensor "$work/in.npy" --format json --out "$work/one.npy" >"$work/one.json"
    check "$model with ${*:-no options}" test $? -eq 0
    check "$model, batch 2, ${*:-no options}" same "$work/one" 2 "$@"
    check "$model, batch 8, ${*:-no options}" same "$work/one" 8 "$@"
}

# A folder with a file that is no picture, by one worker and by two.
folder() { # batch
    local page=examples/aluminium/aluminium.kiln jobs
    "$kiln" build $page --batch "$1" -o "$work/exe" || return 1
    for jobs in 1 2; do
        "$work/exe" --jobs $jobs --format json --out "$work/$1-$jobs.npy" "$work/pictures" \
            >"$work/$1-$jobs.json" 2>"$work/$1-$jobs.err"
        [ $? -eq 1 ] && [ "$(wc -l <"$work/$1-$jobs.err")" -eq 2 ] || return 1
        cmp "$work/$1-$jobs.json" "$work/pictures.json" || return 1
    done
}

folders() {
    mkdir "$work/pictures"
    cp examples/aluminium/samples/*.* "$work/pictures"
    "$kiln" build examples/aluminium/aluminium.kiln -o "$work/exe" &&
        "$work/exe" --format json "$work/pictures" >"$work/pictures.json"
    check "pictures one by one" test $? -eq 0
    printf '\x89PNG\r\n\x1a\nbroken' >"$work/pictures/m.png"
    check "pictures five at a time" folder 5
    check "pictures 64 at a time" folder 64
}

for model; do
    compare
    compare --threads openmp
    check "verify $model --batch 3" "$kiln" verify "$model" -w random --batch 3
done
model=$1
compare --target c99
compare --optimize size
folders
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
