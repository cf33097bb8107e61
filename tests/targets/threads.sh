#!/usr/bin/env bash
# Results do not depend on threads: each network, built with --threads openmp, gives the same bytes
# with 1, 2, 3 and 5 threads, and those of --threads none. Its C is also compiled without OpenMP, and
# without a warning.
# Usage: threads.sh KILN PAGE:MODEL...     closing line: N passed, N failed
set -uo pipefail
cd "$(dirname "$0")/../.."
kiln=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
strict='-O2 -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror'

result() { # status what
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $2"
    fi
}

noise() { # program tensor
    "$1" --info | sed -n 's/^input.*\[\(.*\)\]/\1/p' >"$work/shape"
    /usr/bin/python3 - "$work/shape" "$2" <<'END'
import sys, numpy
shape = [int(n) for n in open(sys.argv[1]).read().split(",")]
numpy.save(sys.argv[2], numpy.random.default_rng(1).standard_normal(shape).astype(numpy.float32))
END
}

run() { # program threads
    OMP_NUM_THREADS=$2 "$1" --tensor "$work/in.npy" --out "$work/out$2.npy" >/dev/null
}

compare() { # page:model target
    local n
    "$kiln" build "$1" -w random --target "$2" --threads none -o "$work/serial" &&
        "$kiln" build "$1" -w random --target "$2" --threads openmp -o "$work/threads" &&
        noise "$work/serial" "$work/in.npy" && run "$work/serial" 0
    result $? "$1 for $2 cannot be built and run"
    for n in 1 2 3 5; do
        run "$work/threads" $n && cmp "$work/out0.npy" "$work/out$n.npy"
        result $? "$1 for $2 with $n threads"
    done
}

without_openmp() { # page:model
    rm -rf "$work/c"
    "$kiln" emit "$1" -w random --target c99 --threads openmp -o "$work/c" &&
        (cd "$work/c" && ${CC:-cc} $strict -fsyntax-only -I. "${1##*:}".c)
    result $? "$1 does not compile without OpenMP"
}

for network; do
    for target in ${TARGETS:-host c99}; do
        [ "$target" != host ] || target=$("$kiln" build --target help | sed -n 's/ .*(this machine)$//p')
        compare "$network" "$target"
    done
    without_openmp "$network"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
