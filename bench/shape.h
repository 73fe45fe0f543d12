/* shape.h: the events that the funnel benchmarks run on, from a fixed seed.
 *
 * SHAPE_SHOP: the data of DESIGN 1's table: 912,638 visitors for every 10 million events over 90
 * days, 8 names, long-tailed journeys, page views 70 %, purchases 1 %.
 * SHAPE_DENSE: 10 events a visitor; the three steps are 25, 10 and 3 % of the events.
 * Times are distinct within a visitor, so that no system's rule for ties matters. */
#ifndef CAIRN_BENCH_SHAPE_H
#define CAIRN_BENCH_SHAPE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum shape { SHAPE_SHOP, SHAPE_DENSE };

static const char *const shape_names[8] = {"pageview", "view_item", "add_to_cart",    "purchase",
                                           "search",   "scroll",    "begin_checkout", "sign_up"};
enum { SHAPE_STEP_1 = 1, SHAPE_STEP_2 = 2, SHAPE_STEP_3 = 3 }; /* of shape_names: the funnel */
static const int64_t shape_from_ms = INT64_C(1767225600000);   /* 2026-01-01, 90 days */
static const int64_t shape_window_ms = 24 * 3600 * INT64_C(1000);

struct shape_row {
    uint64_t visitor;
    int64_t at_ms;
    uint8_t name; /* of shape_names */
    uint16_t page;
};

static inline uint8_t shape_draw(enum shape shape, uint64_t *seed)
{
    static const double share[2][8] = {{.70, .13, .04, .01, .04, .05, .02, .01},
                                       {.40, .25, .10, .03, .08, .08, .04, .02}};
    double u = rand_unit(seed);
    for (uint8_t i = 0; i < 8; i++) {
        if (u < share[shape][i]) return i;
        u -= share[shape][i];
    }
    return 0;
}

/* Events of a visitor: a few for most, hundreds for some; 10.957 on average, as in the table. */
static inline size_t shape_length(enum shape shape, uint64_t *seed)
{
    if (shape == SHAPE_DENSE) return 10;
    double n = 2.796 / pow(1 - rand_unit(seed), 1 / 1.27);
    return n < 1 ? 1 : n > 2000 ? 2000 : (size_t)n;
}

static inline int shape_by_time(const void *a, const void *b)
{
    const struct shape_row *x = a, *y = b;
    if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
    return (x->visitor > y->visitor) - (x->visitor < y->visitor);
}

static inline int shape_by_visitor(const void *a, const void *b)
{
    const struct shape_row *x = a, *y = b;
    if (x->visitor != y->visitor) return x->visitor < y->visitor ? -1 : 1;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* `n` rows in no useful order (sort them); the caller frees.  NULL: out of memory. */
static inline struct shape_row *shape_make(enum shape shape, size_t n, size_t *n_visitors)
{
    static const int64_t span_ms = 90 * 24 * 3600 * INT64_C(1000);
    struct shape_row *rows = malloc(n * sizeof *rows);
    uint64_t seed = 1;
    size_t i = 0, v = 0;
    for (; rows && i < n; v++) {
        size_t length = shape_length(shape, &seed);
        int64_t at_ms = shape_from_ms + (int64_t)(rand_unit(&seed) * (double)span_ms);
        uint64_t visitor = hash_mix(v + 1);
        for (size_t k = 0; k < length && i < n; k++, i++) {
            /* Half a minute within a session; one event in eight comes days later. */
            double pause_ms = rand_next(&seed) % 8 ? 30e3 : 2 * 86400e3;
            double u = rand_unit(&seed);
            rows[i] = (struct shape_row){.visitor = visitor,
                                         .at_ms = at_ms,
                                         .name = shape_draw(shape, &seed),
                                         .page = (uint16_t)(pow(u, 4) * 5000)};
            at_ms += 1 + (int64_t)(-log(1 - rand_unit(&seed)) * pause_ms);
            if (at_ms >= shape_from_ms + span_ms)
                at_ms = shape_from_ms + (at_ms - shape_from_ms) % span_ms;
        }
    }
    *n_visitors = v;
    return rows;
}

/* Wrapping around the end of the 90 days can, once in a long while, meet a time twice. */
static inline void shape_separate(struct shape_row *by_visitor, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (by_visitor[i].visitor == by_visitor[i - 1].visitor &&
            by_visitor[i].at_ms <= by_visitor[i - 1].at_ms)
            by_visitor[i].at_ms = by_visitor[i - 1].at_ms + 1;
}

/* The rows of a benchmark, by visitor and time, from "shop" or "dense" and a number. */
static inline struct shape_row *shape_rows(const char *shape, size_t n, size_t *n_visitors)
{
    enum shape s = strcmp(shape, "dense") == 0 ? SHAPE_DENSE : SHAPE_SHOP;
    struct shape_row *rows = shape_make(s, n, n_visitors);
    if (!rows) return NULL;
    qsort(rows, n, sizeof *rows, shape_by_visitor);
    shape_separate(rows, n);
    return rows;
}

static inline int shape_by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Of `runs` times in milliseconds: the median, and the minimum in `*least`. */
static inline double shape_median(double *ms, size_t runs, double *least)
{
    qsort(ms, runs, sizeof *ms, shape_by_number);
    *least = ms[0];
    return ms[runs / 2];
}

#endif
