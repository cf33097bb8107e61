#!/bin/bash
# From pictures to labels: a folder of JPEGs of 12 megapixels through a built classifier, against a script with Pillow
# and ONNX Runtime: tests/bench/pictures.sh [-o FILE]; default: tests/bench/pictures.md
#
# Settings, beyond those of lib.sh: NETS="mobilenet_v2 resnet50", PICTURES=200, ROUNDS=3, THREADS=2. Both have THREADS
# workers on the same cores; programs run in turn, the ratio is the median over the rounds, by the clock, from the start
# of a process to its end. The pictures are enlarged from images/imagenet of KILN_SHARED; weights are those of the
# oracles less their mean output, equal on both sides, and every picture must get the same class.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
threads=${THREADS:-2}
count=${PICTURES:-200}
rounds=${ROUNDS:-3}
cores=$(cores_of "$threads")
shared=${KILN_SHARED:-../shared}
pictures=$work/pictures-$count
out=tests/bench/pictures.md
[ -n "${NETS:-}${PICTURES:-}" ] && out=$work/pictures.md
[ "${1:-}" = -o ] && out=$2
[ -d "$shared/images/imagenet" ] || die "no pictures to enlarge: $shared/images/imagenet"
install_peer
"$python" tests/bench/pictures.py make "$shared/images/imagenet" "$pictures" "$count" || die "no pictures"

build_classifier() { # name
    cat > "$work/pictures-$1.kiln" << END
import "$PWD/$(page_of "$1")"

classifier pictures {
    model $1
    weights "$1-pictures.pth"
    preprocess {
        color rgb
        resize 256 bilinear
        center_crop 224
        scale 1/255
        normalize mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225]
    }
    output softmax
}
END
    "$build/kiln" build "$work/pictures-$1.kiln:pictures" --target "$target" --cc "$compiler" -o "$work/pictures-$1"
}

# Pictures per second of a command, whose lines go to a file.
rate_of() { # file command...
    local file=$1 start end
    shift
    start=$(date +%s.%N)
    taskset -c "$cores" "$@" > "$file" || return 1
    end=$(date +%s.%N)
    awk -v a="$start" -v b="$end" -v n="$count" 'BEGIN { printf "%.3f\n", n / (b - a) }'
}

one_round() { # name
    local a b
    a=$(rate_of "$work/labels" "$work/pictures-$1" --jobs "$threads" --format json "$pictures") &&
        b=$(rate_of "$work/labels.peer" "$python" tests/bench/pictures.py classify "$work" "$1" "$threads" "$pictures") &&
        "$python" tests/bench/pictures.py compare "$work/labels" "$work/labels.peer" > "$work/labels.equal" &&
        echo "$a $b"
}

measure() { # name
    local i
    "$python" tests/bench/pictures.py export "$work" "$1" "$pictures" > "$work/export.log" 2>&1 ||
        { tail -3 "$work/export.log" >&2; return 1; }
    build_classifier "$1" || return 1
    for ((i = 0; i < rounds; i++)); do
        alone one_round "$1" || return 1
    done > "$work/pictures-$1.rounds"
    rm -f "$work/pictures-$1"
    awk '{ print $1 / $2, $1, $2 }' "$work/pictures-$1.rounds" | sort -n |
        awk -v name="$1" -v equal="$(cat "$work/labels.equal")" '{ line[NR] = $0 } END {
            split(line[int((NR + 1) / 2)], v, " ")
            printf "| %s | %.1f | %.1f | %.2f | %s |\n", name, v[2], v[3], v[1], equal
        }'
}

failed=0
{
    cat << END
# From pictures to labels

\`make pictures\` writes this page: $count JPEGs of 12 megapixels, decoded, resized exactly as Pillow does and classified,
pictures per second. kiln: the executable with \`--jobs $threads\`, target $target. Peer: Python $("$python" -c \
        'import platform; print(platform.python_version())'), Pillow $("$python" -c 'import PIL; print(PIL.__version__)') and
ONNX Runtime $(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$work/node_modules/onnxruntime-node/package.json" | head -1), \
$threads workers that each decode, prepare and run. Median ratio of $rounds rounds, in turn on core(s) $cores, by the clock;
load average $(cut -d' ' -f1 /proc/loadavg) at the start. The last column: pictures that get the same class from both.

| network | kiln | Pillow and ONNX Runtime | ratio | same class |
|---|--:|--:|--:|---|
END
    for net in ${NETS:-mobilenet_v2 resnet50}; do
        measure "$net" || { echo "| $net | failed: see the messages |"; failed=1; }
    done
} > "$out.new"
mv "$out.new" "$out"
sed -n '/^|/p' "$out"
exit $failed
