/* request.h: what every question has in common: when, whom, counted how, split by what. */
#ifndef CAIRN_REPORT_REQUEST_H
#define CAIRN_REPORT_REQUEST_H

#include "base/zone.h"
#include "journey/scan.h"
#include "report/range.h"
#include "report/report.h"

enum unit { UNIT_VISITOR, UNIT_SESSION, UNIT_LEAD, UNIT_N };
extern const char *const unit_names[UNIT_N];

struct filter {
    struct rule rule;
    enum filter_on on;
};

enum { LIMIT_DEFAULT = 50, LIMIT_MOST = 1000 };

struct request {
    const struct report_context *x;
    struct arena *a;
    const json_t *json;        /* for the report's own fields */
    struct zone *zone;         /* owned: the site's */
    struct snapshot *snapshot; /* owned: all of an answer is about one */
    uint32_t site;
    struct str timezone;
    char currency[4];
    bool simulated; /* the site is a simulated one */
    int64_t now_ms;
    struct range range, compare;
    bool has_compare;
    enum unit unit;
    bool has_unit;
    struct filter *filters; /* of `filter` and `segment` */
    size_t n_filters;
    struct str breakdown; /* a dimension; empty: none */
    size_t limit;
};

/* Reads the shared fields.  `own` lists the report's own ones (" steps window_s ", with spaces
 * around each); any other is refused: unknown_field.  Others: bad_range, bad_field,
 * unknown_segment, unknown_property and those of rules.  request_close also after a failure. */
MUST_CHECK err_code request_open(const struct report_context *x, uint32_t site, const json_t *json,
                                 const char *own, struct arena *a, struct request *out,
                                 struct err *err);
void request_close(struct request *q);

/* A plan over the request's snapshot with its filters; the caller adds the time and closes it. */
MUST_CHECK err_code request_plan(const struct request *q, struct plan **out, struct err *err);
/* plan_dimension with its error named: unknown_property at `field`. */
MUST_CHECK err_code request_dimension(struct plan *p, struct str name, const char *field,
                                      unsigned *slot, struct err *err);
/* scan_run on the context's pool, stopped when the client is gone. */
MUST_CHECK err_code request_scan(const struct request *q, const struct plan *p,
                                 const struct kernel *k, const void *def, void *state,
                                 struct err *err);

/* The report's own fields.  An absent one leaves `*out` alone.  ERR_INVALID bad_field. */
MUST_CHECK err_code request_number(const struct request *q, const char *key, double least,
                                   double most, double *out, struct err *err);
MUST_CHECK err_code request_text(const struct request *q, const char *key, struct str *out,
                                 struct err *err);
MUST_CHECK err_code request_word(const struct request *q, const char *key, const char *const *words,
                                 int n, int *out, struct err *err);
err_code request_bad(struct err *err, const char *field, const char *why);

void request_day_text(const struct request *q, int64_t at_ms, char out[16]); /* "2026-10-31" */

#endif
