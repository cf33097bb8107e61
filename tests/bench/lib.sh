# Shared by bench.sh and profile.sh: networks of ours, emitted and compiled around emitted/time.c.
# shellcheck shell=bash
# Settings: BUILD, TARGET (this machine's best), COMPILER (cc), CORE (1), THREADS (1).
build=${BUILD:-build}
work=$build/bench
core=${CORE:-1}
threads=${THREADS:-1}
compiler=${COMPILER:-cc}
mkdir -p "$work"

die() {
    echo "bench: $*" >&2
    exit 3
}

target=${TARGET:-$(if grep -q avx512dq /proc/cpuinfo; then echo avx512; elif grep -q avx2 /proc/cpuinfo; then echo avx2; else echo c99; fi)}

# The page of models/ that has the network, or nothing.
page_of() {
    grep -lE "^model $1( |=|\$)" models/*.kiln 2> /dev/null | head -1
}

# Emits a network into a folder; prints its two figures "arena lower_bound".
emit_network() { # name folder
    local page
    page=$(page_of "$1")
    rm -rf "$2"
    if [ -n "$page" ]; then
        local parallel=none
        [ "$threads" -gt 1 ] && parallel=openmp
        "$build/kiln" emit "$page:$1" -w random --target "$target" --weights-as incbin \
            --threads "$parallel" -o "$2" || return 1
        "$build/kiln" show "$page:$1" --target "$target"
    else
        "$build/tests/bench/network" "$1" "$target" "$2"
    fi | sed -n 's/^arena: \([0-9]*\) bytes; no plan can need less than \([0-9]*\).*/\1 \2/p'
    [ -f "$2/$1.c" ]
}

macro_of() { # header suffix
    sed -n "s/^#define [A-Z0-9_]*_$2 *\([0-9]*\).*/\1/p" "$1" | head -1
}

# Compiles the network in a folder, by its own Makefile, into a program.
compile_network() { # name folder program flags...
    local name=$1 folder=$2 program=$3 header=$2/$1.h
    shift 3
    [ "$threads" -gt 1 ] && set -- "$@" -fopenmp -DWALL_CLOCK
    make -s -C "$folder" "CC=$compiler" "CFLAGS=-O2 -std=c99 $*" "lib$name.a" || return 1
    $compiler -O2 -std=gnu11 "$@" -I"$folder" -DNETWORK="$name" -DHEADER="\"$name.h\"" \
        -DINPUT_COUNT="$(macro_of "$header" INPUT_COUNT)" \
        -DOUTPUT_COUNT="$(macro_of "$header" OUTPUT_COUNT)" \
        -DARENA_BYTES="$(macro_of "$header" ARENA_BYTES)" \
        -o "$program" tests/bench/emitted/time.c "$folder/lib$name.a"
}
