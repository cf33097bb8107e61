#!/usr/bin/env bash
# Prints a C file with each FILE as an array of string literals, one line of the file per literal,
# so that no literal exceeds C99's 4095 bytes.  Usage: embed.sh FILE...
set -euo pipefail
echo '#include "compiler/emit/embedded.h"'
i=0
for file in "$@"; do
    echo "static const char *const file_$i[] = {"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/"/' -e 's/$/\\n",/' "$file"
    echo "0 };"
    i=$((i + 1))
done
echo 'const EmbeddedFile embedded_files[] = {'
i=0
for file in "$@"; do
    echo "{ \"$file\", file_$i },"
    i=$((i + 1))
done
echo '{ 0, 0 } };'
