/* state.h: how far an import has come, in FILE.import.json beside the rejects, written after each
 * batch that is safe and removed at the end.
 *
 * It saves time only: rows have ids, so without it, or with one that lags behind a crash, a second
 * run finds what the first one recorded and counts it as duplicates. */
#ifndef CAIRN_IMPORT_STATE_H
#define CAIRN_IMPORT_STATE_H

#include "base/err.h"
#include "import/source.h"

enum { COUNT_NAMES = 16 };

struct counts {
    uint64_t rows, recorded, duplicates, refused;
    struct {
        const char *why; /* static */
        uint64_t n;
    } skipped[COUNT_NAMES];
};
void counts_skip(struct counts *c, const char *why);
uint64_t counts_skipped(const struct counts *c);

struct state {
    uint64_t identity; /* of file, site and mapping */
    struct position at;
    struct counts counts;
    uint64_t rejects_bytes;
};

/* False when there is none, or it is of another file or mapping.  `whys` (ended by NULL) are the
 * names that `skipped` may have. */
bool state_load(const char *path, uint64_t identity, const char *const *whys, struct state *out);
MUST_CHECK err_code state_save(const char *path, const struct state *s, struct err *err);
void state_remove(const char *path);

#endif
