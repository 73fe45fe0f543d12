/* What conditions and breakdowns can be about. */
#include "report/breakdown.h"

err_code report_properties(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    err_code rc = request_plan(q, &p, err);
    if (rc != ERR_OK) return rc;
    json_t *list = json_array();
    bool ok = list != NULL;
    for (size_t i = 0; ok && rule_property_names[i]; i++)
        ok = list_add(list, json_pack("{s:s,s:b}", "property", rule_property_names[i], "own", 0));
    struct str name;
    uint32_t values;
    for (uint32_t i = 0; ok && plan_own_property(p, i, &name, &values); i++)
        ok = list_add(list, json_pack("{s:o,s:b,s:I}", "property", answer_text(name), "own", 1,
                                      "values", (json_int_t)values));
    plan_close(p);
    if (ok) *result = json_pack("{s:o}", "properties", list);
    else json_decref(list);
    return ok && *result ? ERR_OK : err_set(err, ERR_NOMEM, 0, "the properties");
}
