/* answer.h: the shapes that answers are made of (docs/API.md "Answers").
 *
 * Each makes a new reference, or NULL when out of memory; the setters steal `value` as jansson's
 * json_object_set_new does and are sticky: after a failure `o` has a NULL-safe hole that
 * answer_complete finds. */
#ifndef CAIRN_REPORT_ANSWER_H
#define CAIRN_REPORT_ANSWER_H

#include "report/request.h"
#include "stats/stat.h"

/* An object under construction; after the first failure every call does nothing. */
struct maker {
    json_t *object;
    bool failed;
};

struct maker make_begin(void);
void make_set(struct maker *m, const char *key, json_t *value); /* steals; NULL is a failure */
void make_count(struct maker *m, const char *key, uint64_t n);
void make_number(struct maker *m, const char *key, double x);
void make_text(struct maker *m, const char *key, struct str s);
/* The finished object, owned by the caller; ERR_NOMEM when any call failed. */
MUST_CHECK err_code make_end(struct maker *m, json_t **out, struct err *err);

/* Appends, stealing `value`; false (and frees) when out of memory or value is NULL. */
bool list_add(json_t *list, json_t *value);

json_t *answer_text(struct str s); /* bytes that are no UTF-8 become U+FFFD */
/* {"status","why"}: a number that cannot be given. */
json_t *answer_none(enum stat_status status, const char *why);
/* {"n","of","ci":[low,high]}; without an interval "ci" is null and status and why stand beside. */
json_t *answer_rate(uint64_t n, uint64_t of, const struct stat_interval *ci);
/* {"value","ci"}, or answer_none. */
json_t *answer_interval(const struct stat_interval *i, const char *why);
/* The difference of two rates by Newcombe's hybrid: their own limits give its limits, so it also
 * holds for rates whose interval is not Wilson's. */
struct stat_interval answer_difference(const struct stat_interval *now,
                                       const struct stat_interval *before);
json_t *answer_money(int64_t minor, struct str currency);
json_t *answer_range(const struct request *q, const struct range *r);

#endif
