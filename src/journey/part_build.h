/* part_build.h: writes the bytes of a part, column by column, each in its narrowest form.
 *
 * Used by mem.c (from rows as they came in) and merge.c (from parts). */
#ifndef CAIRN_JOURNEY_PART_BUILD_H
#define CAIRN_JOURNEY_PART_BUILD_H

#include "base/bytes.h"
#include "journey/layout.h"
#include "journey/part.h"

struct part_build {
    struct buf out; /* header and directory are filled in at the end */
    struct part_header head;
    struct part_directory dir[PART_MAX_COLUMNS];
};

/* Begins a part; `b` is zeroed.  The counts, month, seqs and times of `head` are the caller's. */
void build_begin(struct part_build *b, uint32_t n_columns);
/* The visitors' ids and the n_visitors + 1 places where their events begin. */
void build_visitors(struct part_build *b, const uint64_t *ids, const uint32_t *first);
void build_times(struct part_build *b, const uint32_t *at);
/* A dense column of n_events codes: COL_NAME .. COL_CLIENT. */
void build_codes(struct part_build *b, enum column_kind kind, const uint32_t *codes);
/* A column of n codes at rows, dense when that is smaller; `ord` NULL when no row repeats and the
 * ords are all 0.  `codes_dense` is n_events of scratch. */
void build_key(struct part_build *b, uint32_t key, const uint32_t *row, const uint8_t *ord,
               const uint32_t *codes, uint32_t n, uint32_t *codes_dense);
void build_values(struct part_build *b, const uint32_t *row, const int64_t *values, uint32_t n);
/* Seals and opens it.  ERR_NOMEM.  `b` is empty afterwards either way. */
MUST_CHECK err_code build_finish(struct part_build *b, struct part **out, struct err *err);

#endif
