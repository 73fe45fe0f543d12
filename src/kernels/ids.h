/* ids.h: how the visitors of a range are known: for a day, by consent, by name (METHODS 12).
 *
 * What the plan must ask for: nothing. */
#ifndef CAIRN_KERNELS_IDS_H
#define CAIRN_KERNELS_IDS_H

#include "event/event.h"
#include "journey/scan.h"

struct ids_def {
    int64_t from_ms, to_ms;
    uint64_t
        bits; /* visitors with an event in [from_ms, to_ms) that has one of these; 0: any event */
};
struct ids_state {
    uint64_t visitors[ID_KNOWN + 1]; /* by enum id_kind */
};
/* Drives scan_run with a struct ids_state and a struct ids_def. */
extern const struct kernel ids_kernel;

static inline uint64_t ids_all(const struct ids_state *s)
{
    return s->visitors[ID_DAY] + s->visitors[ID_CONSENTED] + s->visitors[ID_KNOWN];
}

#endif
