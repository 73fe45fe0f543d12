/* text_match.h: one condition on one text: compiled once, asked of every distinct value. */
#ifndef CAIRN_JOURNEY_TEXT_MATCH_H
#define CAIRN_JOURNEY_TEXT_MATCH_H

#include "base/err.h"
#include "event/rule.h"

struct regex;

struct text_match {
    enum op op; /* OP_N: a glob, where '*' stands for any run of characters */
    const struct str *values;
    size_t n_values;
    double number; /* of gt .. lte */
    struct regex *regex;
};

/* The values are borrowed.  ERR_INVALID, name "bad_regex". */
MUST_CHECK err_code text_match_open(const struct condition *c, struct text_match *out,
                                    struct err *err);
/* An absent text is empty: is_not and not_contains hold for it, the others do not.  A regex that
 * needs too many steps does not match. */
bool text_match_holds(const struct text_match *t, struct str text);
/* The same for a number; contains, begins, ends and regex never hold for one. */
bool text_match_number(const struct text_match *t, double x);
static inline bool text_match_negative(const struct text_match *t)
{
    return t->op == OP_IS_NOT || t->op == OP_NOT_CONTAINS;
}
void text_match_close(struct text_match *t);

#endif
