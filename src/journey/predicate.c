#include <stdlib.h>

#include "event/currency.h"
#include "journey/plan_own.h"

/* A rule about single events as a sum of products of conditions. */
struct product {
    const struct condition **leaf;
    size_t n;
};
struct sum {
    struct product *product;
    size_t n;
};

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "compile a rule");
}

/* --- from a rule to a sum of products --- */

static bool push(struct plan *p, struct product *to, struct condition c)
{
    struct condition *copy = ARENA_NEW(&p->arena, struct condition, 1);
    const struct condition **leaf = ARENA_NEW(&p->arena, const struct condition *, to->n + 1);
    if (!copy || !leaf) return false;
    *copy = c;
    if (to->n) memcpy(leaf, to->leaf, to->n * sizeof *leaf);
    leaf[to->n++] = copy;
    to->leaf = leaf;
    return true;
}

/* One condition with one value, borrowed; nothing when the value is empty. */
static bool push_one(struct plan *p, struct product *to, const char *property, enum op op,
                     struct str value, double number)
{
    struct str *values = ARENA_NEW(&p->arena, struct str, 1);
    if (!values) return false;
    *values = value;
    return push(p, to,
                (struct condition){.property = str_of(property),
                                   .op = op,
                                   .values = values,
                                   .n_values = 1,
                                   .number = number});
}

static bool push_is(struct plan *p, struct product *to, const char *property, struct str value)
{
    return value.n == 0 || push_one(p, to, property, OP_IS, value, 0);
}

static bool push_path(struct plan *p, struct product *to, const struct rule *r)
{
    static const enum op ops[] = {[MATCH_EXACT] = OP_IS,
                                  [MATCH_BEGINS] = OP_BEGINS,
                                  [MATCH_CONTAINS] = OP_CONTAINS,
                                  [MATCH_REGEX] = OP_REGEX,
                                  [MATCH_GLOB] = OP_N};
    return r->path.n == 0 || push_one(p, to, "path", ops[r->how], r->path, 0);
}

static bool single_product(struct plan *p, const struct rule *r, struct product *out)
{
    bool ok = true;
    const struct str media = str_is(r->stage, "start")      ? STR("video_start")
                             : str_is(r->stage, "progress") ? STR("video_progress")
                                                            : STR("video_complete");
    switch (r->type) {
    case RULE_DESTINATION:
        ok = push_is(p, out, "name", STR("pageview")) && push_path(p, out, r) &&
             push_is(p, out, "host", r->host);
        break;
    case RULE_EVENT: ok = push_is(p, out, "name", r->name); break;
    case RULE_SCROLL:
        ok = push_one(p, out, "scroll", OP_GTE, STR_NONE, r->at_least) && push_path(p, out, r);
        break;
    case RULE_FORM:
        ok = push_is(p, out, "name",
                     str_is(r->stage, "submit") ? STR("form_submit") : STR("form_start")) &&
             push_is(p, out, "props.form", r->form);
        break;
    case RULE_DOWNLOAD:
        ok = push_is(p, out, "name", STR("file_download")) &&
             push_is(p, out, "props.extension", r->extension);
        break;
    case RULE_OUTLINK:
        ok = push_is(p, out, "name", STR("outbound_click")) &&
             push_is(p, out, "props.host", r->host);
        break;
    case RULE_SEARCH: ok = push_is(p, out, "name", STR("search")); break;
    case RULE_MEDIA: ok = push_is(p, out, "name", media); break;
    case RULE_CLICK:
    case RULE_VISIBLE:
        ok = push_is(p, out, "name",
                     r->type == RULE_CLICK ? STR("element_click") : STR("element_visible")) &&
             push_is(p, out, "props.selector", r->selector) &&
             push_is(p, out, "props.text", r->text) && push_is(p, out, "props.href", r->href);
        break;
    case RULE_VALUE: ok = push_one(p, out, "value", OP_GTE, STR_NONE, r->at_least); break;
    default: break; /* RULE_CONDITIONS: only what `where` says */
    }
    for (size_t i = 0; i < r->n_where && ok; i++) ok = push(p, out, r->where[i]);
    return ok;
}

static err_code too_many(struct err *err)
{
    return err_named(err, ERR_TOO_BIG, "too_many_conditions", "",
                     "rules that come to more than %d alternatives", 64 * PLAN_MAX_WORDS);
}

static err_code sum_of(struct plan *p, const struct rule *r, struct sum *out, struct err *err);

/* Every pair of a product of `a` with one of `b`. */
static err_code multiply(struct plan *p, const struct sum *a, const struct sum *b, struct sum *out,
                         struct err *err)
{
    if (a->n * b->n > 64 * PLAN_MAX_WORDS) return too_many(err);
    out->product = ARENA_NEW(&p->arena, struct product, a->n * b->n);
    if (!out->product) return no_memory(err);
    out->n = 0;
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            struct product *to = &out->product[out->n++];
            const struct product *x = &a->product[i], *y = &b->product[j];
            to->leaf = ARENA_NEW(&p->arena, const struct condition *, x->n + y->n + 1);
            if (!to->leaf) return no_memory(err);
            if (x->n) memcpy(to->leaf, x->leaf, x->n * sizeof *x->leaf);
            if (y->n) memcpy(to->leaf + x->n, y->leaf, y->n * sizeof *y->leaf);
            to->n = x->n + y->n;
        }
    }
    return ERR_OK;
}

static err_code sum_of(struct plan *p, const struct rule *r, struct sum *out, struct err *err)
{
    *out = (struct sum){0};
    if (r->type != RULE_ANY && r->type != RULE_ALL) {
        out->product = ARENA_NEW(&p->arena, struct product, 1);
        out->n = 1;
        return out->product && single_product(p, r, out->product) ? ERR_OK : no_memory(err);
    }
    for (size_t i = 0; i < r->n_children; i++) {
        struct sum child, both;
        err_code rc = sum_of(p, &r->children[i], &child, err);
        if (rc != ERR_OK) return rc;
        if (i == 0) {
            *out = child;
            continue;
        }
        if (r->type == RULE_ALL) {
            rc = multiply(p, out, &child, &both, err);
            if (rc != ERR_OK) return rc;
        } else {
            both.n = out->n + child.n;
            if (both.n > 64 * PLAN_MAX_WORDS) return too_many(err);
            both.product = ARENA_NEW(&p->arena, struct product, both.n);
            if (!both.product) return no_memory(err);
            memcpy(both.product, out->product, out->n * sizeof *both.product);
            memcpy(both.product + out->n, child.product, child.n * sizeof *both.product);
        }
        *out = both;
    }
    return ERR_OK;
}

/* --- from a condition to bits in a table --- */

/* The word of a table for a term, made of ones when it is the first to need it. */
static uint64_t *table_word(struct plan *p, struct table *t, uint32_t n, size_t word)
{
    if (t->word[word]) return t->word[word];
    t->n = n;
    t->word[word] = ARENA_NEW(&p->arena, uint64_t, n);
    if (t->word[word]) memset(t->word[word], 0xff, n * sizeof **t->word);
    return t->word[word];
}

/* Asks the test of every text of a dictionary once: [code], 1 where it holds. */
static uint8_t *judge(const struct plan *p, const struct property *at,
                      const struct text_match *test, uint32_t *n)
{
    bool percent = at->look == LOOK_KEY && at->key == KEY_SCROLL;
    *n = percent ? UINT8_MAX + 1 : p->s->counts.n[at->dict];
    if (*n == 0) *n = 1;
    uint8_t *holds = malloc(*n);
    for (uint32_t code = 0; holds && code < *n; code++)
        holds[code] =
            percent ? (code ? text_match_number(test, code) : text_match_negative(test))
                    : text_match_holds(test, at->computed ? property_computed(p, at, code)
                                                          : dict_text(p->s->dicts, at->dict, code));
    return holds;
}

static err_code clear_bits(struct plan *p, struct table *t, const struct property *at,
                           const struct text_match *test, size_t term, struct err *err)
{
    uint64_t bit = UINT64_C(1) << term % 64;
    bool touch = at->look == LOOK_TOUCH || at->look == LOOK_TOUCHED || at->look == LOOK_OWN_TOUCH;
    bool client = at->look == LOOK_CLIENT || at->look == LOOK_AT_CLIENT;
    unsigned tuple = touch ? DICT_TOUCH : DICT_CLIENT;
    uint32_t n, n_texts;
    uint8_t *holds = judge(p, at, test, &n_texts);
    bool field = (touch || client) && !at->computed;
    n = field ? p->s->counts.n[tuple] : n_texts;
    uint64_t *word = holds ? table_word(p, t, n ? n : 1, term / 64) : NULL;
    for (uint32_t code = 0; word && code < n; code++) {
        uint32_t text = field ? dict_field(p->s->dicts, tuple, code, at->field) : code;
        if (!holds[text]) word[code] &= ~bit;
    }
    free(holds);
    return word ? ERR_OK : no_memory(err);
}

/* The pass for the `turn`-th condition of a term on a key. */
static struct pass *find_pass(struct plan *p, const struct property *at, unsigned turn)
{
    bool items = at->look == LOOK_ITEMS;
    for (size_t i = 0; i < p->n_pass; i++)
        if (p->pass[i].key == at->key && p->pass[i].items == items && p->pass[i].turn == turn)
            return &p->pass[i];
    struct pass *more = ARENA_NEW(&p->arena, struct pass, p->n_pass + 1);
    if (!more) return NULL;
    if (p->n_pass) memcpy(more, p->pass, p->n_pass * sizeof *more);
    p->pass = more;
    more[p->n_pass] = (struct pass){.key = at->key, .turn = turn, .items = items};
    return &more[p->n_pass++];
}

static err_code add_number(struct plan *p, const struct property *at, struct text_match *test,
                           size_t term, struct err *err)
{
    struct number_test *more = ARENA_NEW(&p->arena, struct number_test, p->n_numbers + 1);
    if (!more) return no_memory(err);
    if (p->n_numbers) memcpy(more, p->number, p->n_numbers * sizeof *more);
    p->number = more;
    struct str *values = ARENA_NEW(&p->arena, struct str, test->n_values + 1);
    for (size_t i = 0; values && i < test->n_values; i++) /* the rule's own may go away */
        values[i] = arena_copy(&p->arena, test->values[i]);
    if (!values) return no_memory(err);
    test->values = values;
    more[p->n_numbers++] = (struct number_test){.look = at->look,
                                                .word = (unsigned)(term / 64),
                                                .bit = UINT64_C(1) << term % 64,
                                                .test = *test};
    return ERR_OK;
}

static err_code add_leaf(struct plan *p, const struct product *product, size_t i, size_t term,
                         struct err *err)
{
    const struct condition *c = product->leaf[i];
    struct property at, other;
    struct text_match test;
    if (!property_find(p, c->property, &at))
        return err_named(err, ERR_INVALID, "unknown_property", "property",
                         "there is no property %.*s", STR_FMT(c->property));
    err_code rc = text_match_open(c, &test, err);
    if (rc != ERR_OK) return rc;
    unsigned turn = 0;
    for (size_t j = 0; j < i; j++)
        turn += property_find(p, product->leaf[j]->property, &other) && other.look == at.look &&
                other.key == at.key;
    if (at.look <= LOOK_CLIENT) {
        rc = clear_bits(p, &p->dense[at.look], &at, &test, term, err);
    } else if (at.look == LOOK_KEY || at.look == LOOK_ITEMS) {
        struct pass *pass = find_pass(p, &at, turn);
        if (!pass) {
            rc = no_memory(err);
        } else {
            if (text_match_negative(&test)) pass->negative[term / 64] |= UINT64_C(1) << term % 64;
            if (at.look == LOOK_ITEMS) p->items_terms[term / 64] |= UINT64_C(1) << term % 64;
            rc = clear_bits(p, &pass->table, &at, &test, term, err);
        }
    } else if (at.look == LOOK_NUMBER || at.look == LOOK_VALUE) {
        rc = add_number(p, &at, &test, term, err);
    } else {
        p->any_session = p->session_used[at.look] = true;
        if (!text_match_holds(&test, STR_NONE)) p->lonely[term / 64] &= ~(UINT64_C(1) << term % 64);
        rc = clear_bits(p, &p->session[at.look], &at, &test, term, err);
    }
    text_match_close(&test);
    return rc;
}

static err_code add_products(struct plan *p, const struct rule *r, struct predicate_bits out,
                             struct err *err)
{
    struct sum sum;
    err_code rc = sum_of(p, r, &sum, err);
    for (size_t i = 0; i < sum.n && rc == ERR_OK; i++) {
        size_t term = p->n_terms;
        if (term == 64 * PLAN_MAX_WORDS) return too_many(err);
        p->n_terms++;
        p->n_words = term / 64 + 1;
        p->means[term] = out;
        p->lonely[term / 64] |= UINT64_C(1) << term % 64;
        for (size_t leaf = 0; leaf < sum.product[i].n && rc == ERR_OK; leaf++)
            rc = add_leaf(p, &sum.product[i], leaf, term, err);
    }
    return rc;
}

/* --- rules about several events --- */

err_code predicate_add(struct plan *p, const struct rule *r, struct predicate_bits out,
                       struct err *err)
{
    if (!rule_is_stateful(r)) return add_products(p, r, out, err);
    struct stateful s = {
        .type = r->type, .out = out, .at_least = r->at_least, .within_ms = r->within_ms};
    if (r->type == RULE_ANY || r->type == RULE_ALL)
        return err_named(err, ERR_INVALID, "bad_rule", "",
                         "a rule about several events cannot be part of any or all");
    if (r->type == RULE_SEQUENCE) {
        s.n_steps = r->n_children;
        if (s.n_steps == 0 || s.n_steps > RULE_MAX_CHILDREN)
            return err_named(err, ERR_INVALID, "bad_rule", "steps", "a sequence of %zu steps",
                             s.n_steps);
        s.steps = ARENA_NEW(&p->arena, struct predicate_bits, r->n_children);
        if (!s.steps) return no_memory(err);
        for (size_t i = 0; i < s.n_steps; i++) {
            err_code rc = plan_hidden(p, &s.steps[i], err);
            if (rc == ERR_OK) rc = predicate_add(p, &r->children[i], s.steps[i], err);
            if (rc != ERR_OK) return rc;
        }
    }
    if (p->n_stateful == PLAN_MAX_STATEFUL) return too_many(err);
    p->stateful[p->n_stateful++] = s; /* after its steps: they are judged first */
    return ERR_OK;
}
