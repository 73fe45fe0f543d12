/* part.h: an immutable run of events of one site and one month, as columns sorted by
 * (visitor, at_ms, seq): the same bytes in memory and in a mapped file (docs/FORMAT.md).
 *
 * Made by part_build.h, checked once when opened, then trusted and read without locks by any number
 * of threads.  Freed, or unmapped, with its last reference. */
#ifndef CAIRN_JOURNEY_PART_H
#define CAIRN_JOURNEY_PART_H

#include <stdatomic.h>

#include "base/fs.h"
#include "journey/dict.h"

enum part_flag {
    PART_SIMULATED = 1,     /* has simulated events */
    PART_ALL_SIMULATED = 2, /* and no others */
    PART_OFFLINE = 4,       /* has offline events */
};

enum column_kind {
    COL_VISITOR,
    COL_AT,
    COL_NAME,
    COL_PATH,
    COL_TOUCH,
    COL_CLIENT,
    COL_VALUE,
    COL_KEY
};
enum column_form {
    FORM_DENSE,  /* a code for every event */
    FORM_SPARSE, /* rows, and a code for each */
    FORM_MULTI,  /* rows that may repeat, an ord and a code for each */
};

struct column {
    uint32_t key;        /* of COL_KEY */
    uint32_t n;          /* codes */
    uint8_t form, width; /* bytes of a code: 0 (all are 0), 1, 2, 4; of a value 4 or 8, signed */
    const uint32_t *row;
    const uint8_t *ord;
    const void *code;
};

struct part {
    atomic_uint refs;
    const unsigned char *bytes; /* all of it, header first */
    size_t size;
    bool mapped;
    char name[64]; /* of its file, or "" while it is in memory only */

    uint32_t site;
    int32_t month;   /* since 1970-01, UTC */
    int64_t base_ms; /* the month's first instant: at[] counts from it */
    uint64_t first_seq, last_seq;
    int64_t min_ms, max_ms;
    uint32_t n_events, n_visitors;
    uint8_t flags;    /* enum part_flag */
    uint8_t id_kinds; /* bit per enum id_kind that occurs */
    uint8_t origins;  /* bit per enum event_origin that occurs */
    const uint64_t *visitor;
    const uint32_t *first; /* n_visitors + 1: visitor v has events [first[v], first[v + 1]) */
    const uint32_t *at;    /* milliseconds after base_ms */
    struct column name_code, path_code, touch_code, client_code; /* dense */
    struct column value; /* signed minor units; sparse; n 0 when there are none */
    struct column *key;  /* ascending */
    size_t n_keys;
};

/* Takes over `bytes` (from malloc) as a part of its own.  ERR_CORRUPT, ERR_NOMEM: then freed. */
MUST_CHECK err_code part_of_bytes(unsigned char *bytes, size_t size, struct part **out,
                                  struct err *err);
/* Maps a file read-only.  Checks sums, bounds and order, and that no code is at or past `counts`,
 * so that whatever the file holds, no reader leaves it.  ERR_IO, ERR_CORRUPT. */
MUST_CHECK err_code part_map(const struct fs *fs, const char *path, const char *name,
                             const struct dict_counts *counts, struct part **out, struct err *err);
/* The checks of part_map for bytes borrowed from anywhere. */
MUST_CHECK err_code part_check(const unsigned char *bytes, size_t size,
                               const struct dict_counts *counts, struct err *err);

struct part *part_take(struct part *p);
void part_release(struct part *p); /* NULL is allowed */

const struct column *part_key(const struct part *p, uint32_t key); /* NULL: none has it */
/* The first visitor at or after `id`; n_visitors when there is none. */
uint32_t part_seek(const struct part *p, uint64_t id);
/* The first entry of a sparse column at or after `row`, searched forward from `from`. */
uint32_t column_seek(const struct column *c, uint32_t from, uint32_t row);

static inline uint32_t column_code(const struct column *c, size_t i)
{
    switch (c->width) {
    case 1: return ((const uint8_t *)c->code)[i];
    case 2: return ((const uint16_t *)c->code)[i];
    case 4: return ((const uint32_t *)c->code)[i];
    default: return 0;
    }
}

static inline int64_t column_value(const struct column *c, size_t i)
{
    return c->width == 4 ? ((const int32_t *)c->code)[i] : ((const int64_t *)c->code)[i];
}

/* Months since 1970-01 in UTC, and back to the month's first instant. */
int32_t month_of(int64_t at_ms);
int64_t month_start_ms(int32_t month);

/* Sizes by column for index_stats: calls each(arg, name, bytes); names are fixed texts. */
void part_sizes(const struct part *p, void (*each)(void *arg, const char *name, uint64_t bytes),
                void *arg);

#endif
