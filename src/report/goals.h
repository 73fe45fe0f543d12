/* goals.h: the site's goals and how often they are reached (report `goals`). */
#ifndef CAIRN_REPORT_GOALS_H
#define CAIRN_REPORT_GOALS_H

#include "kernels/rate.h"
#include "report/answer.h"

enum goal_value { VALUE_NONE, VALUE_FIXED, VALUE_FROM_EVENT };

struct site_goal {
    struct str key, name, class;
    enum goal_count count;
    enum goal_value value;
    int64_t fixed_minor; /* of VALUE_FIXED, in `currency` */
    struct str currency;
    struct rule rule;
};

struct goal_set {
    struct site_goal *goals;
    size_t n;
};

/* All goals of the site, in the owner's order, in the request's arena. */
MUST_CHECK err_code goals_load(const struct request *q, struct goal_set *out, struct err *err);
/* One goal's document (API.md "Sign-in and configuration"), stored or not.  Errors at `field`. */
MUST_CHECK err_code goal_read(const struct request *q, const json_t *doc, const char *field,
                              struct site_goal *out, struct err *err);
/* ERR_INVALID unknown_goal at `field`. */
MUST_CHECK err_code goals_find(const struct goal_set *set, struct str key, const char *field,
                               const struct site_goal **out, struct err *err);

/* What came of the goals in one range. */
struct goal_results {
    uint64_t units; /* eligible, in the asked unit */
    bool no_lead;   /* leads were asked for and the site has not said what one is */
    struct goal_result {
        uint64_t hits, conversions;
        uint64_t n; /* of the rate: units that converted, or conversions */
        struct stat_interval rate;
        json_t *value; /* owned until taken */
    } * of;            /* as in the set */
    size_t n;
};
/* Compiles goals [first, first + n) into `p`, for the request's range and unit; sets the plan's
 * time. */
MUST_CHECK err_code goals_bind(const struct request *q, const struct goal_set *set, size_t first,
                               size_t n, struct plan *p, struct rate_def *def, struct err *err);
/* From what the kernel counted to results [first, first + n); `out->of` is the caller's. */
MUST_CHECK err_code goals_take(const struct request *q, const struct goal_set *set, size_t first,
                               size_t n, const struct plan *p, const struct rate_def *def,
                               const struct rate_answer *answer, struct goal_results *out,
                               struct err *err);
void goal_results_release(struct goal_results *r); /* NULL values are allowed */

/* [{"key","name","class","hits","conversions","converted","value"}]; takes the values out of `r`.
 */
MUST_CHECK err_code goals_list(const struct goal_set *set, struct goal_results *r, json_t **out,
                               struct err *err);

MUST_CHECK err_code report_goals(const struct request *q, json_t **result, struct err *err);

#endif
