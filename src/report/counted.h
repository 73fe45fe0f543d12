/* counted.h: the numbers of a range, for everybody and for each value of a breakdown, in one pass.
 */
#ifndef CAIRN_REPORT_COUNTED_H
#define CAIRN_REPORT_COUNTED_H

#include "kernels/ids.h"
#include "kernels/overview.h"
#include "report/buckets.h"
#include "report/goals.h"

struct counting { /* what to count */
    const struct goal_set *goals;
    bool overview;                /* the plain numbers too, with a series */
    const struct buckets *series; /* with overview */
};

struct counted { /* one group's, or everybody's */
    struct goal_results goals;
    struct overview_answer overview;
    struct ids_state ids;
};

/* What to split by: the largest values, and whether there are others. */
struct values {
    struct str *of; /* empty: events without a value */
    size_t n;
    bool more;
};

/* The values of the request's breakdown, largest first by its unit, at most its limit. */
MUST_CHECK err_code values_largest(const struct request *q, struct values *out, struct err *err);

/* Counts.  out[0] is everybody; with `values` out[1 .. n] are their groups, and out[n + 1] the rest
 * when there are more.  In the request's arena, but for the goals' values: counted_release. */
MUST_CHECK err_code counted_run(const struct request *q, const struct counting *what,
                                const struct values *values, struct counted **out, struct err *err);
void counted_release(struct counted *c, const struct values *values); /* NULL is allowed */
size_t counted_places(const struct values *values);                   /* how many `out` has */

/* Makes one place's result. */
typedef err_code (*counted_json)(const struct request *q, const struct counting *what,
                                 struct counted *c, json_t **out, struct err *err);
/* The result of everybody, and with a breakdown "groups": [{"value", <the result>}]: null is the
 * group of events without a value, "(other)" the rest. */
MUST_CHECK err_code counted_result(const struct request *q, const struct counting *what,
                                   counted_json one, json_t **result, struct err *err);

/* {"value":value or null, <members of result>}; takes `result`; NULL when out of memory. */
json_t *group_of(struct str value, bool absent, json_t *result);

#endif
