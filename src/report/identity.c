#include "report/identity.h"

#include "kernels/ids.h"

err_code identity_note(const struct request *q, struct maker *m, struct err *err)
{
    struct plan *p = NULL;
    struct ids_state ids = {0};
    err_code rc = request_plan(q, &p, err);
    if (rc != ERR_OK) return rc;
    plan_time(p, q->range.from_ms, q->range.to_ms);
    rc = request_scan(q, p, &ids_kernel, NULL, &ids, err);
    plan_close(p);
    if (rc != ERR_OK) return rc;
    make_set(m, "identity",
             json_pack("{s:I,s:I,s:I}", "day", (json_int_t)ids.visitors[ID_DAY], "consented",
                       (json_int_t)ids.visitors[ID_CONSENTED], "known",
                       (json_int_t)ids.visitors[ID_KNOWN]));
    if (ids.visitors[ID_DAY] > 0 && range_days(q->zone, q->range) > 1)
        make_text(
            m, "note",
            STR("Visitors without consent are known for one day only: over several days they are "
                "daily visitors, summed, and what they do on different days is not joined."));
    return ERR_OK;
}
