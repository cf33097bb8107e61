#!/usr/bin/env bash
# All tests, the quick and the broad first: one line per suite with its result and time, what went wrong
# below it. Called by `make check` and `make check-all`; what a suite printed stays in build/check/SUITE.log.
# Usage: check.sh [--all] [SUITE...]     --all: heavy sweeps and fuzzers too; SUITE: only these (--list)
# Environment: BUILD CC SAN as in the Makefile; KILN_SHARED, the reference data (../shared)
# Last line: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "$0")/.."

export SAN=${SAN:-} CC=${CC:-gcc}
export BUILD=${BUILD:-build${SAN:+/san}} KILN_SHARED=${KILN_SHARED:-../shared}
export KILN_BUILD=$PWD/$BUILD KILN=$PWD/$BUILD/kiln
unset MAKEFLAGS MFLAGS MAKELEVEL
jobs=$(nproc)
logs=$BUILD/check
all='' only=() list=''
passed=0 failed=0 skipped=0
began=$SECONDS

for argument; do
    case $argument in
    --all) all=1 ;;
    --list) list=1 ;;
    -*) echo "usage: check.sh [--all] [--list] [SUITE...]" >&2 && exit 2 ;;
    *) only+=("$argument") ;;
    esac
done

# Sanitizers: emitted and test programs run under them too; the time limits of Check stretch.
if [ -n "$SAN" ]; then
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$PWD/tests/support/leaks.txt:print_suppressions=0}
    export CK_TIMEOUT_MULTIPLIER=10
    sanitize='-O1 -fsanitize=undefined -fno-sanitize-recover=all' # static: no address sanitizer
fi

# --- suites and their results --------------------------------------------------------------------

wanted() { # suite: named on the command line, itself or its group, or nothing is named
    local name
    [ ${#only[@]} -gt 0 ] || return 0
    for name in "${only[@]}"; do
        case $1 in "$name" | "$name"/*) return 0 ;; esac
    done
    return 1
}

skip() { # suite, reason
    wanted "$1" && [ -z "$list" ] || return 0
    skipped=$((skipped + 1))
    printf 'SKIP  %-28s because %s\n' "$1" "$2"
}

# How many of a log passed, failed, were skipped: its closing line, else the totals of Check, else its lines
# that begin with ok or FAIL, else nothing.
count() { # log
    awk '
        /^[0-9]+ passed, [0-9]+ failed/ { p = $1; f = $3; s = /skipped/ ? $5 : ""; seen = 1 }
        /^[0-9]+%: Checks: / { checks += $3; bad += $5 + $7 }
        /^ *(SKIP|SKIPPED|skipped)[: ]/ { lines++ }
        /^ok / { good++ }
        /^(FAIL(ED)?|BAD)[: ]/ { wrong++ }
        END {
            if (seen) print p + 0, f + 0, (s == "" ? lines + 0 : s + 0)
            else if (checks) print checks - bad, bad, lines + 0
            else if (good + wrong) print good + 0, wrong + 0, lines + 0
            else print "-", "-", lines + 0
        }' "$1"
}

suite() { # suite, command...
    local name=$1 log start status p f s verdict=ok
    shift
    wanted "$name" || return 0
    [ -z "$list" ] || { echo "$name"; return 0; }
    log=$logs/${name//\//-}.log start=$(date +%s%N)
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    read -r p f s < <(count "$log")
    [ "$p" != - ] || { p=$((status == 0)) f=$((status != 0)); }
    [ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
    if [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && [ "$s" -eq 0 ]; then
        echo 'it ran no test' >>"$log"
        f=1
    fi
    [ "$f" -eq 0 ] || verdict=FAIL
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-5s %-28s %5d passed, %d failed, %d skipped %7.1f s\n' "$verdict" "$name" "$p" "$f" "$s" \
        "$((($(date +%s%N) - start) / 100000000))e-1"
    [ "$s" -eq 0 ] || grep -E '^ *(SKIP|SKIPPED|skipped)[: ]' "$log" | sed 's/^ */      /' | sort | uniq
    if [ $verdict = FAIL ]; then
        grep -v '^ *\(CC\|AR\|LD\) ' "$log" | tail -n 40 | sed 's/^/    | /'
        echo "    | (status $status; all of it in $log)"
    fi
    [ $verdict = ok ]
}

finish() {
    [ -z "$list" ] || exit 0
    echo "in $((SECONDS - began)) s"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit
}

# --- what they need --------------------------------------------------------------------------------

have() {
    command -v "$1" >/dev/null
}

cpu_has() { # flag...
    local flag
    for flag; do
        grep -qw -m 1 "$flag" /proc/cpuinfo || return 1
    done
}

shared_has() {
    [ -e "$KILN_SHARED/$1" ]
}

# A suite that reads the reference data, below PATH.
suite_shared() { # suite path command...
    local name=$1 path=$2
    shift 2
    if shared_has "$path"; then
        suite "$name" "$@"
    else
        skip "$name" "$KILN_SHARED/$path is not there (KILN_SHARED)"
    fi
}

# How a target's programs run here: nothing for natively, a launcher, or a failure with the reason.
launcher() { # target
    case $1-$(uname -m) in
    c99-* | neon-aarch64) ;;
    avx2-x86_64) cpu_has avx2 fma || { echo 'this processor has no AVX2'; return 1; } ;;
    avx512-x86_64 | zen4-x86_64) cpu_has avx512f avx512vl avx512bw avx512dq || { echo 'this processor has no AVX-512'; return 1; } ;;
    neon-*)
        have qemu-aarch64 && have aarch64-linux-gnu-gcc ||
            { echo 'qemu-aarch64 or aarch64-linux-gnu-gcc is not there'; return 1; }
        echo 'qemu-aarch64 -L /usr/aarch64-linux-gnu'
        ;;
    *) echo "$(uname -m) does not run $1"; return 1 ;;
    esac
}

# Every kernel printed, compiled and run against its evaluation.
printed() { # target
    local how options=()
    how=$(launcher "$1") || { skip "printed/$1" "$how"; return 0; }
    [ -z "$how" ] || options=(--run "$how" --cc aarch64-linux-gnu-gcc)
    [ -z "$SAN" ] || [ -n "$how" ] || options+=(--cflags "$sanitize")
    suite "printed/$1" nice "$BUILD/tests/printed" "$1" "${options[@]}"
}

# Emitted C of networks with known results.
emitted() { # name target option.. -- arch...
    local name=$1 target=$2 how options=()
    shift 2
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    how=$(launcher "$target") || { skip "$name" "$how"; return 0; }
    [ -z "$how" ] || options+=(--run "$how" --cc aarch64-linux-gnu-gcc)
    suite_shared "$name" "oracle/$1/expected.npz" \
        nice "$BUILD/tests/emitted" "${options[@]}" "$target" "$@"
}

# --- the suites ----------------------------------------------------------------------------------------

layers() {
    bash tests/support/layers.sh || return 1
    # The rule must be able to fail: a tree with one wrong include of each kind.
    local tree status
    tree=$(mktemp -d)
    mkdir -p "$tree"/{compiler/{base,pass,loop},grammar,runtime,tests,examples}
    echo '#include "compiler/graph/graph.h"' >"$tree/compiler/base/wrong.c"
    echo '#include "compiler/base/arena.h"' >"$tree/runtime/wrong.c"
    echo '#include "fold.h"' >"$tree/compiler/pass/wrong.c"
    echo 'int f(void) { cblas_x(); exit(1); }' >"$tree/compiler/loop/wrong.c"
    bash tests/support/layers.sh "$tree" >"$tree/out" 2>/dev/null
    status=$?
    [ $status -eq 1 ] && [ "$(wc -l <"$tree/out")" -eq 5 ] ||
        { echo "the layer rule overlooked something:"; cat "$tree/out"; status=0; }
    rm -rf "$tree"
    [ $status -eq 1 ]
}

main() {
    local program example target
    [ -n "$list" ] || bash tests/support/dependencies.sh build test cross || exit 3
    mkdir -p "$logs"

    if [ ${#only[@]} -gt 0 ] && [ -z "$list" ]; then # what is named must not run on stale programs
        make --no-print-directory -j"$jobs" SAN="$SAN" CC="$CC" all unit numeric >"$logs/build.log" 2>&1 ||
            { tail -n 40 "$logs/build.log" >&2; exit 1; }
    fi

    suite format make --no-print-directory format
    suite layers layers
    suite build make --no-print-directory -j"$jobs" SAN="$SAN" CC="$CC" all || finish
    if [ -z "$SAN" ] && [ "$CC" = gcc ]; then
        suite clang make --no-print-directory -j"$jobs" BUILD="$BUILD/clang" CC=clang all
    fi
    suite programs make --no-print-directory -j"$jobs" SAN="$SAN" CC="$CC" unit numeric || finish

    for program in tests/unit/test_*.c; do
        program=$(basename "$program" .c)
        suite "unit/${program#test_}" "$BUILD/tests/$program"
    done

    [ ! -e tests/golden/run.sh ] || suite golden bash tests/golden/run.sh
    suite kernels nice "$BUILD/tests/kernels"
    suite algebra nice "$BUILD/tests/algebra"
    for target in c99 avx2 avx512 zen4 neon; do
        printed $target
    done
    suite_shared zoo oracle/resnet18/manifest.json "$BUILD/tests/zoo"
    [ ! -e tests/targets/emitted.sh ] || suite targets nice bash tests/targets/emitted.sh "$KILN"
    local threads='models/mlperf_tiny.kiln:resnet8'
    [ -z "$all" ] || threads="$threads models/mlperf_tiny.kiln:vww_96 models/resnet.kiln:resnet18
        models/resnet.kiln:resnet50_gn models/squeezenet.kiln:squeezenet1_1 models/mobilenet_v2.kiln:mobilenet_v2
        models/densenet.kiln:densenet121 models/efficientnet.kiln:efficientnet_b0"
    # shellcheck disable=SC2086
    suite threads nice bash tests/targets/threads.sh "$KILN" $threads
    # shellcheck disable=SC2086
    suite batch nice bash tests/targets/batch.sh "$KILN" $threads
    [ ! -d generated ] || [ -z "$(ls generated/*/ 2>/dev/null)" ] || suite generated make --no-print-directory check-generated

    local choice
    for example in examples/*/Makefile; do
        example=$(dirname "$example") target=check
        grep -q '^check:' "$example/Makefile" || continue
        [ -z "$all" ] || ! grep -q '^check-all:' "$example/Makefile" || target=check-all
        suite "$example" make --no-print-directory -C "$example" BUILD="$KILN_BUILD" $target
    done

    # Networks with known results: the small ones always, all that the zoo has with --all, the large
    # ones last.
    local small='squeezenet1_1 mobilenet_v2 mobilenet_v3_small keras_mobilenet_v2 efficientnet_b0 nasnetamobile resnet18'
    local tiny='squeezenet1_1' quick='squeezenet1_1 mobilenet_v2 resnet18'
    local zoo='resnet18 resnet50 resnet101 resnext50_32x4d resnet50_gn vgg16_bn squeezenet1_1 mobilenet_v2 nasnetamobile keras_mobilenet_v2'
    local all_of="$small densenet121 resnet50 resnet50_gn resnext50_32x4d se_resnet50 se_resnet50_top
        keras_efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 keras_resnet50
        keras_resnet50_classic keras_se_resnet50_top densenet201 inception_v3 keras_inception_v3 resnet101
        xception se_xception se_xception_top keras_xception keras_se_xception_top efficientnet_b5
        keras_efficientnet_b5 inceptionresnetv2 keras_inception_resnet_v2 vgg16_bn efficientnet_b6
        pnasnet5large keras_nasnet_large efficientnet_b7"
    [ -z "$all" ] || small=$all_of tiny=$zoo quick=$zoo
    # shellcheck disable=SC2086
    {
        suite_shared interpreter oracle/resnet18/expected.npz nice "$BUILD/tests/oracle" $quick
        # The target that this machine is best at runs them all, the others a choice, with the most
        # sensitive one.
        local host
        host=$("$KILN" build --target help | sed -n 's/ .*(this machine)$//p')
        emitted "emitted/$host" "$host" -- $small
        for target in zen4 avx512 avx2 c99 neon; do
            case $target in
            "$host") continue ;;
            c99) choice=$tiny ;;
            neon) choice=$(tr ' ' '\n' <<<"$tiny" | grep -xE 'squeezenet1_1|resnet18') ;;
            *) choice="$quick${all:+ efficientnet_b0 efficientnet_b7}" ;;
            esac
            emitted emitted/$target $target -- $choice
        done
        # Without Winograd the limits are tighter.
        if [ -n "$all" ]; then
            for target in avx512 avx2; do
                emitted emitted/$target-size $target --optimize size -- $zoo
                emitted emitted/$target-unfused $target --optimize size --unfused -- $zoo
            done
        fi
    }
    if [ -e tests/numeric/published.py ]; then
        suite_shared published expected/resnet20/expected.json nice /usr/bin/python3 tests/numeric/published.py
    fi

    suite_shared ensembles expected/trash_ensemble/expected.json nice /usr/bin/python3 tests/numeric/ensembles.py ${all:+--all}
    # Transformers, shuffles and others that have no reference data: against torchvision.
    local torch='vit_tiny shufflenet_v2_x0_5 mnasnet0_5 regnet_y_400mf'
    [ -z "$all" ] || torch=--all
    # shellcheck disable=SC2086
    suite torch nice /usr/bin/python3 tests/numeric/zoo_torch.py $torch

    suite evaluate nice /usr/bin/python3 tests/numeric/evaluate.py
    [ -z "$all" ] || suite_shared init oracle/resnet18/manifest.json nice bash tests/numeric/init.sh

    suite_shared checkpoints oracle/keras_mobilenet_v2/manifest.json \
        nice /usr/bin/python3 tests/numeric/checkpoints.py ${all:+--all}

    if [ -n "$all" ] && [ -z "$SAN" ]; then
        suite fuzz nice bash tests/fuzz/run.sh 10000
        [ ! -e "$logs/fuzz.log" ] || grep ' covered$' "$logs/fuzz.log"
    elif [ -z "$all" ]; then
        skip fuzz 'fuzzing is part of make check-all only'
    fi
    finish
}

main
