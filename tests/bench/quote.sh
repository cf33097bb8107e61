#!/usr/bin/env bash
# Quotes tests/bench/results.md in the marked sections of the two READMEs.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=tests/bench/results.md

table() { # heading of the first column
    echo "| $1 | kiln ms | ONNX Runtime ms | ratio |"
    echo '|---|--:|--:|--:|'
    awk -F ' *[|] *' '$4 ~ /^[0-9.]+$/ && $5 ~ /^[0-9.]+$/ { print "| " $2 " | " $4 " | " $5 " | " $6 " |" }' $results
}

machine=$(sed -n 's/^Machine: \([^,]*\),.*/\1/p' $results)
version=$(sed -n 's/.*Peer: \(ONNX Runtime [0-9.]*[0-9]\).*/\1/p' $results)

quote() { # file text heading
    { echo "$2"; echo; table "$3"; } >"$1.section"
    sed -i -e "/^<!-- speed: begin/,/^<!-- speed: end/ { /^<!--/!d }" -e "/^<!-- speed: begin/r $1.section" "$1"
    rm "$1.section"
}

quote README.md "Speed beside $version on $machine, one thread, measured in turn; a ratio above 1: kiln is faster. \`make bench\` makes
[the whole table](tests/bench/results.md), with what else was measured and how." network
quote README.zh-CN.md "与 $version 的速度比较（$machine，单线程，交替测量；比值大于 1 表示 kiln 更快）。\`make bench\` 生成
[完整的表](tests/bench/results.md)，其中写明了测量方法。" 网络
