/* engine_own.h: what the files of this folder share; for this folder only. */
#ifndef CAIRN_ENGINE_ENGINE_OWN_H
#define CAIRN_ENGINE_ENGINE_OWN_H

#include <pthread.h>

#include "engine/engine.h"

struct engine_own {
    struct engine parts; /* as handed out */
    int lock_fd;
    pthread_t store_thread, index_thread;
    bool store_started, index_started;
    /* Opened before either thread starts: it keeps the journal from giving back what the journeys
     * still lack. */
    struct journal_reader *index_reader;

    pthread_mutex_t lock; /* guards what follows; a leaf: no other call under it */
    pthread_cond_t changed;
    bool closing;
    uint64_t hurry_to; /* somebody waits for this number to be in the store */
    struct engine_stats stats;
};

/* feed_store.c, feed_index.c: the two threads.  Each ends when the engine closes and it has taken
 * everything durable, or cannot. */
void *engine_store_thread(void *own);
void *engine_index_thread(void *own);

/* catch_up.c: what must be done before the threads start and the folder is served. */
MUST_CHECK err_code engine_catch_up_index(struct engine_own *o,
                                          const struct engine_options *options, struct err *err);
MUST_CHECK err_code engine_catch_up_accept(struct engine_own *o, struct err *err);

/* lock.c */
MUST_CHECK err_code engine_lock(const char *data_dir, int *fd, struct err *err);

/* Waits up to `ms` for a change of the fields under the lock; true when the engine closes. */
bool engine_nap(struct engine_own *o, int ms);

#endif
