#include "base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* One call of pool_run.  Lives on its caller's stack until `left` is 0. */
struct job {
    struct job *next;
    void (*run)(void *arg, size_t i, size_t worker);
    void *arg;
    size_t n, taken, left; /* indices in all, handed out, not finished */
    bool *busy;            /* worker numbers in use within this job */
};

struct pool {
    pthread_mutex_t
        lock; /* guards everything below and in the jobs; a leaf: no call is made under it */
    pthread_cond_t work, done;
    struct job *first, *last;
    bool closing;
    size_t n_threads;
    pthread_t threads[]; /* n_threads - 1: the caller is the last one */
};

/* The next index of `j`, with a worker number that nobody else in this job has. */
static bool take(struct job *j, size_t *i, size_t *worker)
{
    if (j->taken == j->n) return false;
    *i = j->taken++;
    for (*worker = 0; j->busy[*worker]; (*worker)++) {
    }
    j->busy[*worker] = true;
    return true;
}

static void append(struct pool *p, struct job *j)
{
    j->next = NULL;
    if (p->last) p->last->next = j;
    else p->first = j;
    p->last = j;
}

static void unlist(struct pool *p, struct job *j)
{
    struct job *before = NULL;
    for (struct job *k = p->first; k; before = k, k = k->next) {
        if (k != j) continue;
        *(before ? &before->next : &p->first) = j->next;
        if (p->last == j) p->last = before;
        return;
    }
}

/* Runs one index; called and left with the lock held. */
static void run_one(struct pool *p, struct job *j, size_t i, size_t worker)
{
    pthread_mutex_unlock(&p->lock);
    j->run(j->arg, i, worker);
    pthread_mutex_lock(&p->lock);
    j->busy[worker] = false;
    if (--j->left == 0) pthread_cond_broadcast(&p->done);
}

static void *work(void *arg)
{
    struct pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        struct job *j = p->first;
        size_t i, worker;
        if (!j) {
            if (p->closing) break;
            pthread_cond_wait(&p->work, &p->lock);
            continue;
        }
        unlist(p, j); /* to the end of the line: jobs take turns */
        if (!take(j, &i, &worker)) continue;
        append(p, j);
        run_one(p, j, i, worker);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

err_code pool_open(size_t n_threads, struct pool **out, struct err *err)
{
    if (n_threads == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        n_threads = cores > 0 ? (size_t)cores : 1;
    }
    if (n_threads > POOL_MAX_THREADS) n_threads = POOL_MAX_THREADS;
    struct pool *p = calloc(1, sizeof *p + n_threads * sizeof p->threads[0]);
    if (!p) return err_set(err, ERR_NOMEM, 0, "pool of %zu threads", n_threads);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    p->n_threads = 1;
    while (p->n_threads < n_threads) {
        int rc = pthread_create(&p->threads[p->n_threads - 1], NULL, work, p);
        if (rc) {
            pool_close(p);
            return err_set(err, ERR_IO, rc, "start thread %zu of the pool", p->n_threads);
        }
        p->n_threads++;
    }
    *out = p;
    return ERR_OK;
}

size_t pool_threads(const struct pool *p)
{
    return p->n_threads;
}

void pool_run(struct pool *p, size_t n, void (*run)(void *arg, size_t i, size_t worker), void *arg)
{
    if (n == 0) return;
    bool busy[POOL_MAX_THREADS] = {false};
    struct job j = {.run = run, .arg = arg, .n = n, .left = n, .busy = busy};
    pthread_mutex_lock(&p->lock);
    if (p->n_threads > 1) {
        append(p, &j);
        pthread_cond_broadcast(&p->work);
    }
    /* The caller helps with its own job only, so that it is not held up by another's. */
    size_t i, worker;
    while (take(&j, &i, &worker)) run_one(p, &j, i, worker);
    unlist(p, &j);
    while (j.left > 0) pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pool_close(struct pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i + 1 < p->n_threads; i++) pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
