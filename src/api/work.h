/* work.h: a few threads that run what would keep an HTTP thread too long, in the order it came. */
#ifndef CAIRN_API_WORK_H
#define CAIRN_API_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct work;

MUST_CHECK err_code work_open(size_t threads, size_t max_waiting, struct work **out,
                              struct err *err);
/* Runs run(arg) on one of the threads; false when too much waits already: nothing was taken. */
bool work_give(struct work *w, void (*run)(void *arg), void *arg);
size_t work_waiting(struct work *w);
void work_close(struct work *w); /* runs what waits, then ends; NULL is allowed */

#endif
