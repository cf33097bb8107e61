#!/usr/bin/env bash
# `kiln init` names the architecture of every oracle's weights, generated one at a time, and of the
# published checkpoints; what it writes elaborates. Slow: gigabytes are written and deleted.
# Usage: init.sh [ARCH...]      KILN: the program; KILN_SHARED, the reference data
set -uo pipefail
cd "$(dirname "$0")/../.."
kiln=${KILN:-$PWD/build/kiln} shared=$(realpath "${KILN_SHARED:-../shared}")
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

try() { # architecture, checkpoint
    local said
    if said=$(cd "$work" && "$kiln" init "$2" -o mine.kiln 2>&1) &&
        [ "$(awk '$1 == "architecture" { print $2 }' <<<"$said")" = "$1" ] &&
        said=$("$kiln" show "$work/mine.kiln" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: %s\n' "$1" "$said"
    fi
    rm -rf "$work"/*
}

archs=("$@")
[ $# -gt 0 ] || archs=($(cd "$shared/oracle" && ls -d */ | tr -d /))
for arch in "${archs[@]}"; do
    format=safetensors
    case $arch in keras_*) format=h5 ;; esac
    if [ $format = h5 ] && ! "$python" -c 'import h5py' 2>/dev/null; then
        echo "SKIPPED: $arch, because h5py is not there"
        skipped=$((skipped + 1))
        continue
    fi
    "$python" "$shared/oracle/make_weights.py" "$shared/oracle/$arch/manifest.json" \
        "$work/weights.$format" --format $format || exit 1
    try "$arch" "weights.$format"
done
if [ $# -eq 0 ]; then
    third=$shared/models/third_party
    try resnet20 "$third/resnet20-12fca82f.th"
    try resnet56 "$third/resnet56-4bfd9763.th"
    try resnet8 "$third/pretrainedResnet.h5"
    try vww_96 "$third/vww_96.h5"
    try ad01 "$third/ad01.h5"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
