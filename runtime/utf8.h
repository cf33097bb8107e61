/* UTF-8, checked. */
#ifndef KILN_RUNTIME_UTF8_H
#define KILN_RUNTIME_UTF8_H

/* How many bytes the well-formed character at the NUL-terminated `text` has; 0 where there is none:
 * overlong forms, surrogates and numbers beyond U+10FFFF are refused. */
int utf8_length(const char *text);

#endif
