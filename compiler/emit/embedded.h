/* Files of the repository that travel inside build/kiln, as lines of text. */
#ifndef KILN_EMIT_EMBEDDED_H
#define KILN_EMIT_EMBEDDED_H

typedef struct EmbeddedFile {
    const char *path;         /* from the repository's root: "runtime/kiln_model.h" */
    const char *const *lines; /* each with its newline; ends with NULL */
} EmbeddedFile;

/* Ends with a row whose path is NULL. */
extern const EmbeddedFile embedded_files[];

#endif
