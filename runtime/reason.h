/* Why something failed. Functions that can fail return 1 on success, or 0 after writing the reason. */
#ifndef KILN_RUNTIME_REASON_H
#define KILN_RUNTIME_REASON_H

typedef struct Reason {
    char text[512];
} Reason;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
/* Always returns 0, for `return reason_set(why, ...)`. */
int reason_set(Reason *why, const char *format, ...);

#endif
