#include "report/maturity.h"

#include "report/answer.h"
#include "stats/interval.h"
#include "stats/survival.h"

static const double young_share = 0.05; /* up to here the correction is smaller than the noise */

static json_t *curve_of(const struct funnel_ask *ask, const struct funnel_answer *a,
                        const struct stat_interval *corrected)
{
    uint64_t done = 0;
    json_t *curve = json_array();
    for (size_t i = 0; curve && i < FUNNEL_DELAYS; i++) {
        json_int_t within_ms = ask->def.window_ms / FUNNEL_DELAYS * (json_int_t)(i + 1);
        if (i + 1 == FUNNEL_DELAYS) within_ms = ask->def.window_ms;
        done += a->delays.completed[i];
        if (!list_add(curve,
                      json_pack("{s:I,s:f,s:o}", "within_ms", within_ms, "naive",
                                (double)done / (double)a->all.entered, "corrected",
                                answer_interval(&corrected[i], "nobody completed that fast")))) {
            json_decref(curve);
            curve = NULL;
        }
    }
    return curve;
}

json_t *maturity_of(const struct funnel_ask *ask, const struct funnel_answer *a)
{
    struct stat_interval corrected[FUNNEL_DELAYS];
    const uint64_t entered = a->all.entered;
    if (ask->def.order == FUNNEL_OPEN)
        return answer_none(STAT_NOT_DEFINED, "an open funnel has no single entry to count from");
    if (ask->def.window_ms == 0)
        return answer_none(STAT_NOT_DEFINED,
                           "without a window there is no time after which to judge");
    if (entered == 0) return answer_none(STAT_NOT_DEFINED, "nobody entered");
    if ((double)a->delays.immature <= young_share * (double)entered)
        return answer_none(STAT_NOT_DEFINED, "nearly all entrants have had the whole window");
    uint64_t done = 0;
    for (size_t i = 0; i < FUNNEL_DELAYS; i++) done += a->delays.completed[i];
    survival_share(a->delays.completed, a->delays.censored, FUNNEL_DELAYS, entered, corrected);
    struct stat_interval young = interval_wilson(a->delays.immature, entered);
    struct stat_interval naive = interval_wilson(done, entered);
    struct maker m = make_begin();
    json_t *out = NULL;
    make_set(&m, "immature", answer_rate(a->delays.immature, entered, &young));
    make_set(&m, "naive", answer_rate(done, entered, &naive));
    make_set(&m, "corrected",
             answer_interval(&corrected[FUNNEL_DELAYS - 1], "too few have completed"));
    make_set(&m, "curve", curve_of(ask, a, corrected));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}
