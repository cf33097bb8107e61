#!/bin/bash
# Time per layer of networks, from the trace of the emitted C: NETS="resnet50 …" tests/bench/profile.sh
# Further settings: lib.sh; RUNS=10, TOP=0 (all layers, in order; N: the N that take most time beyond what
# the machine's peak would).
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
nets=${NETS:-resnet50 mobilenet_v2 squeezenet1_1}
peak=$(taskset -c "$core" "$build/tests/bench/peak" | awk '/^avx/ && $2 > p { p = $2 } END { print p }')

# "index macs function path" of each node that is traced, from the comments and calls of the emitted C.
layers_of() {
    awk '
        /^    \/\* / { text = ""; inside = 1; name = "" }
        inside { text = text " " $0; if (/\*\//) inside = 0; next }
        text != "" && name == "" && /^    [a-z0-9_]+\(/ { name = $1; sub(/\(.*/, "", name) }
        /KILN_TRACE_NODE\([0-9]+,/ {
            index_ = $0; gsub(/.*KILN_TRACE_NODE\(|,.*/, "", index_)
            gsub(/[ *\/]+/, " ", text)
            path = text; sub(/^ /, "", path); sub(/: .*/, "", path)
            macs = 0
            if (match(text, /[0-9.]+ [kMG]? ?MACs/)) {
                split(substr(text, RSTART, RLENGTH), m, " ")
                macs = m[1] * (m[2] == "k" ? 1e3 : m[2] == "M" ? 1e6 : m[2] == "G" ? 1e9 : 1)
            }
            print index_, macs, name, path
        }' "$1"
}

profile() { # name
    local folder=$work/profile-$1
    emit_network "$1" "$folder" > /dev/null || return 1
    layers_of "$folder/$1.c" > "$folder.layers"
    compile_network "$1" "$folder" "$folder.run" -DKILN_TRACE || return 1
    taskset -c "$core" "$folder.run" "${RUNS:-10}" > "$folder.times" || return 1
    echo
    echo "$1 on $target: peak $peak GFLOP/s; waste is the time beyond what the peak would take"
    awk 'NR == FNR { ms[$1] = $2; total += $2; next }
        $1 in ms { print ms[$1], $2, $3, $4, total }' "$folder.times" "$folder.layers" |
        awk -v peak="$peak" '{
            waste = $1 - $2 * 2e-6 / peak
            printf "%8.3f ms %5.1f%% %7.1f GFLOP/s  waste %7.3f ms  %s  %s\n", $1, 100 * $1 / $5,
                ($1 > 0 ? 2e-6 * $2 / $1 : 0), waste, $3, $4
        }' |
        if [ "${TOP:-0}" -gt 0 ]; then sort -k7,7gr | head -"$TOP"; else cat; fi
    awk '{ t += $2 } END { printf "%8.3f ms in all\n", t }' "$folder.times"
    rm -rf "$folder" "$folder.run"
}

for net in $nets; do
    profile "$net" || die "no profile of $net"
done
