/* mem.h: events of one site as they come in, until they are sorted into parts. */
#ifndef CAIRN_JOURNEY_MEM_H
#define CAIRN_JOURNEY_MEM_H

#include "journey/dict.h"
#include "journey/part.h"

struct mem {
    struct coded *rows;
    size_t n, size;
    struct cells cells;
    uint64_t first_seq, last_seq;
};

/* Codes and keeps an event.  After an error it is not in.  ERR_NOMEM. */
MUST_CHECK err_code mem_add(struct mem *m, struct dicts *d, const struct event *e, struct err *err);
/* Sorts what is there into parts, one a month, ascending, appended to `*parts` (grown with
 * realloc), and empties `m`.  After an error `m` and `*parts` are as before.  ERR_NOMEM. */
MUST_CHECK err_code mem_seal(struct mem *m, const struct dicts *d, uint32_t site,
                             struct part ***parts, size_t *n_parts, struct err *err);
size_t mem_memory(const struct mem *m);
void mem_free(struct mem *m);

#endif
