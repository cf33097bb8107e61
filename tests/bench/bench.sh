#!/bin/bash
# Speed against ONNX Runtime, as ratios: tests/bench/bench.sh [-o FILE]; default: tests/bench/results.md
#
# Settings, beyond those of lib.sh: NETS="resnet18 ...", PAIRS=7, SECONDS_EACH=1 (of runs per measurement).
# Both programs run in turn, A B A B ..., pinned to the same core (THREADS cores), one process a
# measurement; a measurement is the least of its runs, the ratio is the median over the pairs. With one
# thread time is the processor time of the process: what an idle machine's clock would show, but for the
# shared cache and the memory's bandwidth. The peer comes from npm into build/, models are torchvision's
# architectures with random weights.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
out=tests/bench/results.md
[ "${1:-}" = -o ] && out=$2
nets=${NETS:-resnet18 resnet50 vgg16_bn squeezenet1_1 mobilenet_v2 densenet121 inception_v3 \
efficientnet_b0}
pairs=${PAIRS:-7}
python=${PYTHON:-/usr/bin/python3}
cores=$core
[ "$threads" -gt 1 ] && cores=0-$((threads - 1))
export OMP_NUM_THREADS=$threads

install_peer() {
    [ -d "$work/node_modules/onnxruntime-node" ] && return
    (cd "$work" && npm install --ignore-scripts --no-audit --no-fund onnxruntime-node) \
        > "$work/npm.log" 2>&1 ||
        die "npm cannot install onnxruntime-node: $work/npm.log"
}

peer() { # name runs
    taskset -c "$cores" node tests/bench/peer.js "$work/node_modules" "$work/$1.onnx" \
        "$threads" "$2"
}

ours() { # name runs
    taskset -c "$cores" "$work/$1.run" "$2"
}

# As many runs as fit the seconds, at least 3.
runs_for() { # milliseconds
    awk -v ms="$1" -v s="${SECONDS_EACH:-1}" 'BEGIN { n = int(1000 * s / ms); print n < 3 ? 3 : n }'
}

prepare() { # name -> "arena lower_bound"
    local folder=$work/net-$1
    "$python" tests/bench/export.py "$work" "$1" > "$work/export.log" 2>&1 ||
        { echo "bench: $1: $work/export.log" >&2; return 1; }
    emit_network "$1" "$folder" || return 1
    compile_network "$1" "$folder" "$work/$1.run" || return 1
    sed -n 's/.*made by kiln\. \([0-9.]*\) \([kMG]\) multiply.*/\1 \2/p' "$folder/$1.c" |
        awk '{ print $1 * ($2 == "k" ? 1e-6 : $2 == "M" ? 1e-3 : 1) }' > "$work/$1.gmacs"
    rm -rf "$folder"
}

# A row of the table, and the two times of each pair in NAME.pairs.
measure() { # name
    local arena a b i
    arena=$(prepare "$1") || { echo "| $1 | cannot be built: see the messages |"; return 1; }
    a=$(ours "$1" 3) && b=$(peer "$1" 3) || return 1
    local runs_a runs_b
    runs_a=$(runs_for "${a%% *}")
    runs_b=$(runs_for "${b%% *}")
    for ((i = 0; i < pairs; i++)); do
        a=$(ours "$1" "$runs_a") && b=$(peer "$1" "$runs_b") || return 1
        echo "$a $b"
    done > "$work/$1.pairs"
    awk -v name="$1" -v gmacs="$(cat "$work/$1.gmacs")" -v peak="$peak" -v threads="$threads" \
        -v arena="$arena" '
        function median(v, n,    i, j, t) {
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
                    t = v[j]
                    v[j] = v[j - 1]
                    v[j - 1] = t
                }
            return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
        }
        { a[NR] = $1; b[NR] = $3; r[NR] = $3 / $1 }
        END {
            ratio = median(r, NR); ms = median(a, NR); peer = median(b, NR)
            split(arena, bytes, " ")
            speed = 2 * gmacs / ms * 1e3
            printf "| %s | %.3f | %.2f | %.2f | %.2f (%.2f–%.2f) |", name, gmacs, ms, peer, ratio,
                r[1], r[NR]
            printf " %.0f | %.0f %% | %d | %d |\n", speed, 100 * speed / (peak * threads),
                bytes[1], bytes[2]
        }' "$work/$1.pairs"
    rm -f "$work/$1.run"
}

install_peer
machine=$(taskset -c "$core" "$build/tests/bench/peak") || die "no peak"
peak=$(awk '/^avx/ && $2 > p { p = $2 } END { print p }' <<< "$machine")
version=$(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$work/node_modules/onnxruntime-node/package.json" | head -1)
failed=0
{
    cat << END
# Against ONNX Runtime

\`make bench\` writes this page. kiln: target $target, weights from \`-w random\` or the oracles' rule,
$($compiler --version | head -1) -O2. Peer: ONNX Runtime $version (npm onnxruntime-node), all graph
optimisations, the same architectures exported from torchvision. Both with $threads thread(s) on core(s)
$cores, in turn, $pairs pairs; milliseconds are the median over the pairs of the least of each measurement;
the ratio (peer / kiln, above 1 kiln is faster) is the median of the pairs' ratios, with the least and the
largest. One thread is timed in processor time, so that other load on the machine (load average
$(cut -d' ' -f1-3 /proc/loadavg) at the start) counts little. GFLOP/s are those of the textbook convolution:
Winograd's form, which saves products, can exceed the peak.

Machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), family $(sed -n 's/^cpu family.*: //p' \
/proc/cpuinfo | head -1) model $(sed -n 's/^model\t*: //p' /proc/cpuinfo | head -1); one core, same run:
$(awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }' <<< "$machine") (GFLOP/s, GB/s).

| network | GMACs | kiln ms | peer ms | peer / kiln | GFLOP/s | of peak | arena bytes | no plan below |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
END
    for net in $nets; do
        measure "$net" || failed=1
        echo "bench: $net" >&2
    done
} > "$out.new"
mv "$out.new" "$out"
sed -n '/^| network/,$p' "$out"
exit $failed
