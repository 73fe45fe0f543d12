#include "report/answer.h"

#include <math.h>

struct maker make_begin(void)
{
    json_t *o = json_object();
    return (struct maker){o, o == NULL};
}

void make_set(struct maker *m, const char *key, json_t *value)
{
    if (m->failed) {
        json_decref(value);
    } else if (json_object_set_new(m->object, key, value) != 0) {
        m->failed = true;
    }
}

void make_count(struct maker *m, const char *key, uint64_t n)
{
    make_set(m, key, json_integer((json_int_t)n));
}

void make_number(struct maker *m, const char *key, double x)
{
    make_set(m, key, json_real(x));
}

void make_text(struct maker *m, const char *key, struct str s)
{
    make_set(m, key, answer_text(s));
}

err_code make_end(struct maker *m, json_t **out, struct err *err)
{
    *out = m->failed ? NULL : m->object;
    if (!m->failed) return ERR_OK;
    json_decref(m->object);
    m->object = NULL;
    return err_set(err, ERR_NOMEM, 0, "an answer");
}

bool list_add(json_t *list, json_t *value)
{
    return json_array_append_new(list, value) == 0;
}

/* Texts are checked at the border, so this is for what an older version or another program wrote.
 */
static json_t *repaired_text(struct str s)
{
    struct buf b = {0};
    for (size_t i = 0; i < s.n;) {
        size_t n = 1;
        while (n < 4 && i + n < s.n && !str_is_utf8(str_sub(s, i, i + n))) n++;
        if (str_is_utf8(str_sub(s, i, i + n))) {
            buf_bytes(&b, s.p + i, n);
            i += n;
        } else {
            buf_z(&b, "\xef\xbf\xbd");
            i++;
        }
    }
    json_t *j = b.bad ? NULL : json_stringn(b.p ? b.p : "", b.n);
    buf_free(&b);
    return j;
}

json_t *answer_text(struct str s)
{
    json_t *j = json_stringn(s.p ? s.p : "", s.n);
    return j ? j : repaired_text(s);
}

json_t *answer_none(enum stat_status status, const char *why)
{
    return json_pack("{s:s,s:s}", "status", stat_status_name(status), "why", why);
}

json_t *answer_rate(uint64_t n, uint64_t of, const struct stat_interval *ci)
{
    if (ci->status == STAT_OK)
        return json_pack("{s:I,s:I,s:[f,f]}", "n", (json_int_t)n, "of", (json_int_t)of, "ci",
                         ci->low, ci->high);
    const char *why = of == 0 ? "there is nobody to be a share of"
                              : "one visitor alone says nothing about others";
    return json_pack("{s:I,s:I,s:n,s:s,s:s}", "n", (json_int_t)n, "of", (json_int_t)of, "ci",
                     "status", stat_status_name(ci->status), "why", why);
}

json_t *answer_interval(const struct stat_interval *i, const char *why)
{
    if (i->status != STAT_OK) return answer_none(i->status, why);
    return json_pack("{s:f,s:[f,f]}", "value", i->value, "ci", i->low, i->high);
}

struct stat_interval answer_difference(const struct stat_interval *now,
                                       const struct stat_interval *before)
{
    if (now->status != STAT_OK) return (struct stat_interval){.status = now->status};
    if (before->status != STAT_OK) return (struct stat_interval){.status = before->status};
    double d = now->value - before->value;
    return (struct stat_interval){
        .status = STAT_OK,
        .value = d,
        .low = d - hypot(now->value - now->low, before->high - before->value),
        .high = d + hypot(now->high - now->value, before->value - before->low),
    };
}

json_t *answer_money(int64_t minor, struct str currency)
{
    return json_pack("{s:I,s:s%}", "minor", (json_int_t)minor, "currency",
                     currency.p ? currency.p : "", currency.n);
}

json_t *answer_range(const struct request *q, const struct range *r)
{
    char from[16], to[16];
    request_day_text(q, r->from_ms, from);
    request_day_text(q, r->to_ms - 1, to);
    return json_pack("{s:s,s:s,s:I,s:I,s:s%}", "from", from, "to", to, "from_ms",
                     (json_int_t)r->from_ms, "to_ms", (json_int_t)r->to_ms, "timezone",
                     q->timezone.p, q->timezone.n);
}
