# Shared by the scripts of this folder: networks of ours, emitted and compiled around emitted/time.c, and peers.
# shellcheck shell=bash
# Settings: BUILD, TARGET (this machine's best), COMPILER (cc), CORE (1: the core of one thread), PYTHON (one with
# NumPy, PyTorch and torchvision), LOCK (a file: nothing is timed while another process holds its lock).
build=${BUILD:-build}
work=$build/bench
core=${CORE:-1}
compiler=${COMPILER:-cc}
python=${PYTHON:-/usr/bin/python3}
mkdir -p "$work"

die() {
    echo "bench: $*" >&2
    exit 3
}

target=${TARGET:-$("$build/kiln" show --target help | awk '/\(this machine\)/ { print $1 }')}

# The networks of the table of speed, in its order.
table="resnet18 vgg16_bn resnet50 inception_v3 mobilenet_v2 densenet121 squeezenet1_1 efficientnet_b0 resnet8 vww_96"

# Runs a function or command while no other measurement runs.
alone() {
    [ -n "${LOCK:-}" ] || { "$@"; return; }
    exec 9> "$LOCK"
    flock 9
    "$@"
    local status=$?
    flock -u 9
    exec 9>&-
    return $status
}

# The page of models/ that has the network, or nothing.
page_of() {
    grep -lE "^model $1( |=|\$)" models/*.kiln 2> /dev/null | head -1
}

# A misspelt name ends the run before anything is measured.
check_networks() { # names
    local name unknown=
    for name in "$@"; do
        [ -n "$(page_of "$name")" ] || unknown="$unknown $name"
    done
    [ -z "$unknown" ] || die "NETS: no page of models/ has$unknown"
}

# The cores of so many threads: one thread has `core` to itself.
cores_of() { # threads
    if [ "$1" -gt 1 ]; then echo "0-$(($1 - 1))"; else echo "$core"; fi
}

threads_option() { # threads
    if [ "$1" -gt 1 ]; then echo openmp; else echo none; fi
}

# Emits a network into a folder, with the weights of the peer where export.py has made them.
emit_network() { # name folder target threads options...
    local page weights=random
    page=$(page_of "$1")
    [ -n "$page" ] || { echo "bench: no page of models/ has $1" >&2; return 1; }
    [ -f "$work/$1.pth" ] && weights=$work/$1.pth
    rm -rf "$2"
    "$build/kiln" emit "$page:$1" -w "$weights" --target "$3" --weights-as incbin \
        --threads "$(threads_option "$4")" "${@:5}" -o "$2"
}

show_network() { # name target threads options...
    "$build/kiln" show "$(page_of "$1"):$1" --target "$2" --threads "$(threads_option "$3")" --format json \
        "${@:4}"
}

# Builds the executable that users get, with the weights of the peer where export.py has made them.
build_program() { # name target compiler program
    local weights=random
    [ -f "$work/$1.pth" ] && weights=$work/$1.pth
    "$build/kiln" build "$(page_of "$1"):$1" -w "$weights" --target "$2" --cc "$3" -o "$4"
}

macro_of() { # header suffix
    sed -n "s/^#define [A-Z0-9_]*_$2 *\([0-9]*\).*/\1/p" "$1" | head -1
}

# Compiles the network in a folder, by its own Makefile, into a program that times it.
compile_network() { # name folder program threads flags...
    local name=$1 folder=$2 program=$3 header=$2/$1.h threads=$4
    shift 4
    [ "$threads" -gt 1 ] && set -- "$@" -fopenmp -DWALL_CLOCK
    make -s -C "$folder" "CC=$compiler" "CFLAGS=-O2 -std=c99 $*" "lib$name.a" || return 1
    $compiler -O2 -std=gnu11 "$@" -I"$folder" -DNETWORK="$name" -DHEADER="\"$name.h\"" \
        -DINPUT_COUNT="$(macro_of "$header" INPUT_COUNT)" \
        -DOUTPUT_COUNT="$(macro_of "$header" OUTPUT_COUNT)" \
        -DARENA_BYTES="$(macro_of "$header" ARENA_BYTES)" \
        -o "$program" tests/bench/emitted/time.c "$folder/lib$name.a"
}

install_peer() {
    [ -d "$work/node_modules/onnxruntime-node" ] && return
    (cd "$work" && npm install --ignore-scripts --no-audit --no-fund onnxruntime-node) \
        > "$work/npm.log" 2>&1 ||
        die "npm cannot install onnxruntime-node: $work/npm.log"
}

export_network() { # name
    "$python" tests/bench/export.py "$work" "$1" > "$work/export.log" 2>&1 ||
        { echo "bench: $1 has no peer: $(tail -1 "$work/export.log")" >&2; return 1; }
}

# "name value" lines of what so many cores can do at once, and of the largest cache.
measure_machine() { # threads
    local i
    for ((i = 0; i < $1; i++)); do
        taskset -c "$([ "$1" -gt 1 ] && echo "$i" || echo "$core")" "$build/tests/bench/peak" &
    done | awk '{ sum[$1] += $2 } !($1 in at) { at[$1] = ++n; name[n] = $1 }
        END { for (i = 1; i <= n; i++) printf "%s %.1f\n", name[i], sum[name[i]] }'
    cat /sys/devices/system/cpu/cpu"$core"/cache/index*/size 2> /dev/null |
        awk '/K$/ { b = $1 * 1024 } /M$/ { b = $1 * 1048576 } b > most { most = b } END { printf "cache_bytes %d\n", most }'
}
