/* keyed.h: rows of a kernel's state by key, bounded, and merged to the same bits in any order.
 *
 * A row is `row_bytes` of plain data that starts zeroed.  Past `cap` keys the ones with the largest
 * hashes are folded into `other`, by halving the hashes that are kept.  Which keys stay depends
 * only on the set of keys ever seen, never on their order or on how the visitors were split, and
 * the rows that stay are exact: whatever was seen of a key before it was folded left with it. */
#ifndef CAIRN_KERNELS_KEYED_H
#define CAIRN_KERNELS_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct keyed_ops {
    /* Adds `from` to `into`, which may be all zero; `from` is released by the caller after. */
    err_code (*fold)(void *into, const void *from, size_t arg, struct err *err);
    void (*release)(void *row, size_t arg); /* frees what the row owns; NULL: nothing */
};

struct keyed {
    const struct keyed_ops *ops;
    size_t arg; /* handed to ops: what all rows have in common, such as their number of columns */
    size_t row_bytes, cap;
    size_t n, room; /* keys, and places (a power of two, or 0) */
    unsigned level; /* keys whose hash has this many leading zero bits are kept */
    uint64_t *key;  /* of each place */
    bool *used;
    unsigned char *row; /* of each place */
    void *other;        /* the folded rows; NULL while level is 0 */
};

void keyed_init(struct keyed *k, const struct keyed_ops *ops, size_t arg, size_t row_bytes,
                size_t cap);
/* True while `key` has a row of its own, new or not; otherwise its part belongs in `other`. */
bool keyed_keeps(const struct keyed *k, uint64_t key);
/* The row of `key`, zeroed when new, or `other` when the key is not kept.  Valid until the next
 * call that may add a key.  NULL: out of memory, and `err` says so. */
void *keyed_row(struct keyed *k, uint64_t key, struct err *err);
/* Folds until at most `cap` keys have rows: to be called when no row is half-way. */
MUST_CHECK err_code keyed_trim(struct keyed *k, struct err *err);
/* Adds all of `from`, which stays as it is, and trims. */
MUST_CHECK err_code keyed_merge(struct keyed *into, const struct keyed *from, struct err *err);
/* The next row at or after place `*at` (0 first), in no particular order; false at the end. */
bool keyed_next(const struct keyed *k, size_t *at, uint64_t *key, void **row);
void keyed_clear(struct keyed *k); /* no keys; memory is kept */
void keyed_free(struct keyed *k);

/* Rows that are `arg` columns of uint64_t and fold by addition. */
extern const struct keyed_ops keyed_sums;

#endif
