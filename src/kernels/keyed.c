#include "kernels/keyed.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { FIRST_ROOM = 16 };

static err_code sums_fold(void *into, const void *from, size_t n_columns, struct err *err)
{
    (void)err;
    uint64_t *a = into;
    const uint64_t *b = from;
    for (size_t i = 0; i < n_columns; i++) a[i] += b[i];
    return ERR_OK;
}

const struct keyed_ops keyed_sums = {.fold = sums_fold};

void keyed_init(struct keyed *k, const struct keyed_ops *ops, size_t arg, size_t row_bytes,
                size_t cap)
{
    *k = (struct keyed){.ops = ops, .arg = arg, .row_bytes = row_bytes, .cap = cap};
}

/* The first bits decide who is kept, the last ones the place: they must not be the same. */
static uint64_t key_hash(uint64_t key)
{
    return hash_mix(key + UINT64_C(0x9e3779b97f4a7c15));
}

static bool hash_kept(const struct keyed *k, uint64_t hash)
{
    return k->level == 0 || hash >> (64 - k->level) == 0;
}

bool keyed_keeps(const struct keyed *k, uint64_t key)
{
    return hash_kept(k, key_hash(key));
}

/* The place of `key`, or the free one where it belongs.  There is always a free place. */
static size_t place_of(const struct keyed *k, uint64_t key, uint64_t hash)
{
    size_t i = (size_t)hash & (k->room - 1);
    while (k->used[i] && k->key[i] != key) i = (i + 1) & (k->room - 1);
    return i;
}

/* Lays all rows out anew in `room` places, or, when `room` is what there is, without those that
 * hash_kept no longer keeps, which go to `other`. */
static err_code lay_out(struct keyed *k, size_t room, struct err *err)
{
    struct keyed old = *k;
    k->key = calloc(room, sizeof *k->key);
    k->used = calloc(room, sizeof *k->used);
    k->row = calloc(room, k->row_bytes);
    if (!k->key || !k->used || !k->row) {
        free(k->key);
        free(k->used);
        free(k->row);
        *k = old;
        return err_set(err, ERR_NOMEM, 0, "%zu rows of %zu bytes", room, k->row_bytes);
    }
    k->room = room;
    k->n = 0;
    err_code e = ERR_OK;
    for (size_t i = 0; i < old.room; i++) {
        if (!old.used[i]) continue;
        unsigned char *row = old.row + i * k->row_bytes;
        uint64_t hash = key_hash(old.key[i]);
        if (hash_kept(k, hash)) {
            size_t at = place_of(k, old.key[i], hash);
            k->used[at] = true;
            k->key[at] = old.key[i];
            memcpy(k->row + at * k->row_bytes, row, k->row_bytes);
            k->n++;
        } else {
            err_code folded = k->ops->fold(k->other, row, k->arg, e ? NULL : err);
            if (folded) e = folded;
            if (k->ops->release) k->ops->release(row, k->arg);
        }
    }
    free(old.key);
    free(old.used);
    free(old.row);
    return e;
}

void *keyed_row(struct keyed *k, uint64_t key, struct err *err)
{
    uint64_t hash = key_hash(key);
    if (!hash_kept(k, hash)) return k->other;
    if (k->room) {
        size_t i = place_of(k, key, hash);
        if (k->used[i]) return k->row + i * k->row_bytes;
    }
    if ((k->n + 1) * 3 > k->room * 2 && lay_out(k, k->room ? k->room * 2 : FIRST_ROOM, err))
        return NULL;
    size_t i = place_of(k, key, hash);
    k->used[i] = true;
    k->key[i] = key;
    k->n++;
    return k->row + i * k->row_bytes;
}

static err_code fold_to(struct keyed *k, unsigned level, struct err *err)
{
    if (!k->other && !(k->other = calloc(1, k->row_bytes)))
        return err_set(err, ERR_NOMEM, 0, "a row of %zu bytes", k->row_bytes);
    k->level = level;
    return k->room ? lay_out(k, k->room, err) : ERR_OK;
}

err_code keyed_trim(struct keyed *k, struct err *err)
{
    err_code e = ERR_OK;
    while (!e && k->n > k->cap && k->level < 63) e = fold_to(k, k->level + 1, err);
    return e;
}

err_code keyed_merge(struct keyed *into, const struct keyed *from, struct err *err)
{
    err_code e = ERR_OK;
    if (from->level > into->level) e = fold_to(into, from->level, err);
    if (!e && from->other) e = into->ops->fold(into->other, from->other, into->arg, err);
    size_t at = 0;
    uint64_t key;
    void *row;
    while (!e && keyed_next(from, &at, &key, &row)) {
        void *mine = keyed_row(into, key, err);
        e = mine ? into->ops->fold(mine, row, into->arg, err) : ERR_NOMEM;
    }
    return e ? e : keyed_trim(into, err);
}

bool keyed_next(const struct keyed *k, size_t *at, uint64_t *key, void **row)
{
    while (*at < k->room && !k->used[*at]) ++*at;
    if (*at >= k->room) return false;
    *key = k->key[*at];
    *row = k->row + *at * k->row_bytes;
    ++*at;
    return true;
}

static void release_rows(struct keyed *k)
{
    if (!k->ops || !k->ops->release) return;
    for (size_t i = 0; i < k->room; i++)
        if (k->used[i]) k->ops->release(k->row + i * k->row_bytes, k->arg);
    if (k->other) k->ops->release(k->other, k->arg);
}

void keyed_clear(struct keyed *k)
{
    release_rows(k);
    if (k->room) {
        memset(k->used, 0, k->room * sizeof *k->used);
        memset(k->row, 0, k->room * k->row_bytes);
    }
    free(k->other);
    k->other = NULL;
    k->level = 0;
    k->n = 0;
}

void keyed_free(struct keyed *k)
{
    release_rows(k);
    free(k->key);
    free(k->used);
    free(k->row);
    free(k->other);
    k->key = NULL;
    k->used = NULL;
    k->row = NULL;
    k->other = NULL;
    k->n = k->room = 0;
    k->level = 0;
}
