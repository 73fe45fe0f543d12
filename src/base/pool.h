/* pool.h: a fixed set of threads that run one numbered job at a time over many indices. */
#ifndef CAIRN_BASE_POOL_H
#define CAIRN_BASE_POOL_H

#include <stddef.h>

#include "base/err.h"

struct pool;
enum { POOL_MAX_THREADS = 256 };

/* `n_threads` 0: one per core.  The pool counts the caller in: with 1 everything runs inline. */
MUST_CHECK err_code pool_open(size_t n_threads, struct pool **out, struct err *err);
size_t pool_threads(const struct pool *p);

/* Calls run(arg, i, worker) once for each i in [0, n), on any thread; worker < pool_threads().
 * Returns when all are done.  Several threads may call it at once: their jobs take turns by index,
 * so a long report does not starve a short one.  `run` must not call pool_run on the same pool. */
void pool_run(struct pool *p, size_t n, void (*run)(void *arg, size_t i, size_t worker), void *arg);
void pool_close(struct pool *p); /* NULL is allowed */

#endif
