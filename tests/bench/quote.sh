#!/usr/bin/env bash
# Quotes tests/bench/results.md in the marked sections of the two READMEs; nothing where it has no row.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=tests/bench/results.md

# network, kiln ms, peer ms, ratio; of two threads: the ratio. The last row is the geometric mean.
rows() {
    awk -F ' *[|] *' '
        /^## / { section = 0 }
        /^## One thread/ { section = 1 }
        /^## Two threads/ { section = 2 }
        /^[|]/ && section == 1 && $6 ~ /^[*]*[0-9.]+/ { order[++n] = $2; row[$2] = "| " $2 " | " $4 " | " $5 " | " $6 " |" }
        /^[|]/ && section == 2 && $6 ~ /^[*]*[0-9.]+/ { two[$2] = $6 }
        END { for (i = 1; i <= n; i++) print row[order[i]], (order[i] in two ? two[order[i]] : "–"), "|" }' $results
}

[ -n "$(rows)" ] || exit 0
machine=$(sed -n 's/^Machine: \([^,;]*\)[,;].*/\1/p' $results)
version=$(sed -n 's/.*Peer: \(.*[0-9.]*[0-9]\), all graph.*/\1/p' $results)

quote() { # file text heads
    { echo "$2"; echo; echo "$3"; echo '|---|--:|--:|--:|--:|'; rows; } >"$1.section"
    sed -i -e "/^<!-- speed: begin/,/^<!-- speed: end/ { /^<!--/!d }" -e "/^<!-- speed: begin/r $1.section" "$1"
    rm "$1.section"
}

quote README.md "Speed beside $version on $machine, measured in turn; a ratio above 1: kiln is faster. \`make bench\` makes
[the whole table](tests/bench/results.md), with what else was measured and how. [From pictures to labels](tests/bench/pictures.md)
and [portable C beside AVX2](tests/bench/targets.md) have pages of their own." \
    "| network | kiln ms, one thread | ONNX Runtime ms | ratio | ratio, two threads |"
quote README.zh-CN.md "与 $version 的速度比较（$machine，交替测量；比值大于 1 表示 kiln 更快）。\`make bench\` 生成
[完整的表](tests/bench/results.md)，其中写明了测量方法。[从图片到标签](tests/bench/pictures.md)、[可移植 C 与 AVX2](tests/bench/targets.md) 另有专页。" \
    "| 网络 | kiln ms（单线程） | ONNX Runtime ms | 比值 | 双线程比值 |"
