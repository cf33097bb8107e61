#!/usr/bin/env bash
# Who may include whom, and what may stand where. Prints one line per violation, exits 1 if there are any.
# The table is the one of compiler/README.md; a new edge is a decision: change both.
# Usage: layers.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

# folder: folders that it may include, beside itself
table='
base:
syntax:     base grammar
import:     base syntax
graph:      base
classifier: base
loop:       base
target:     base loop
elaborate:  base syntax import graph classifier
pass:       base graph target
interp:     base graph
kernel:     base graph loop target
schedule:   base graph loop target kernel
emit:       base graph loop target kernel schedule classifier
driver:     base syntax import graph classifier loop target elaborate pass interp kernel schedule emit runtime
grammar:    base syntax
runtime:
tests:      *
examples:   runtime
'

sources=$(find compiler grammar runtime tests examples -name '*.[chly]' -o -name '*.def' | grep -v /build/ | sort)
[ -n "$sources" ] || { echo "layers: no sources found" >&2; exit 2; }

report=$(mktemp)
trap 'rm -f "$report"' EXIT

# shellcheck disable=SC2086
awk -v table="$table" '
BEGIN {
    rows = split(table, row, "\n")
    for (i = 1; i <= rows; i++) {
        if (split(row[i], side, ":") < 2)
            continue
        known[side[1]] = 1
        edges = split(side[2], edge, " ")
        for (j = 1; j <= edges; j++)
            may[side[1], edge[j]] = 1
    }
}
function layer(path,   part) {
    split(path, part, "/")
    return part[1] == "compiler" ? part[2] : part[1]
}
function violation(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why
}
FNR == 1 { from = layer(FILENAME); if (!(from in known)) violation("no row for folder " from " in the table") }
FNR == 601 { violation("a file has at most 600 lines") }
/^(<<<<<<<|>>>>>>>) / { violation("a conflict was not resolved") }
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    to = layer(quoted[2])
    if (from == "examples" && quoted[2] !~ /\//)
        next # an example is a project of its own
    if (quoted[2] !~ /^(compiler|runtime|grammar|tests|examples)\//)
        violation("\"" quoted[2] "\" is not written from the root")
    else if (to != from && !((from, to) in may) && !((from, "*") in may))
        violation(from "/ may not include " to "/ (\"" quoted[2] "\")")
    else if (from == "pass" && to == "pass" && quoted[2] != "compiler/pass/pass.h")
        violation("passes do not include each other (\"" quoted[2] "\")")
}
' $sources >>"$report"

# what: an extended regular expression, where it may stand, why
forbid() { # regex allowed-path-regex reason
    local found
    # shellcheck disable=SC2086
    found=$(grep -nE "$1" $sources | grep -vE "^($2)" | grep -vE '^tests/|^[^:]+:[0-9]+: *(\*|//|/\*)' || true)
    [ -z "$found" ] || sed "s|\$|   <- $3|" <<<"$found" >>"$report"
}

forbid 'cblas' 'compiler/interp/' 'cblas only in compiler/interp/'
forbid '\b_mm[0-9]*_|\bv(ld|st)[1-4]q?_|\bvfmaq?_|immintrin|arm_neon' \
    'compiler/target/|compiler/emit/|runtime/' 'intrinsics only in target/ (rows) and emit/'
forbid '\b_?exit\(' 'compiler/driver/|runtime/main\.c|examples/|compiler/base/arena\.c|compiler/import/keras\.c' 'exit only in driver/'
forbid '\babort\(' 'compiler/base/|compiler/driver/|examples/' 'abort only in base/'
forbid '\b(malloc|calloc|realloc|free)\(' 'compiler/base/|runtime/|examples/' 'memory comes from compiler/base/arena.h'
forbid '\b(printf|puts|putchar|perror)\(|\bfprintf\(stderr' 'compiler/driver/|compiler/base/(diag|arena)\.c|runtime/|examples/' \
    'library code returns a message and never prints'
forbid '"(static |for \(|#include|#define|return |float \*|void )' 'compiler/emit/|compiler/target/|runtime/|examples/|compiler/syntax/|grammar/' \
    'C text only in emit/ and target/'

if [ -s "$report" ]; then
    cat "$report"
    echo "layers: $(wc -l <"$report") violations" >&2
    exit 1
fi
