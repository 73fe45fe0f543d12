/* flatten.h: the JSON of an event's props and items, read once into keys and values. */
#ifndef CAIRN_JOURNEY_FLATTEN_H
#define CAIRN_JOURNEY_FLATTEN_H

#include "journey/dict.h"

struct cell_reader; /* buffers kept from event to event; one thread's */
MUST_CHECK err_code cell_reader_open(struct cell_reader **out, struct err *err);
void cell_reader_close(struct cell_reader *r); /* NULL is allowed */

#endif
