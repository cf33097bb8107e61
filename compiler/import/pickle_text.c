/* Opcodes that push numbers and strings. Numbers beyond 64 bits stay as they are written; escaped
 * strings of protocol 0 are decoded to UTF-8. */
#include "compiler/import/pickle_machine.h"
#include "compiler/import/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers and strings ---------------------------------------------------------------------- */

static const char *push_integer(Machine *m, int64_t n)
{
    PickleValue *v = machine_new_value(m, PICKLE_INT);
    v->integer = n;
    return machine_push(m, v);
}

static const char *push_float(Machine *m, double d)
{
    PickleValue *v = machine_new_value(m, PICKLE_FLOAT);
    v->real = d;
    return machine_push(m, v);
}

const char *pickle_run_none(Machine *m, const Argument *arg)
{
    static const PickleValue none = { .kind = PICKLE_NONE };
    (void)arg;
    return machine_push(m, &none);
}

static const char *push_bool(Machine *m, int yes)
{
    static const PickleValue values[] = { { .kind = PICKLE_BOOL, .integer = 0 },
                                          { .kind = PICKLE_BOOL, .integer = 1 } };
    return machine_push(m, &values[yes]);
}

const char *pickle_run_true(Machine *m, const Argument *arg)
{
    (void)arg;
    return push_bool(m, 1);
}

const char *pickle_run_false(Machine *m, const Argument *arg)
{
    (void)arg;
    return push_bool(m, 0);
}

const char *pickle_run_unsigned(Machine *m, const Argument *arg)
{
    return push_integer(m, (int64_t)arg->number);
}

const char *pickle_run_signed(Machine *m, const Argument *arg)
{
    return push_integer(m, (int32_t)(uint32_t)arg->number);
}

const char *pickle_run_long(Machine *m, const Argument *arg)
{
    if (arg->length > 8)
        return machine_push_text(m, PICKLE_LONG, arg->text, arg->length);
    int bits = 8 * (int)arg->length;
    uint64_t n = little_endian((const unsigned char *)arg->text, (int)arg->length);
    if (bits && bits < 64 && n >> (bits - 1))
        n |= UINT64_MAX << bits;
    return push_integer(m, (int64_t)n);
}

const char *pickle_run_decimal(Machine *m, const Argument *arg)
{
    if (arg->length == 2 && arg->text[0] == '0' && (arg->text[1] == '0' || arg->text[1] == '1'))
        return push_bool(m, arg->text[1] - '0');
    const char *text = arena_strndup(m->arena, arg->text, arg->length);
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || (*end && strcmp(end, "L") != 0))
        return machine_fail(m, "%s is no integer", quote_text(m->arena, arg->text, arg->length));
    return errno ? machine_push_text(m, PICKLE_LONG, text, arg->length) : push_integer(m, n);
}

const char *pickle_run_float_line(Machine *m, const Argument *arg)
{
    const char *text = arena_strndup(m->arena, arg->text, arg->length);
    char *end;
    double d = strtod(text, &end);
    if (end == text || *end)
        return machine_fail(m, "%s is no number", quote_text(m->arena, arg->text, arg->length));
    return push_float(m, d);
}

const char *pickle_run_binfloat(Machine *m, const Argument *arg)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= (arg->number >> (8 * i) & 255u) << (56 - 8 * i);
    double d;
    memcpy(&d, &bits, sizeof d);
    return push_float(m, d);
}

const char *pickle_run_string(Machine *m, const Argument *arg)
{
    return machine_push_text(m, PICKLE_STRING, arg->text, arg->length);
}

const char *pickle_run_bytes(Machine *m, const Argument *arg)
{
    return machine_push_text(m, PICKLE_BYTES, arg->text, arg->length);
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80)
        return out[0] = (char)c, 1;
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    for (int i = more; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[more] | c);
    return (size_t)more + 1;
}

/* The value of `digits` hexadecimal digits at p, or -1. */
static int64_t hexadecimal(const char *p, size_t room, size_t digits)
{
    if (room < digits)
        return -1;
    int64_t n = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *hex = "0123456789abcdefABCDEF", *found = p[i] ? strchr(hex, p[i]) : NULL;
        if (!found)
            return -1;
        int digit = (int)(found - hex);
        n = 16 * n + (digit > 15 ? digit - 6 : digit);
    }
    return n;
}

/* Decodes one escape behind a backslash at p[0 .. room); returns the bytes read, 0 if malformed.
 * `letters`: also the one-letter escapes of a Python 2 string literal, whose \x is a byte. */
static size_t unescape(const char *p, size_t room, int letters, char *out, size_t *written)
{
    static const char from[] = "\\'\"nrtabfv0", to[] = "\\'\"\n\r\t\a\b\f\v";
    const char *found = room && p[0] ? strchr(from, p[0]) : NULL;
    *written = 1;
    if (letters && found)
        return *out = to[found - from], 1;
    size_t digits = !room ? 0 : letters ? 2 * (p[0] == 'x') : p[0] == 'u' ? 4 : p[0] == 'U' ? 8 : 0;
    int64_t c = digits ? hexadecimal(p + 1, room - 1, digits) : -1;
    if (c < 0 || c > 0x10FFFF)
        return 0;
    if (letters)
        *out = (char)c;
    else
        *written = put_utf8(out, (uint32_t)c);
    return digits + 1;
}

static const char *push_unescaped(Machine *m, const char *text, size_t length, int letters)
{
    char *out = arena_alloc(m->arena, length + 1);
    size_t n = 0;
    for (size_t i = 0; i < length;) {
        if (text[i] != '\\') {
            out[n++] = text[i++];
            continue;
        }
        size_t written, used = unescape(text + i + 1, length - i - 1, letters, out + n, &written);
        /* The unicode form writes a lone backslash as itself. */
        if (!used && letters)
            return machine_fail(m, "bad escape in the string %s",
                                quote_text(m->arena, text, length));
        if (!used)
            out[n] = '\\';
        n += used ? written : 1;
        i += used + 1;
    }
    return machine_push_text(m, PICKLE_STRING, out, n);
}

const char *pickle_run_quoted(Machine *m, const Argument *arg)
{
    const char *s = arg->text;
    size_t n = arg->length;
    if (n < 2 || (s[0] != '\'' && s[0] != '"') || s[n - 1] != s[0])
        return machine_fail(m, "the string %s is not quoted", quote_text(m->arena, s, n));
    return push_unescaped(m, s + 1, n - 2, 1);
}

const char *pickle_run_unicode_line(Machine *m, const Argument *arg)
{
    return push_unescaped(m, arg->text, arg->length, 0);
}
