#!/usr/bin/env bash
# Golden tests: tests/golden/FOLDER/NAME.kiln, whose first line is a comment with its command line, against
# NAME.expect, which is what the command prints (both streams) and its exit status.
# Usage: run.sh [FOLDER/NAME...]      UPDATE=1 rewrites the expectations; KILN: the program
# The commands run in a copy of this folder, so they may write; a file without a command line
# belongs to another test.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KILN=${KILN:-$root/${BUILD:-build}/kiln}
KILN=$(realpath "$KILN")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests"
cp -r "$root/tests/golden" "$work/tests/golden"
ln -s "$root/models" "$root/examples" "$work/"
cd "$root/tests/golden" || exit 1
passed=0 failed=0

kiln() { "$KILN" "$@"; }

run_one() {
    local folder=${1%/*} file=${1##*/} line
    line=$(head -n 1 "$1" | tr -d '\0')
    line=${line%$'\r'}
    (
        cd "$work/tests/golden/$folder" || exit 1
        INPUT=$file
        eval "${line#// }"
    ) > "$work/got" 2>&1
    printf 'exit status %d\n' $? >> "$work/got"
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/got" "${1%.kiln}.expect"
    fi
    if diff -u "${1%.kiln}.expect" "$work/got" > "$work/diff" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        cat "$work/diff"
    fi
}

files=("${@/%/.kiln}")
[ $# -gt 0 ] || files=(*/*.kiln)
for file in "${files[@]}"; do
    if head -n 1 "$file" | tr -d '\0' | grep -q '^// kiln '; then
        run_one "$file"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
