#include "journey/text_match.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_STEPS = 100000, MATCH_DEPTH = 1000, MATCH_HEAP_KIB = 1024 };

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static void regex_close(struct regex *r)
{
    if (!r) return;
    pcre2_match_context_free(r->limits);
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
    free(r);
}

static err_code regex_open(struct str pattern, struct regex **out, struct err *err)
{
    int why;
    PCRE2_SIZE at;
    struct regex *r = calloc(1, sizeof *r);
    if (!r) return err_set(err, ERR_NOMEM, 0, "compile a regular expression");
    r->code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n, RULE_REGEX_OPTIONS,
                            &why, &at, NULL);
    if (!r->code) {
        char text[120];
        pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof text);
        free(r);
        return err_named(err, ERR_INVALID, "bad_regex", "", "regular expression, at byte %zu: %s",
                         at, text);
    }
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without it it is only slower */
    r->data = pcre2_match_data_create(1, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (!r->data || !r->limits) {
        regex_close(r);
        return err_set(err, ERR_NOMEM, 0, "compile a regular expression");
    }
    pcre2_set_match_limit(r->limits, MATCH_STEPS);
    pcre2_set_depth_limit(r->limits, MATCH_DEPTH);
    pcre2_set_heap_limit(r->limits, MATCH_HEAP_KIB);
    *out = r;
    return ERR_OK;
}

static bool regex_holds(const struct regex *r, struct str text)
{
    return pcre2_match(r->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, r->data,
                       r->limits) >= 0;
}

/* Greedy, going back only to the last '*': linear for one, never exponential. */
static bool glob_holds(struct str glob, struct str s)
{
    size_t g = 0, i = 0, star = SIZE_MAX, mark = 0;
    while (i < s.n) {
        if (g < glob.n && glob.p[g] == '*') {
            star = g++;
            mark = i;
        } else if (g < glob.n && glob.p[g] == s.p[i]) {
            g++, i++;
        } else if (star != SIZE_MAX) {
            g = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (g < glob.n && glob.p[g] == '*') g++;
    return g == glob.n;
}

err_code text_match_open(const struct condition *c, struct text_match *out, struct err *err)
{
    *out = (struct text_match){
        .op = c->op, .values = c->values, .n_values = c->n_values, .number = c->number};
    if (c->op != OP_EXISTS && c->n_values == 0)
        return err_named(err, ERR_INVALID, "missing_field", "value", "a condition needs a value");
    return c->op == OP_REGEX ? regex_open(c->values[0], &out->regex, err) : ERR_OK;
}

static bool compare(enum op op, double x, double with)
{
    switch (op) {
    case OP_GT: return x > with;
    case OP_GTE: return x >= with;
    case OP_LT: return x < with;
    default: return x <= with;
    }
}

bool text_match_holds(const struct text_match *t, struct str text)
{
    double x;
    switch (t->op) {
    case OP_IS: return text.n > 0 && str_eq(text, t->values[0]);
    case OP_IS_NOT: return !str_eq(text, t->values[0]);
    case OP_CONTAINS: return text.n > 0 && str_contains(text, t->values[0]);
    case OP_NOT_CONTAINS: return text.n == 0 || !str_contains(text, t->values[0]);
    case OP_BEGINS: return text.n > 0 && str_begins(text, t->values[0]);
    case OP_ENDS: return text.n > 0 && str_ends(text, t->values[0]);
    case OP_REGEX: return text.n > 0 && regex_holds(t->regex, text);
    case OP_EXISTS: return text.n > 0;
    case OP_IN:
        for (size_t i = 0; i < t->n_values; i++)
            if (text.n > 0 && str_eq(text, t->values[i])) return true;
        return false;
    case OP_N: return text.n > 0 && glob_holds(t->values[0], text);
    default: return str_to_double(text, &x) && compare(t->op, x, t->number);
    }
}

bool text_match_number(const struct text_match *t, double x)
{
    double y;
    switch (t->op) {
    case OP_EXISTS: return true;
    case OP_IS:
    case OP_IS_NOT:
    case OP_IN:
        for (size_t i = 0; i < t->n_values; i++)
            if (str_to_double(t->values[i], &y) && x == y) return t->op != OP_IS_NOT;
        return t->op == OP_IS_NOT;
    case OP_NOT_CONTAINS: return true;
    case OP_GT:
    case OP_GTE:
    case OP_LT:
    case OP_LTE: return compare(t->op, x, t->number);
    default: return false;
    }
}

void text_match_close(struct text_match *t)
{
    regex_close(t->regex);
    t->regex = NULL;
}
