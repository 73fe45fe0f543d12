#include "report/compare.h"

#include "stats/mix.h"

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

/* y of n of the goal at `place` in a result or a group; false when it has no rate. */
static bool goal_rate(const json_t *of, size_t place, uint64_t *y, uint64_t *n)
{
    const json_t *goal = json_array_get(json_object_get(of, "goals"), place);
    const json_t *rate = json_object_get(goal, "converted");
    const json_t *num = json_object_get(rate, "n"), *den = json_object_get(rate, "of");
    *y = (uint64_t)json_integer_value(num);
    *n = (uint64_t)json_integer_value(den);
    return json_is_integer(num) && json_is_integer(den);
}

/* The groups of both periods side by side; those of one only have nobody in the other. */
static size_t pair_groups(const json_t *now, const json_t *before, size_t place,
                          struct mix_group *out)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(now); i++, n++) {
        const json_t *group = json_array_get(now, i), *same = same_row(before, group, i);
        out[n] = (struct mix_group){0};
        (void)goal_rate(group, place, &out[n].y2, &out[n].n2);
        if (same) (void)goal_rate(same, place, &out[n].y1, &out[n].n1);
    }
    for (size_t i = 0; i < json_array_size(before); i++) {
        const json_t *group = json_array_get(before, i);
        if (same_row(now, group, i)) continue;
        out[n] = (struct mix_group){0};
        (void)goal_rate(group, place, &out[n].y1, &out[n].n1);
        n++;
    }
    return n;
}

/* Shares only add up when each unit is in one group. */
static bool adds_up(const struct mix_group *groups, size_t n, uint64_t n1, uint64_t n2)
{
    uint64_t sum1 = 0, sum2 = 0;
    for (size_t i = 0; i < n; i++) {
        sum1 += groups[i].n1;
        sum2 += groups[i].n2;
    }
    return sum1 == n1 && sum2 == n2;
}

static json_t *split_of(const json_t *now, const json_t *before, size_t place,
                        struct mix_group *groups)
{
    uint64_t y, n1, n2;
    double mix, rate;
    if (!goal_rate(before, place, &y, &n1) || !goal_rate(now, place, &y, &n2))
        return answer_none(STAT_NOT_DEFINED, "one of the two rates is not known");
    size_t n = pair_groups(json_object_get(now, "groups"), json_object_get(before, "groups"), place,
                           groups);
    if (!adds_up(groups, n, n1, n2))
        return answer_none(STAT_NOT_DEFINED,
                           "some units are in several groups, so shares do not add up");
    enum stat_status status = mix_split(groups, n, &mix, &rate);
    if (status != STAT_OK) return answer_none(status, "there was nobody in one of the periods");
    return json_pack("{s:f,s:f}", "mix", mix, "rate", rate);
}

err_code compare_mix(struct arena *a, json_t *now, const json_t *before, struct err *err)
{
    size_t most = json_array_size(json_object_get(now, "groups")) +
                  json_array_size(json_object_get(before, "groups"));
    json_t *goals = json_object_get(now, "goals");
    if (most == 0 || !goals) return ERR_OK;
    struct mix_group *groups = ARENA_NEW(a, struct mix_group, most);
    if (!groups) return err_set(err, ERR_NOMEM, 0, "a comparison");
    for (size_t i = 0; i < json_array_size(goals); i++)
        if (json_object_set_new(json_array_get(goals, i), "change_split",
                                split_of(now, before, i, groups)) != 0)
            return err_set(err, ERR_NOMEM, 0, "a comparison");
    return ERR_OK;
}
