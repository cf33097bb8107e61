#!/bin/bash
# The table of the zoo in models/README.md: of every network its parameters, multiply-accumulates, arena, the
# size of its executable and its time: tests/bench/zoo.sh
#
# Settings, beyond those of lib.sh: NETS="resnet18 ..." (default: every model of models/ that has at most MOST
# million parameters, 250), RESUME=1 (rows measured before are kept, whatever was changed since). Weights are random:
# the values do not matter for any of these figures. Time is the least processor time of some runs on one core.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
rows=$build/bench/zoo
mkdir -p "$rows"

every_model() {
    sed -n 's/^model \([a-z0-9_]*\) = .*/\1/p' models/*.kiln
}

# "name input parameters macs arena" of kiln's JSON.
facts_of() { # name
    show_network "$1" "$target" 1 | "$python" -c '
import json, sys
n = json.load(sys.stdin)
shape = next(x["shape"] for x in n["nodes"] if x["operator"] == "input")[1:]
print("x".join(map(str, shape[1:])) if len(shape) > 1 else shape[0],
      n["parameters"], n["macs"], n["arena_bytes"])'
}

# One row, kept in a file of its own until all are there.
measure() { # name
    local name=$1 input parameters macs arena bytes ms folder=$work/zoo-$1
    read -r input parameters macs arena < <(facts_of "$name")
    [ "$parameters" -le $((${MOST:-250} * 1000000)) ] || return 0
    emit_network "$name" "$folder" "$target" 1 > /dev/null &&
        make -s -C "$folder" "CC=$compiler" &&
        compile_network "$name" "$folder" "$folder/time" 1 || return 1
    bytes=$(stat -c %s "$folder/$name")
    read -r ms _ < <(alone taskset -c "$core" "$folder/time" "$((macs > 5000000000 ? 3 : 10))")
    rm -rf "$folder"
    awk -v n="$name" -v i="$input" -v p="$parameters" -v m="$macs" -v a="$arena" -v b="$bytes" -v t="$ms" 'BEGIN {
        printf "| `%s` | %s | %.2f | %.*f | %.2f | %.1f | %.*f |\n", n, i, p / 1e6, m < 1e7 ? 2 : 0, m / 1e6, a / 1e6,
            b / 1e6, t < 10 ? 2 : 1, t }' > "$rows/$name.part"
    mv "$rows/$name.part" "$rows/$name"
}

machine() {
    sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1
}

write_table() {
    local name
    echo "Made by \`make zoo-table\` for $target on $(machine), one thread, processor time; parameters and"
    echo "multiply-accumulates (MACs) in millions, memory in megabytes. The executable holds the weights."
    echo
    echo '| network | input | parameters | MACs | arena | executable | ms |'
    echo '|---|--:|--:|--:|--:|--:|--:|'
    for name in $(every_model); do
        [ ! -f "$rows/$name" ] || cat "$rows/$name"
    done
}

for name in ${NETS:-$(every_model)}; do
    [ "${RESUME:-0}" = 1 ] && [ -f "$rows/$name" ] && continue
    measure "$name" || echo "zoo: $name was left out" >&2
done
write_table > "$work/zoo.section"
sed -i -e '/^<!-- zoo: begin/,/^<!-- zoo: end/ { /^<!--/!d }' -e "/^<!-- zoo: begin/r $work/zoo.section" models/README.md
