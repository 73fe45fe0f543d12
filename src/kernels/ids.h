/* ids.h: how the visitors of a range are known: for a day, by consent, by name (METHODS 12).
 *
 * What the plan must ask for: nothing.  plan_time: the range. */
#ifndef CAIRN_KERNELS_IDS_H
#define CAIRN_KERNELS_IDS_H

#include "event/event.h"
#include "journey/scan.h"

struct ids_state {
    uint64_t visitors[ID_KNOWN + 1]; /* by enum id_kind */
};
extern const struct kernel ids_kernel; /* no definition: def is NULL */

#endif
