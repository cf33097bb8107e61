#!/usr/bin/env bash
# What the emitted folder promises: it compiles without a warning under gcc and clang, freestanding
# too; it leaves no symbol undefined but memcpy, memset, memmove and the C compiler's own; it is the
# same byte for byte wherever it is made; its header is C++; its Makefile and CMakeLists.txt build
# it where kiln is not.
# Usage: emitted.sh [KILN]
set -uo pipefail

cd "$(dirname "$0")/../.."
kiln=$(realpath "${1:-build/kiln}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings='-O2 -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror'
passed=0 failed=0 skipped=0

# check WHAT COMMAND...: counts, and shows the output of what failed.
check() {
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        head -n 20 "$work/log"
    fi
}

skip() {
    skipped=$((skipped + 1))
    echo "skipped: $1"
}

have() {
    command -v "$1" >/dev/null
}

emit() { # FOLDER SOURCE TARGET [OPTION...]
    check "emit $2 for $3" "$kiln" emit "$2" -w random --target "$3" -o "$work/$1" "${@:4}"
}

# The C files of the network itself, as the emitted Makefile lists them.
model_files() {
    sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$1/Makefile" | sed -n 's/^MODEL = //p'
}

target_flags() {
    sed -n 's/^TARGET_FLAGS = //p' "$1/Makefile"
}

# compiles FOLDER COMPILER [FLAG...]: every C file of the network.
compiles() {
    local folder=$1 compiler=$2 file
    shift 2
    for file in $(model_files "$folder"); do
        (cd "$folder" &&
            "$compiler" $warnings "$@" -Wa,-I. -I. -c -o "${file%.c}.o" "$file") || return 1
    done
}

# Every C file of the folder, the runtime included.
compiles_all() {
    local folder=$1 compiler=$2 file
    for file in "$folder"/*.c; do
        (cd "$folder" && "$compiler" $warnings $(target_flags .) -Wa,-I. -I. \
            -c -o all.o "${file##*/}") || return 1
    done
}

# Undefined symbols of the network's objects, without those that they define for each other.
closed() { # FOLDER NM
    local objects
    objects=$(model_files "$1" | sed 's/\.c/.o/g')
    (cd "$1" && "$2" $objects) | awk '
        NF == 2 && $1 == "U" { used[$2] = 1 }
        NF == 3 { defined[$3] = 1 }
        END {
            for (s in used)
                if (!(s in defined) && s !~ /^mem(cpy|set|move)$/ && s !~ /^__aeabi_/ &&
                    s !~ /^__[a-z]+[sdt][if][0-9]?$/) {
                    print "undefined: " s
                    bad = 1
                }
            exit bad
        }'
}

same_folders() {
    diff -r "$1" "$2"
}

columns() {
    ! awk 'length > 100 { print FILENAME ": " $0; found = 1 } END { exit !found }' "$@"
}

# --- warnings and symbols, per target and compiler -----------------------------------------------

compile_everywhere() { # NAME SOURCE TARGET CROSS
    local folder=$work/$1 cross=$4 compiler
    emit "$1" "$2" "$3"
    for compiler in "${cross}gcc" clang; do
        [ "$compiler" = clang ] && [ -n "$cross" ] && continue
        have "$compiler" || { skip "$3: no $compiler"; continue; }
        check "$1 for $3, $compiler" compiles "$folder" "$compiler" $(target_flags "$folder")
        check "$1 for $3, $compiler, traced" compiles "$folder" "$compiler" \
            $(target_flags "$folder") -DKILN_TRACE -fsyntax-only
        check "$1 for $3, $compiler, freestanding" compiles "$folder" "$compiler" \
            $(target_flags "$folder") -ffreestanding
        check "$1 for $3, $compiler, undefined symbols" closed "$folder" "${cross}nm"
    done
    check "$1 for $3, columns" columns "$folder"/"${2#*:}".[ch]
}

network=tests/targets/every.kiln:every
rows=tests/targets/every.kiln:rows
compile_everywhere c99 $network c99 ''
compile_everywhere rows-c99 $rows c99 ''
case $(uname -m) in
x86_64)
    compile_everywhere avx2 $network avx2 ''
    compile_everywhere avx512 $network avx512 ''
    compile_everywhere rows-avx512 $rows avx512 ''
    compile_everywhere inner-zen4 tests/targets/every.kiln:inner zen4 ''
    ;;
esac
compile_everywhere neon $network neon aarch64-linux-gnu-

for form in decimal literal incbin; do
    emit "form-$form" $network c99 --weights-as $form
    for compiler in gcc clang; do
        have $compiler || { skip "no $compiler"; continue; }
        check "weights as $form, $compiler" compiles "$work/form-$form" $compiler
    done
done
for compiler in gcc clang; do
    have $compiler || continue
    check "the whole folder, $compiler" compiles_all "$work/c99" $compiler
done

if have arm-none-eabi-gcc; then
    cortex='-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16 -ffreestanding'
    check 'Cortex-M7' compiles "$work/c99" arm-none-eabi-gcc $cortex
    check 'Cortex-M7, undefined symbols' closed "$work/c99" arm-none-eabi-nm
else
    skip 'Cortex-M7: no arm-none-eabi-gcc'
fi
if have aarch64-linux-gnu-gcc; then
    check 'c99 on aarch64' compiles "$work/c99" aarch64-linux-gnu-gcc -ffreestanding
    check 'c99 on aarch64, undefined symbols' closed "$work/c99" aarch64-linux-gnu-nm
else
    skip 'c99 on aarch64: no aarch64-linux-gnu-gcc'
fi

# A compiler of the other byte order is refused.
refused() {
    ! (cd "$work/c99" && gcc -std=c99 -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__ \
        -c -o /dev/null every.c)
}
check 'the other byte order' refused

# --- C++ -----------------------------------------------------------------------------------------

usable_from_cpp() {
    cat >"$work/use.cpp" <<'END'
#include "every.h"
static float in[EVERY_INPUT_COUNT], out[EVERY_OUTPUT_COUNT], arena[EVERY_ARENA_BYTES / 4];
int main()
{
    every_run(in, out, arena);
    return every_digest[0] == 0;
}
END
    "$1" -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$work/c99" -fsyntax-only "$work/use.cpp"
}
for compiler in g++ clang++; do
    have $compiler || { skip "no $compiler"; continue; }
    check "the header in C++, $compiler" usable_from_cpp $compiler
done

# --- reproducible --------------------------------------------------------------------------------

mkdir -p "$work/some/where/else"
emit_elsewhere() {
    cp -r tests "$work/some/where/else/" &&
        (cd "$work/some/where/else" && LC_ALL=de_DE.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Tokyo HOME=/ \
            "$kiln" emit "$network" -w random --target c99 -o out)
}
check 'emit in another folder and locale' emit_elsewhere
rm -f "$work"/c99/*.o
check 'reproducible' same_folders "$work/c99" "$work/some/where/else/out"
check 'no path in it' bash -c "! grep -rlF -e '$work' -e '$HOME/' '$work/c99'"
check 'no host in it' bash -c "! grep -rlFw -e \"\$(hostname)\" '$work/c99'"

# --- builds where kiln is not --------------------------------------------------------------------

builds_with_make() {
    (cd "$work/c99" && env -i PATH=/usr/bin:/bin make -j2 && env -i ./every --bench 1)
}
check 'make in the emitted folder' builds_with_make
if have cmake; then
    builds_with_cmake() {
        (cd "$work/form-incbin" && cmake -B cmake . && cmake --build cmake -j2 &&
            ./cmake/every --bench 1)
    }
    check 'cmake in the emitted folder' builds_with_cmake
else
    skip 'CMakeLists.txt: no cmake'
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
