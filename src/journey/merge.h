/* merge.h: several parts of one month into one. */
#ifndef CAIRN_JOURNEY_MERGE_H
#define CAIRN_JOURNEY_MERGE_H

#include "journey/part.h"

enum { MERGE_MAX = 64 }; /* parts at once */

/* Merges n parts, in order of seq, so that ties in time stay in order of arrival.  The new part has
 * one reference.  ERR_NOMEM. */
MUST_CHECK err_code merge_parts(struct part *const *parts, size_t n, struct part **out,
                                struct err *err);

#endif
