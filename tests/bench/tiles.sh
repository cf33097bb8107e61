#!/bin/bash
# Register tiles measured: which numbers the rows of compiler/target/ should hold.
#
#   tests/bench/tiles.sh [-o FILE]        default: tests/bench/tiles.md
#
# Settings: TARGETS="c99 avx2 avx512 m4", TILES_avx2="LANES,PIXELS,VECTORS,DEPTHWISE,MATRIX,WINOGRAD …"
# and so on (named as in the rows), COMPILERS="gcc clang", FLAGS="-Os -O2 -O3", PASSES=2, CORE=1.
# Figures are the best of many runs on one core, in processor time; read ratios between neighbours.
set -u
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
work=$build/bench/tiles
out=tests/bench/tiles.md
[ "${1:-}" = -o ] && out=$2
targets=${TARGETS:-c99 avx2 avx512 m4}
compilers=${COMPILERS:-gcc clang}
read -ra levels <<< "${FLAGS:--Os -O2 -O3}"
core=${CORE:-1}
layers="conv3x3 wide3x3 deep3x3 last3x3 uneven3x3 conv1x1 strided3x3 narrow1x1 first3x3 depthwise dense"
TILES_c99=${TILES_c99:-4,2,1,2,2,0 4,4,1,4,4,0 4,4,2,3,6,0 8,4,1,6,3,0}
TILES_avx2=${TILES_avx2:-8,6,2,4,8,0 8,4,3,7,6,0 8,3,4,8,10,0 8,4,3,7,6,1}
TILES_avx512=${TILES_avx512:-16,6,4,4,8,0 16,7,4,14,6,0 16,14,2,8,12,0 16,7,4,14,6,1}
TILES_m4=${TILES_m4:-4,2,1,2,2,0 4,4,1,4,4,0 4,3,1,3,3,0 4,5,1,5,6,0 8,2,1,1,1,0 2,6,1,8,8,0}
mkdir -p "$work"

emit() { # target tile -> folder
    local numbers=${2//,/ }
    # shellcheck disable=SC2086
    "$build/tests/bench/tiles" "$1" $numbers "$3"
}

cflags_of() {
    case $1 in
    avx2) echo -mavx2 -mfma ;;
    avx512) echo -mavx512f -mavx512dq -mavx2 -mfma -mprefer-vector-width=512 ;;
    esac
}

# One program of all layers; prints "target tile cc flag layer GFLOP/s", the best of the passes.
measure() { # target tile cc flag folder
    local folder=$5 layer
    (
        cd "$folder" || exit 1
        for layer in $layers; do
            # shellcheck disable=SC2046
            $3 "$4" $(cflags_of "$1") -std=c99 -I"$layer" -Wa,-I"$layer" -c -o "$layer.o" \
                "$layer/$layer.c" || exit 1
            $3 -O0 -std=c99 -I"$layer" -Wa,-I"$layer" -c -o "$layer.w.o" \
                "$layer/${layer}_weights.c" || exit 1
        done
        $3 -O2 -std=gnu11 -I. -o time time.c ./*.o
    ) || return 1
    local pass
    for ((pass = 0; pass < ${PASSES:-2}; pass++)); do
        taskset -c "$core" "$folder/time"
    done | sort -k1,1 -k2,2gr | awk -v head="$1 $2 $3 $4" '!seen[$1]++ { print head, $1, $2 }'
}

# Instructions per multiply-accumulate of the busiest innermost loop, counted in the listing: the loop
# (a backward branch with none inside) that holds most multiplications.
count_m4() { # object
    arm-none-eabi-objdump -d --no-show-raw-insn "$1" | awk '
        /^ +[0-9a-f]+:/ {
            address = $1; sub(":", "", address)
            at[++n] = address; where[address] = n; op[n] = $2; to[n] = $3
            if ($0 !~ /cbn?z/) next
            split($0, part, ", "); split(part[2], target, " "); to[n] = target[1]
        }
        END {
            for (i = 1; i <= n; i++) {
                if (op[i] !~ /^(b|bn?e|b[glchmpv][testicsol]|cbn?z)(\.[nw])?$/) continue
                if (!(to[i] in where)) continue
                first = where[to[i]]
                if (first > i) continue
                inner = 1; macs = 0
                for (k = first; k < i; k++) {
                    back = op[k] ~ /^b/ && (to[k] in where) ? where[to[k]] : k + 1
                    if (back <= k && back > first) inner = 0
                    if (op[k] ~ /^v(mul|mla|fma)/) macs++
                }
                if (inner && macs > best) { best = macs; length_ = i - first + 1 }
            }
            if (best) printf "%.2f\n", length_ / best; else print "-"
        }'
}

measure_m4() { # tile folder
    local layer level
    for level in "${levels[@]}"; do
        for layer in $layers; do
            arm-none-eabi-gcc -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 "$level" \
                -std=c99 -ffreestanding -I"$2/$layer" -c -o "$2/$layer.m4.o" \
                "$2/$layer/$layer.c" || return 1
            echo m4 "$1" arm-none-eabi-gcc "$level" "$layer" "$(count_m4 "$2/$layer.m4.o")"
        done
    done
}

# Rows: tile; columns: layers.
table() { # target cc flag < results
    awk -v t="$1" -v cc="$2" -v f="$3" -v layers="$layers" '
        $1 == t && $3 == cc && $4 == f {
            if (!($2 in seen)) order[++n] = $2
            seen[$2]
            v[$2, $5] = $6
        }
        END {
            if (!n) exit
            count = split(layers, l, " ")
            printf "\n%s, %s %s\n\n| lanes,pixels,vectors,depthwise,matrix,winograd |", t, cc, f
            for (i = 1; i <= count; i++) printf " %s |", l[i]
            printf "\n|---|"; for (i = 1; i <= count; i++) printf "--:|"
            for (r = 1; r <= n; r++) {
                printf "\n| %s |", order[r]
                for (i = 1; i <= count; i++) printf " %s |", v[order[r], l[i]]
            }
            print ""
        }'
}

results=$work/results.txt
: > "$results"
for target in $targets; do
    tiles=TILES_$target
    for tile in ${!tiles}; do
        folder=$work/$target-$tile
        rm -rf "$folder"
        if [ "$target" = m4 ]; then
            emit c99 "$tile" "$folder" || exit 1
            measure_m4 "$tile" "$folder" >> "$results" || exit 1
        else
            emit "$target" "$tile" "$folder" || exit 1
            for cc in $compilers; do
                for level in "${levels[@]}"; do
                    measure "$target" "$tile" "$cc" "$level" "$folder" >> "$results" || exit 1
                done
            done
        fi
        rm -rf "$folder"
        echo "tiles: $target $tile" >&2
    done
done

{
    cat << END
# Register tiles, measured

\`make tiles\` writes this page. GFLOP/s of one core (a multiply-accumulate counts two; the padding that is
not computed and the products that Winograd saves count as done), the best of many runs in processor time, of
the emitted C of these layers: conv3x3 64→64 at 28×28, wide3x3 64→64 at 56×56, deep3x3 256→256 at 14×14,
last3x3 512→512 at 7×7, uneven3x3 32→128 at 27×27, conv1x1 256→64 at 14×14, strided3x3 64→128 at 28×28,
narrow1x1 96→24 at 28×28, first3x3 3→32 at 112×112 with stride 2, depthwise 3×3 of 96 at 28×28, dense
2048→1000. A tile is the target's row: tile_lanes, tile_pixels, tile_vectors, tile_depthwise, tile_matrix;
winograd 1 where the cost model may choose it (in these figures: everywhere). For a Cortex-M4 (m4: target c99): instructions per multiply-accumulate of the busiest innermost
loop, counted in the listing; its vmla takes three cycles, which is why gcc prefers vmul and vadd at -O2.
The machine carries other load: read ratios between neighbours.

Machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1); $(gcc --version | head -1);
$(clang --version 2> /dev/null | head -1); $(arm-none-eabi-gcc --version 2> /dev/null | head -1).
END
    for target in $targets; do
        cc=$compilers
        [ "$target" = m4 ] && cc=arm-none-eabi-gcc
        for c in $cc; do
            for level in "${levels[@]}"; do
                table "$target" "$c" "$level" < "$results"
            done
        done
    done
} > "$out.new" && mv "$out.new" "$out"
echo "tiles: $out" >&2
