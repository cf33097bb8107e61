/* Writes a picture as JPEG (quality 90, through libjpeg) or as binary PPM. Each function returns
   NULL, or the reason why there is no file. */
#include "scene.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

static const char *close_file(FILE *file, const char *path)
{
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        remove(path);
        return "cannot write all of it";
    }
    return NULL;
}

const char *picture_write_ppm(const Picture *picture, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return strerror(errno);
    }
    fprintf(file, "P6\n%d %d\n255\n", SCENE_WIDTH, SCENE_HEIGHT);
    fwrite(picture->rgb, 1, sizeof picture->rgb, file);
    return close_file(file, path);
}

static void compress(const Picture *picture, FILE *file)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = SCENE_WIDTH;
    jpeg.image_height = SCENE_HEIGHT;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    jpeg.optimize_coding = TRUE;
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        uint8_t line[3 * SCENE_WIDTH];
        JSAMPROW row = line;
        memcpy(line, picture->rgb + jpeg.next_scanline * sizeof line, sizeof line);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

const char *picture_write_jpeg(const Picture *picture, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return strerror(errno);
    }
    compress(picture, file);
    return close_file(file, path);
}
