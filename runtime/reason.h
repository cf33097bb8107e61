/* Why something failed. Functions that can fail return 1 on success, or 0 after writing the
 * reason. */
#ifndef KILN_RUNTIME_REASON_H
#define KILN_RUNTIME_REASON_H

typedef struct Reason {
    char text[512];
} Reason;

/* `return reason_set(why, "format", ...)`: writes the reason and is 0. */
#define reason_set(...) (reason_write(__VA_ARGS__), 0)

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void reason_write(Reason *why, const char *format, ...);

#endif
