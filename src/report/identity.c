#include "report/identity.h"

void identity_note(const struct request *q, const struct ids_state *ids, struct maker *m)
{
    make_set(m, "identity",
             json_pack("{s:I,s:I,s:I}", "day", (json_int_t)ids->visitors[ID_DAY], "consented",
                       (json_int_t)ids->visitors[ID_CONSENTED], "known",
                       (json_int_t)ids->visitors[ID_KNOWN]));
    if (ids->visitors[ID_DAY] > 0 && range_days(q->zone, q->range) > 1)
        make_text(
            m, "note",
            STR("Visitors without consent are known for one day only: over several days they are "
                "daily visitors, summed, and what they do on different days is not joined."));
}
