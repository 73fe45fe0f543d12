#include "api/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
    void (*run)(void *arg);
    void *arg;
};

struct workers {
    pthread_mutex_t lock; /* guards all below; a leaf */
    pthread_cond_t more;
    struct job *ring;
    size_t first, n, size;
    bool closing;
    size_t n_threads;
    pthread_t threads[];
};

static void *worker(void *arg)
{
    struct workers *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->n == 0 && !w->closing) pthread_cond_wait(&w->more, &w->lock);
        if (w->n == 0) break;
        struct job job = w->ring[w->first];
        w->first = (w->first + 1) % w->size;
        w->n--;
        pthread_mutex_unlock(&w->lock);
        job.run(job.arg);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

err_code workers_open(size_t threads, size_t max_waiting, struct workers **out, struct err *err)
{
    *out = NULL;
    struct workers *w = calloc(1, sizeof *w + threads * sizeof *w->threads);
    struct job *ring = calloc(max_waiting, sizeof *ring);
    if (!w || !ring) {
        free(w);
        free(ring);
        return err_set(err, ERR_NOMEM, 0, "%zu workers", threads);
    }
    w->ring = ring;
    w->size = max_waiting;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    for (; w->n_threads < threads; w->n_threads++) {
        int bad = pthread_create(&w->threads[w->n_threads], NULL, worker, w);
        if (!bad) continue;
        workers_close(w);
        return err_set(err, ERR_NOMEM, bad, "start worker %zu", w->n_threads);
    }
    *out = w;
    return ERR_OK;
}

bool workers_give(struct workers *w, void (*run)(void *arg), void *arg)
{
    pthread_mutex_lock(&w->lock);
    bool room = w->n < w->size && !w->closing;
    if (room) {
        w->ring[(w->first + w->n++) % w->size] = (struct job){run, arg};
        pthread_cond_signal(&w->more);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

size_t workers_waiting(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    size_t n = w->n;
    pthread_mutex_unlock(&w->lock);
    return n;
}

void workers_close(struct workers *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->n_threads; i++) pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    free(w->ring);
    free(w);
}
