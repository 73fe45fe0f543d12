/* identity.h: what the kinds of visitor ids mean for a number (METHODS 12). */
#ifndef CAIRN_REPORT_IDENTITY_H
#define CAIRN_REPORT_IDENTITY_H

#include "kernels/ids.h"
#include "report/answer.h"

/* Sets "identity": {"day","consented","known"}: how many visitors of each kind were counted; and,
 * when the range has several days and some ids live for one, a "note" that says what follows. */
void identity_note(const struct request *q, const struct ids_state *ids, struct maker *m);

#endif
