/* identity.h: what the kinds of visitor ids mean for a number (METHODS 12). */
#ifndef CAIRN_REPORT_IDENTITY_H
#define CAIRN_REPORT_IDENTITY_H

#include "report/answer.h"

/* Sets "identity": {"day","consented","known"}: visitors of the range by kind of id; and, when the
 * range has several days and some ids live for one, a "note" saying that visitors are daily ones,
 * summed. */
MUST_CHECK err_code identity_note(const struct request *q, struct maker *m, struct err *err);

#endif
