#!/bin/bash
# From pictures to labels: a folder of JPEGs of 12 megapixels through a built classifier, against Pillow and ONNX
# Runtime: tests/bench/pictures.sh
#
# Settings, beyond those of lib.sh: NETS="mobilenet_v2 resnet50", PICTURES=200, ROUNDS=3, THREADS=2. The peer is a
# script that prepares pictures with Pillow in THREADS threads and runs the network in ONNX Runtime with THREADS
# threads; its two parts are timed one after the other and added, since both keep all cores busy. Programs run in
# turn, the ratio is the median over the rounds. The pictures are enlarged from images/imagenet of KILN_SHARED.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
threads=${THREADS:-2}
count=${PICTURES:-200}
rounds=${ROUNDS:-3}
python=${PYTHON:-/usr/bin/python3}
cores=0-$((threads - 1))
shared=${KILN_SHARED:-../shared}
[ -d "$shared/images/imagenet" ] || die "no pictures to enlarge: $shared/images/imagenet"
[ -d "$work/node_modules/onnxruntime-node" ] || die "no peer: make bench installs it"
"$python" tests/bench/pictures.py make "$shared/images/imagenet" "$work/pictures" "$count" || die "no pictures"

build_program() { # name
    cat > "$work/pictures-$1.kiln" << END
import "$PWD/$(page_of "$1")"

classifier pictures {
    model $1
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
    "$build/kiln" build "$work/pictures-$1.kiln:pictures" -w random --target "$target" -o "$work/pictures-$1"
}

# Milliseconds a picture.
ours() { # name
    local start end
    start=$(date +%s.%N)
    taskset -c "$cores" "$work/pictures-$1" --jobs "$threads" --format json "$work/pictures" > "$work/labels" || return 1
    end=$(date +%s.%N)
    awk -v a="$start" -v b="$end" -v n="$count" 'BEGIN { print 1000 * (b - a) / n }'
}

peer() { # name -> "pillow network"
    local seconds ms
    seconds=$(taskset -c "$cores" "$python" tests/bench/pictures.py prepare "$work/pictures" "$threads") || return 1
    ms=$(taskset -c "$cores" node tests/bench/peer.js "$work/node_modules" "$work/$1.onnx" "$threads" 30) || return 1
    awk -v s="$seconds" -v n="$count" -v ms="${ms##* }" 'BEGIN { print 1000 * s / n, ms }'
}

measure() { # name
    local a b i
    "$python" tests/bench/export.py "$work" "$1" > "$work/export.log" 2>&1 || die "$1: $work/export.log"
    build_program "$1" || die "$1 cannot be built"
    for ((i = 0; i < rounds; i++)); do
        a=$(ours "$1") && b=$(peer "$1") || return 1
        echo "$a $b"
    done | awk -v name="$1" '{ print ($2 + $3) / $1, name, $1, $2, $3 }' | sort -n |
        awk '{ line[NR] = $0 } END {
            split(line[int((NR + 1) / 2)], v, " ")
            printf "| %s | %.1f | %.1f | %.1f | %.2f |\n", v[2], v[3], v[4], v[5], v[1]
        }'
}

echo "$count JPEGs of 12 megapixels, $threads threads each, milliseconds a picture"
echo
echo '| network | kiln | Pillow | ONNX Runtime | ratio |'
echo '|---|---|---|---|---|'
for net in ${NETS:-mobilenet_v2 resnet50}; do
    measure "$net"
done
