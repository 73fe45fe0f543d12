/* run.h: one file's import from its first row to its last, taken up again where it was stopped. */
#ifndef CAIRN_IMPORT_RUN_H
#define CAIRN_IMPORT_RUN_H

#include <signal.h>

#include "import/mapping.h"
#include "import/sink.h"
#include "import/state.h"

struct job {
    enum source_format format;
    struct mapping *mapping;
    const struct zone *zone; /* the site's; NULL: UTC */
    const char *site_key;
    struct sink *sink;
    volatile sig_atomic_t *stop; /* set by a signal */
    bool quiet;                  /* no progress */
};

/* Imports `path`; `*out` counts what became of every row, those of earlier runs included.
 * ERR_CANCELLED when stopped: the next run goes on from there.  ERR_INVALID with name
 * "unknown_column" or "unknown_format" when the options do not fit the file. */
MUST_CHECK err_code run_file(const struct job *job, const char *path, struct counts *out,
                             struct err *err);

/* Where the refused rows of `path` go, and the state: beside it, or in the working folder when that
 * cannot be written to.  To be freed. */
char *run_path_beside(const char *path, const char *suffix);

#endif
