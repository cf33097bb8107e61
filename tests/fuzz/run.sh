#!/usr/bin/env bash
# Fuzzes every reader with libFuzzer under the address and undefined-behaviour sanitizers and prints the
# branch coverage that its seeds and mutations reached.
# Usage: run.sh [RUNS [DRIVER...]]   RUNS mutations each (default 10000); all drivers of the table
# Leaves build/fuzz/: DRIVER.log, crash-* (an input that failed), coverage in DRIVER.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."

# driver, longest input, seeds (a folder, or - for those of seeds.c), the reader's sources
table='
source       4096  tests/golden  compiler/syntax/parse.c compiler/syntax/ast.c compiler/syntax/ast_print.c compiler/elaborate/evaluate.c compiler/elaborate/call.c compiler/elaborate/operator.c compiler/elaborate/attribute.c compiler/elaborate/builtin.c compiler/elaborate/value.c compiler/elaborate/model.c compiler/elaborate/module.c compiler/elaborate/classify.c compiler/elaborate/preprocess.c compiler/elaborate/entries.c
safetensors  4096  -  compiler/import/safetensors.c
keras       16384  -  compiler/import/keras.c compiler/import/keras_hdf5.c
npy          1024  -  compiler/import/npy.c
libsvm       1024  -  compiler/import/libsvm.c
zip          4096  -  compiler/import/zip.c compiler/import/torch_zip.c
pickle       1024  -  compiler/import/pickle.c compiler/import/pickle_text.c compiler/import/pickle_values.c
stream       4096  -  compiler/import/torch_stream.c
torch        4096  -  compiler/import/torch.c compiler/import/torch_tensor.c compiler/import/numpy.c
labels       1024  -  compiler/classifier/labels.c compiler/classifier/labels_literal.c compiler/classifier/labels_table.c
tensor       1024  -  runtime/npy.c
schedule     1024  -  compiler/schedule/tuning.c
jpeg         4096  -  runtime/jpeg.c runtime/exif.c
png          4096  -  runtime/png.c
bmp          2048  -  runtime/bmp.c
ppm          1024  -  runtime/ppm.c
'

runs=${1:-10000}
shift || true
out=build/fuzz
warn='-Wall -Wextra -Wno-unused-function'
sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all'
flags="-O1 -g $sanitize -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping"
libraries='-ljpeg -lpng -lopenblas -lcjson -lhdf5_serial -lz -lm -lpthread'

bash tests/support/dependencies.sh build fuzz
tool() { command -v "$1-14" || command -v "$1"; }
profdata=$(tool llvm-profdata) cov=$(tool llvm-cov)

runtime=()
for f in runtime/*.c; do
    [ "$f" = runtime/main.c ] || runtime+=("$out/${f%.c}.o")
done

compile() { # driver
    # shellcheck disable=SC2086
    clang -std=c11 $warn -I. -I$out -isystem /usr/include/hdf5/serial -D_GNU_SOURCE $flags -fsanitize=fuzzer -o "$out/fuzz_$1" \
        "tests/fuzz/fuzz_$1.c" $out/libkiln.a "${runtime[@]}" $libraries
}

fuzz() { # driver longest seeds
    local seeds=$3 corpus=$out/corpus/$1 count timeout=5
    # libhdf5 may take seconds to refuse a file; its process has a limit of its own (keras.c).
    [ "$1" != keras ] || timeout=60
    [ "$seeds" != - ] || seeds=$out/seeds/$1
    rm -rf "$corpus" && mkdir -p "$corpus"
    count=$(find "$seeds" -type f | wc -l)
    # Leaks are not looked for: libpng and cJSON free what they allocate, and arenas are freed whole.
    LLVM_PROFILE_FILE=$out/$1.profraw "$out/fuzz_$1" -runs=$((runs + count)) -seed=1 -timeout=$timeout \
        -max_len="$2" -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$out/crash-$1-" \
        "$corpus" "$seeds" >"$out/$1.log" 2>&1 || {
        tail -40 "$out/$1.log"
        echo "$1: FAILED; the input is in $out/crash-$1-*, the log in $out/$1.log"
        return 1
    }
}

# Readers call each other, so coverage is that of all drivers together.
report() { # driver, sources...
    local driver=$1
    shift
    "$cov" show "$out/fuzz_$driver" -instr-profile=$out/all.profdata --show-branches=count "$@" \
        >"$out/$driver.txt"
    "$cov" report "$out/fuzz_$driver" -instr-profile=$out/all.profdata "$@" |
        awk '/\.c / { n = split($1, p, "/")
            printf "  %-24s %5d branches, %6s covered\n", p[n], $(NF - 2), $NF }'
}

mkdir -p "$out"
# Warnings are the ordinary build's business.
make -s -j2 BUILD=$out CC=clang WARN= CFLAGS="$flags" $out/libkiln.a "${runtime[@]}"
clang -std=c11 -I. -isystem /usr/include/hdf5/serial -D_GNU_SOURCE -O1 -g -o $out/make_seeds \
    tests/fuzz/seeds.c compiler/base/*.c -lhdf5_serial -ljpeg -lpng -lz
rm -rf $out/seeds $out/*.profraw $out/crash-* && $out/make_seeds $out/seeds

failed=0 done=''
while read -r driver longest seeds sources; do
    [ -n "$driver" ] || continue
    [ $# = 0 ] || [[ " $* " == *" $driver "* ]] || continue
    compile "$driver"
    echo "fuzzing $driver: $runs mutations"
    if fuzz "$driver" "$longest" "$seeds"; then
        done+="$driver $sources"$'\n'
    else
        failed=1
    fi
done <<<"$table"

echo 'branches of the readers:'
"$profdata" merge -o $out/all.profdata $out/*.profraw
while read -r driver sources; do
    # shellcheck disable=SC2086
    [ -z "$driver" ] || report "$driver" $sources
done <<<"$done"
exit $failed
