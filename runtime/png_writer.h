/* Pictures as PNG. */
#ifndef KILN_RUNTIME_PNG_WRITER_H
#define KILN_RUNTIME_PNG_WRITER_H

#include "runtime/bytes.h"
#include "runtime/image.h"

/* In memory; free with bytes_free(). */
int png_encode(const Image *image, Bytes *bytes, Reason *why);
/* As a file, complete or not at all. */
int png_save(const Image *image, const char *path, Reason *why);

#endif
