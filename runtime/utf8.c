/* Well-formed sequences as table 3-7 of the Unicode standard has them: only the second byte has a
 * range that depends on the first. */
#include "runtime/utf8.h"

static int within(unsigned char c, int low, int high)
{
    return c >= low && c <= high;
}

int utf8_length(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;
    const int length = t[0] < 0x80 ? 1 : t[0] < 0xe0 ? 2 : t[0] < 0xf0 ? 3 : 4;
    const int low = t[0] == 0xe0 ? 0xa0 : t[0] == 0xf0 ? 0x90 : 0x80;
    const int high = t[0] == 0xed ? 0x9f : t[0] == 0xf4 ? 0x8f : 0xbf;

    if (length == 1)
        return t[0] != 0;
    if (!within(t[0], 0xc2, 0xf4) || !within(t[1], low, high))
        return 0;
    for (int i = 2; i < length; i++)
        if (!within(t[i], 0x80, 0xbf))
            return 0;
    return length;
}
