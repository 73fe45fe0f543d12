#include "report/compare.h"

/* {"n","of","ci":[low,high]} as an interval; not known when it has none. */
static bool rate_read(const json_t *j, struct stat_interval *out)
{
    const json_t *n = json_object_get(j, "n"), *of = json_object_get(j, "of");
    const json_t *ci = json_object_get(j, "ci");
    if (!json_is_integer(n) || !json_is_integer(of) || !ci) return false;
    *out = (struct stat_interval){.status = STAT_NOT_DEFINED};
    if (json_integer_value(of) > 0 && json_array_size(ci) == 2)
        *out = (struct stat_interval){
            .status = STAT_OK,
            .value = (double)json_integer_value(n) / (double)json_integer_value(of),
            .low = json_real_value(json_array_get(ci, 0)),
            .high = json_real_value(json_array_get(ci, 1)),
        };
    return true;
}

/* The row of `list` that is about the same as `row`; for rows without a name the one in its place.
 */
static const json_t *same_row(const json_t *list, const json_t *row, size_t place)
{
    static const char *const names[] = {"key", "value", "label"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const json_t *name = json_object_get(row, names[k]);
        if (!name || json_is_object(name) || json_is_array(name)) continue;
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *other = json_object_get(json_array_get(list, i), names[k]);
            if (other && json_equal(other, name)) return json_array_get(list, i);
        }
        return NULL;
    }
    return json_array_get(list, place);
}

err_code compare_rates(json_t *now, const json_t *before, struct err *err)
{
    struct stat_interval a, b;
    if (json_is_array(now)) {
        for (size_t i = 0; i < json_array_size(now); i++) {
            json_t *row = json_array_get(now, i);
            err_code rc = compare_rates(row, same_row(before, row, i), err);
            if (rc != ERR_OK) return rc;
        }
        return ERR_OK;
    }
    if (!json_is_object(now) || !json_is_object(before)) return ERR_OK;
    if (rate_read(now, &a) && rate_read(before, &b)) {
        struct stat_interval d = answer_difference(&a, &b);
        json_t *change = answer_interval(&d, "one of the two rates is not known");
        return json_object_set_new(now, "change", change) == 0
                   ? ERR_OK
                   : err_set(err, ERR_NOMEM, 0, "a comparison");
    }
    const char *key;
    json_t *value;
    json_object_foreach(now, key, value)
    {
        err_code rc = compare_rates(value, json_object_get(before, key), err);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}
