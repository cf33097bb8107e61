/* PNG through libpng's simplified interface. */
#include "runtime/png_writer.h"

#include "runtime/outfile.h"

#ifndef KILN_WITHOUT_PNG
#include <stdlib.h>
#include <string.h>

#include <png.h>

int png_encode(const Image *image, Bytes *bytes, Reason *why)
{
    png_image png;
    png_alloc_size_t size = 0;

    memset(&png, 0, sizeof png);
    png.version = PNG_IMAGE_VERSION;
    png.width = (png_uint_32)image->width;
    png.height = (png_uint_32)image->height;
    png.format = PNG_FORMAT_RGB;
    bytes->at = NULL;
    if (png_image_write_to_memory(&png, NULL, &size, 0, image->rgb, 0, NULL))
        bytes->at = malloc(size);
    if (!bytes->at || !png_image_write_to_memory(&png, bytes->at, &size, 0, image->rgb, 0, NULL)) {
        bytes_free(bytes);
        return reason_set(why, "cannot write a PNG: %s", *png.message ? png.message : "no memory");
    }
    bytes->length = size;
    return 1;
}
#else
int png_encode(const Image *image, Bytes *bytes, Reason *why)
{
    (void)image, (void)bytes;
    return reason_set(why, "this program was built without libpng");
}
#endif

int png_save(const Image *image, const char *path, Reason *why)
{
    Bytes bytes;
    Outfile out;
    int ok;

    if (!png_encode(image, &bytes, why))
        return 0;
    ok = outfile_open(&out, path, why);
    if (ok) {
        fwrite(bytes.at, 1, bytes.length, out.stream);
        ok = outfile_commit(&out, why);
    }
    bytes_free(&bytes);
    return ok;
}
