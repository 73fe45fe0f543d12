/* workers.h: a few threads that run what would keep an HTTP thread too long, in the order it came.
 */
#ifndef CAIRN_API_WORKERS_H
#define CAIRN_API_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct workers;

MUST_CHECK err_code workers_open(size_t threads, size_t max_waiting, struct workers **out,
                                 struct err *err);
/* Runs run(arg) on one of the threads; false when too much waits already: nothing was taken. */
bool workers_give(struct workers *w, void (*run)(void *arg), void *arg);
size_t workers_waiting(struct workers *w);
void workers_close(struct workers *w); /* runs what waits, then ends; NULL is allowed */

#endif
