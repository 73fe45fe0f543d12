#include "stats/sketch.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bucket 0 of each sign holds 0 to 1 exactly apart: SIDE + i counts values v with
 * gamma^(i-1) < v <= gamma^i, SIDE counts 0, SIDE - i the negative ones likewise.  gamma^2206 is
 * past the largest int64_t. */
enum { SIDE = 2208, BUCKETS = 2 * SIDE + 1 };
static const double gamma_base = 1.02;

/* Bucket of |v| = 1 is 1, so that 0 stands alone. */
static size_t bucket_of(int64_t v)
{
    if (v == 0) return SIDE;
    double size = fabs((double)v);
    size_t i = (size_t)ceil(log(size) / log(gamma_base)) + 1;
    assert(i < SIDE);
    return v > 0 ? SIDE + i : SIDE - i;
}

/* The value whose relative distance to both ends of the bucket is the same. */
static int64_t bucket_value(size_t b)
{
    if (b == SIDE) return 0;
    double i = b > SIDE ? (double)(b - SIDE) - 1 : (double)(SIDE - b) - 1;
    double size = fmin(round(2 * pow(gamma_base, i) / (1 + gamma_base)), 9.2e18);
    if (size < 1) size = 1;
    return b > SIDE ? (int64_t)size : -(int64_t)size;
}

/* Turns kept values into counts. */
static err_code to_buckets(struct sketch *s, struct err *err)
{
    s->bucket = calloc(BUCKETS, sizeof *s->bucket);
    if (!s->bucket) return err_set(err, ERR_NOMEM, 0, "a quantile sketch");
    for (size_t i = 0; i < s->n; i++) s->bucket[bucket_of(s->value[i])]++;
    free(s->value);
    s->value = NULL;
    s->room = 0;
    return ERR_OK;
}

static err_code make_room(struct sketch *s, size_t n, struct err *err)
{
    if (n <= s->room) return ERR_OK;
    size_t room = s->room ? s->room : 8;
    while (room < n) room *= 2;
    int64_t *value = realloc(s->value, room * sizeof *value);
    if (!value) return err_set(err, ERR_NOMEM, 0, "%zu values for quantiles", room);
    s->value = value;
    s->room = room;
    return ERR_OK;
}

err_code sketch_add(struct sketch *s, int64_t value, struct err *err)
{
    if (!s->bucket && s->n == SKETCH_EXACT) {
        err_code e = to_buckets(s, err);
        if (e) return e;
    }
    if (s->bucket) {
        s->bucket[bucket_of(value)]++;
    } else {
        if (s->n == s->room) {
            err_code e = make_room(s, (size_t)s->n + 1, err);
            if (e) return e;
        }
        s->value[s->n] = value;
    }
    s->n++;
    return ERR_OK;
}

err_code sketch_merge(struct sketch *into, const struct sketch *from, struct err *err)
{
    if (from->n == 0) return ERR_OK;
    err_code e = ERR_OK;
    if (!into->bucket && !from->bucket && into->n + from->n <= SKETCH_EXACT) {
        e = make_room(into, (size_t)(into->n + from->n), err);
        if (e) return e;
        memcpy(into->value + into->n, from->value, (size_t)from->n * sizeof *from->value);
        into->n += from->n;
        return ERR_OK;
    }
    if (!into->bucket) e = to_buckets(into, err);
    if (e) return e;
    if (from->bucket)
        for (size_t b = 0; b < BUCKETS; b++) into->bucket[b] += from->bucket[b];
    else
        for (size_t i = 0; i < from->n; i++) into->bucket[bucket_of(from->value[i])]++;
    into->n += from->n;
    return ERR_OK;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

enum stat_status sketch_quantile(struct sketch *s, double q, int64_t *out)
{
    assert(q > 0 && q <= 1);
    *out = 0;
    if (s->n == 0) return STAT_NOT_DEFINED;
    /* A share such as 0.1 of 10 must be rank 1 although 0.1 * 10 may round to just above. */
    uint64_t rank = (uint64_t)ceil(q * (double)s->n - 1e-9);
    if (rank < 1) rank = 1;
    if (rank > s->n) rank = s->n;
    if (!s->bucket) {
        qsort(s->value, (size_t)s->n, sizeof *s->value, by_value);
        *out = s->value[rank - 1];
        return STAT_OK;
    }
    uint64_t seen = 0;
    size_t b = 0;
    while ((seen += s->bucket[b]) < rank) b++;
    *out = bucket_value(b);
    return STAT_OK;
}

bool sketch_is_exact(const struct sketch *s)
{
    return !s->bucket;
}

void sketch_free(struct sketch *s)
{
    free(s->bucket);
    free(s->value);
    *s = (struct sketch){0};
}
