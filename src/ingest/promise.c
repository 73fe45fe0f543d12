#include "ingest/promise.h"

#include <pthread.h>
#include <stdlib.h>

struct promises {
    struct dedupe *dedupe;
    struct journal *journal;
    pthread_mutex_t lock; /* guards `n`; nothing is called under it */
    pthread_cond_t settled;
    size_t n;
};

struct promise {
    struct promises *all;
    size_t n;
    uint64_t keys[];
};

err_code promises_open(struct dedupe *dedupe, struct journal *journal, struct promises **out,
                       struct err *err)
{
    struct promises *p = calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NOMEM, 0, "open the promises");
    p->dedupe = dedupe;
    p->journal = journal;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->settled, NULL);
    *out = p;
    return ERR_OK;
}

void promises_close(struct promises *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    while (p->n) pthread_cond_wait(&p->settled, &p->lock);
    pthread_mutex_unlock(&p->lock);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->settled);
    free(p);
}

err_code promise_make(struct promises *p, const struct dedupe_key *keys, size_t n,
                      struct promise **out, struct err *err)
{
    size_t n_ids = 0;
    *out = NULL;
    for (size_t i = 0; i < n; i++) n_ids += keys[i].key != 0;
    if (n_ids == 0) return ERR_OK;
    *out = malloc(sizeof **out + n_ids * sizeof *(*out)->keys);
    if (!*out) return err_set(err, ERR_NOMEM, 0, "promise %zu ids", n_ids);
    (*out)->all = p;
    (*out)->n = 0;
    return ERR_OK;
}

void promise_drop(struct promise *promise)
{
    free(promise);
}

/* From the journal's thread. */
static void settle(void *arg, err_code code)
{
    struct promise *promise = arg;
    struct promises *all = promise->all;
    if (code) dedupe_forget(all->dedupe, promise->keys, promise->n);
    free(promise);
    pthread_mutex_lock(&all->lock);
    if (--all->n == 0) pthread_cond_signal(&all->settled);
    pthread_mutex_unlock(&all->lock);
}

void promise_give(struct promise *promise, const struct dedupe_key *keys, size_t n)
{
    if (!promise) return;
    for (size_t i = 0; i < n; i++)
        if (keys[i].key && !keys[i].duplicate) promise->keys[promise->n++] = keys[i].key;
    if (promise->n == 0) {
        free(promise);
        return;
    }
    struct promises *all = promise->all;
    pthread_mutex_lock(&all->lock);
    all->n++;
    pthread_mutex_unlock(&all->lock);
    journal_when_durable(all->journal, settle, promise);
}
