/* Fuzz driver of the JPEG decoder: as a whole, and a part of the rows and columns, which must be
 * the same pixels and fail with the same words. */
#include "tests/fuzz/picture.h"

typedef struct Part {
    unsigned seed;
    Box wanted;
    Image whole; /* its size; only the wanted pixels are kept */
    int row;
} Part;

static int pick(Part *p, int below)
{
    p->seed = p->seed * 1103515245u + 12345u;
    return (int)((p->seed >> 16) % (unsigned)below);
}

static int begin(void *context, Box *wanted, Reason *why)
{
    Part *p = context;

    if (!image_new(&p->whole, wanted->width, wanted->height, why))
        return 0;
    p->wanted.left = pick(p, wanted->width);
    p->wanted.top = pick(p, wanted->height);
    p->wanted.width = 1 + pick(p, wanted->width - p->wanted.left);
    p->wanted.height = 1 + pick(p, wanted->height - p->wanted.top);
    *wanted = p->wanted;
    return 1;
}

static uint8_t *next_row(void *context)
{
    Part *p = context;

    if (p->row == p->wanted.height)
        abort();
    return p->whole.rgb + (size_t)(p->wanted.top + p->row++) * (size_t)p->whole.width * 3;
}

static void compare(const Part *p, const Image *whole)
{
    for (int y = p->wanted.top; y < p->wanted.top + p->wanted.height; y++) {
        const size_t at = ((size_t)y * (size_t)whole->width + (size_t)p->wanted.left) * 3;
        if (memcmp(whole->rgb + at, p->whole.rgb + at, (size_t)p->wanted.width * 3) != 0)
            abort();
    }
}

static void fuzz_part(const uint8_t *data, size_t size)
{
    Part p = { .seed = (unsigned)size * 2654435761u + data[size / 2] };
    const RowSink sink = { .begin = begin, .next_row = next_row, .context = &p };
    Image whole;
    Reason why = { "" }, why_part = { "" };
    const int ok = image_decode(data, size, FUZZ_PIXELS, &whole, &why);

    if (image_decode_rows(data, size, FUZZ_PIXELS, &sink, &why_part) != ok)
        abort();
    if (ok)
        compare(&p, &whole);
    else if (strcmp(why.text, why_part.text) != 0)
        abort();
    image_free(&whole);
    image_free(&p.whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
        fuzz_part(data, size);
    return fuzz_picture(data, size, "\xff\xd8\xff", 3);
}
