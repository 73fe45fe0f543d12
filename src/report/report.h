/* report.h: a question about a site, as JSON, to its answer, as JSON (docs/API.md "Reports").
 *
 * In: the site's goals and segments (config), a snapshot of its journeys.  Out: one answer that is
 * true of that snapshot.  A report runs a kernel over the journeys and adds the statistics; it has
 * no state of its own and may run on any number of threads at once. */
#ifndef CAIRN_REPORT_REPORT_H
#define CAIRN_REPORT_REPORT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pool.h"
#include "config/config.h"
#include "journey/index.h"

/* Answers are written with these: every double reads back as the same bits. */
#define REPORT_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17))

struct report_context { /* all borrowed */
    struct config *config;
    struct index *index;
    struct pool *pool;
    const struct clock *clock;
    bool (*cancelled)(void *arg); /* polled at least every 50 ms of work; NULL: never */
    void *arg;
};

extern const char *const report_names[]; /* "overview", "goals", ...; ends with NULL */

/* Runs the report `name` and makes `*answer`, a new reference: the envelope with the result in it.
 * `a` holds what is needed on the way and may be reset afterwards.
 * ERR_NOT_FOUND unknown_report or unknown_site; ERR_INVALID with a name and the field, as
 * docs/API.md lists them; ERR_CANCELLED; ERR_NOMEM. */
MUST_CHECK err_code report_run(const struct report_context *x, uint32_t site, const char *name,
                               const json_t *request, struct arena *a, json_t **answer,
                               struct err *err);

/* The table of an answer as RFC 4180 CSV with a header row, appended to `out`.  A rate becomes four
 * columns (n, of, ci_lo, ci_hi), money two (minor, currency). */
MUST_CHECK err_code report_csv(const json_t *answer, struct buf *out, struct err *err);

#endif
