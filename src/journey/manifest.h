/* manifest.h: the one file that says which files make up the index (docs/FORMAT.md): what it does
 * not name does not exist. */
#ifndef CAIRN_JOURNEY_MANIFEST_H
#define CAIRN_JOURNEY_MANIFEST_H

#include "base/arena.h"
#include "base/bytes.h"
#include "event/event.h"

struct manifest_site {
    uint32_t id;
    uint64_t watermark, generation, dict_bytes, keys_refused, values_refused;
    int64_t watermark_ms;
    uint64_t bots[BOT_N];
    struct str *parts; /* file names */
    size_t n_parts;
};

struct manifest {
    uint64_t seq;
    int64_t received_ms;
    struct manifest_site *sites;
    size_t n_sites;
};

void manifest_write(const struct manifest *m, struct buf *out);
/* Lists live in `a`, names are borrowed from `bytes`.  Names are plain: no '/', no leading '.'.
 * ERR_CORRUPT, ERR_NOMEM. */
MUST_CHECK err_code manifest_read(struct str bytes, struct arena *a, struct manifest *out,
                                  struct err *err);

#endif
