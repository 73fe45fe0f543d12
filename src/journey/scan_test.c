/* scan_test.c: what rules, filters and dimensions say of drawn journeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/pool.h"
#include "journey/index.h"
#include "journey/scan.h"

/* --- a site in memory --- */

static char dir[32];

static struct index *site_open(void)
{
    struct index *x;
    struct err err;
    snprintf(dir, sizeof dir, "/tmp/cairn-scan-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(index_open(&fs_real, &(struct index_options){.dir = dir}, &x, &err), ERR_OK);
    return x;
}

static void site_close(struct index *x)
{
    char command[64];
    index_close(x);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

enum { SECOND = 1000 };

/* One letter an event: 'p' a page view of /p, others custom events named by the letter; '-' a
 * second of nothing. */
static void feed(struct index *x, uint64_t visitor, const char *drawn, uint64_t *seq)
{
    struct err err;
    int64_t at = INT64_C(1760000000000);
    for (const char *c = drawn; *c; c++, at += SECOND) {
        if (*c == '-') continue;
        struct event e = {.seq = ++*seq, .site = 1, .visitor = visitor, .at_ms = at};
        e.text[TEXT_NAME] = *c == 'p' ? STR("pageview") : (struct str){c, 1};
        if (*c == 'p') e.text[TEXT_PATH] = STR("/p");
        assert_int_equal(index_add(x, &e, &err), ERR_OK);
    }
}

/* --- a kernel that writes match bits down as text --- */

struct seen {
    char text[200];
};
static err_code seen_init(void *state, const void *def, struct err *err)
{
    (void)state, (void)def, (void)err;
    return ERR_OK;
}
static err_code seen_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct seen *s = state;
    size_t n = strlen(s->text);
    (void)def, (void)err;
    for (size_t i = 0; i < j->n; i++)
        n += (size_t)snprintf(s->text + n, sizeof s->text - n, "%llx",
                              (unsigned long long)j->match[i]);
    snprintf(s->text + n, sizeof s->text - n, " ");
    return ERR_OK;
}
static err_code seen_merge(void *into, void *from, struct err *err)
{
    struct seen *a = into, *b = from;
    size_t n = strlen(a->text);
    (void)err;
    snprintf(a->text + n, sizeof a->text - n, "%s", b->text);
    return ERR_OK;
}
static const struct kernel seen_kernel = {sizeof(struct seen), seen_init, seen_add, seen_merge,
                                          NULL};

static void names_become_bits(void **unused)
{
    struct index *x = site_open();
    struct err err;
    struct pool *pool;
    struct plan *plan;
    struct seen seen;
    uint64_t seq = 0;
    unsigned bit;
    (void)unused;
    feed(x, 1, "ab-p", &seq);
    feed(x, 2, "c", &seq);
    feed(x, 3, "ba", &seq);
    assert_int_equal(index_publish(x, seq, 5, &err), ERR_OK);
    struct snapshot *s = index_snapshot(x, 1);
    assert_int_equal(snapshot_events(s), 6);
    assert_int_equal(pool_open(2, &pool, &err), ERR_OK);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    struct rule a = {.type = RULE_EVENT, .name = STR("a")};
    struct rule p = {.type = RULE_DESTINATION, .path = STR("/p")};
    assert_int_equal(plan_predicate(plan, &a, &bit, &err), ERR_OK);
    assert_int_equal(plan_predicate(plan, &p, &bit, &err), ERR_OK);
    assert_int_equal(bit, 1);
    assert_int_equal(scan_run(plan, pool, &seen_kernel, NULL, &seen, NULL, NULL, &err), ERR_OK);
    assert_string_equal(seen.text, "102 0 01 ");
    plan_require(plan, 1);
    assert_int_equal(scan_run(plan, pool, &seen_kernel, NULL, &seen, NULL, NULL, &err), ERR_OK);
    assert_string_equal(seen.text, "102 01 ");
    plan_close(plan);
    pool_close(pool);
    snapshot_release(s);
    site_close(x);
}

/* --- drawn journeys: one visitor, one rule --- */

/* 'p' a page view of /p, 'q' of /q, 's' a signal with scroll 80 %, 'v' worth 12.50 EUR, 'o'
 * offline, 'e' 4 s engaged, other letters events of that name; '-' a second, '=' 30 minutes, '|' 1
 * ms more than that, '#' a day.  `hits` has '^' below each event at which the rule holds. */
static void draw(struct index *x, const char *drawn)
{
    struct err err;
    uint64_t seq = 0;
    int64_t at = INT64_C(1760000000000);
    for (const char *c = drawn; *c; c++) {
        struct event e = {.seq = seq + 1, .site = 1, .visitor = 9, .at_ms = at};
        if (*c == '-') at += SECOND;
        if (*c == '=') at += 1800 * SECOND;
        if (*c == '|') at += 1800 * SECOND + 1;
        if (*c == '#') at += 86400 * SECOND;
        if (strchr("-=|# ", *c)) continue;
        seq++;
        e.text[TEXT_NAME] = *c == 'p' || *c == 'q' ? STR("pageview")
                            : *c == 's'            ? STR("scroll")
                                                   : (struct str){c, 1};
        if (*c == 'p' || *c == 'q') e.text[TEXT_PATH] = *c == 'p' ? STR("/p") : STR("/q/1");
        if (*c == 's') e.scroll_percent = 80;
        if (*c == 'e') e.engaged_ms = 4000;
        e.offline = *c == 'o';
        if (*c == 'v') {
            e.has_value = true;
            e.value_minor = 1250;
            e.text[TEXT_CURRENCY] = STR("EUR");
        }
        assert_int_equal(index_add(x, &e, &err), ERR_OK);
    }
    assert_int_equal(index_publish(x, seq, 1, &err), ERR_OK);
}

static void hits_of(const char *drawn, const struct rule *r, char *out)
{
    struct index *x = site_open();
    struct pool *pool;
    struct plan *plan;
    struct seen seen;
    struct err err;
    unsigned bit;
    size_t event = 0;
    draw(x, drawn);
    struct snapshot *s = index_snapshot(x, 1);
    assert_int_equal(pool_open(1, &pool, &err), ERR_OK);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    if (plan_predicate(plan, r, &bit, &err) != ERR_OK) fail_msg("%s", err.msg);
    assert_int_equal(scan_run(plan, pool, &seen_kernel, NULL, &seen, NULL, NULL, &err), ERR_OK);
    for (size_t i = 0; drawn[i]; i++)
        out[i] = !strchr("-=|# ", drawn[i]) && seen.text[event++] == '1' ? '^' : ' ';
    out[strlen(drawn)] = 0;
    for (size_t n = strlen(out); n > 0 && out[n - 1] == ' '; n--) out[n - 1] = 0;
    plan_close(plan);
    pool_close(pool);
    snapshot_release(s);
    site_close(x);
}

static struct rule a_then_b[] = {{.type = RULE_EVENT, .name = {"a", 1}},
                                 {.type = RULE_EVENT, .name = {"b", 1}}};

static const struct {
    const char *why;
    struct rule rule;
    const char *drawn, *hits;
} cases[] = {
    {"an event by name", {.type = RULE_EVENT, .name = {"a", 1}}, "ab-a", "^  ^"},
    {"a path exactly, page views only", {.type = RULE_DESTINATION, .path = {"/p", 2}}, "pqa", "^"},
    {"a path that begins",
     {.type = RULE_DESTINATION, .how = MATCH_BEGINS, .path = {"/q", 2}},
     "pq",
     " ^"},
    {"a path that contains",
     {.type = RULE_DESTINATION, .how = MATCH_CONTAINS, .path = {"/1", 2}},
     "pq",
     " ^"},
    {"a star in a path",
     {.type = RULE_DESTINATION, .how = MATCH_GLOB, .path = {"/*/1", 4}},
     "pq",
     " ^"},
    {"scroll at its edge", {.type = RULE_SCROLL, .at_least = 80}, "ps", " ^"},
    {"scroll past it", {.type = RULE_SCROLL, .at_least = 81}, "ps", ""},
    {"a value at its edge", {.type = RULE_VALUE, .at_least = 12.5}, "av", " ^"},
    {"a value past it", {.type = RULE_VALUE, .at_least = 12.51}, "av", ""},
    {"duration: once a session, where it is reached",
     {.type = RULE_DURATION, .at_least = 2},
     "a-a-a-a",
     "    ^"},
    {"duration: half an hour sharp keeps the session",
     {.type = RULE_DURATION, .at_least = 1800},
     "a=a",
     "  ^"},
    {"duration: a millisecond more ends it", {.type = RULE_DURATION, .at_least = 1800}, "a|a", ""},
    {"duration: offline events do not lengthen",
     {.type = RULE_DURATION, .at_least = 2},
     "a--o",
     ""},
    {"pages: the second of each session",
     {.type = RULE_PAGES, .at_least = 2},
     "p-q-p|p-p",
     "  ^     ^"},
    {"engaged: where the sum is reached",
     {.type = RULE_ENGAGED, .at_least = 8},
     "e-a-e-e",
     "    ^"},
    {"engaged: sums end with the session", {.type = RULE_ENGAGED, .at_least = 8}, "e|e", ""},
    {"signals keep a session open", {.type = RULE_PAGES, .at_least = 2}, "p=s=p", "    ^"},
    {"offline events do not", {.type = RULE_PAGES, .at_least = 2}, "p=o=p", ""},
    {"returns within a day", {.type = RULE_RETURNS, .within_ms = 86400000}, "a#a-a", "  ^"},
    {"returns: the first session is no return",
     {.type = RULE_RETURNS, .within_ms = 86400000},
     "a-a",
     ""},
    {"returns: a millisecond late", {.type = RULE_RETURNS, .within_ms = 86399999}, "a#a", ""},
    {"sequence: at what completes it",
     {.type = RULE_SEQUENCE, .within_ms = 2000, .children = a_then_b, .n_children = 2},
     "a--b",
     "   ^"},
    {"sequence: too late",
     {.type = RULE_SEQUENCE, .within_ms = 1999, .children = a_then_b, .n_children = 2},
     "a--b",
     ""},
    {"sequence: the latest start counts",
     {.type = RULE_SEQUENCE, .within_ms = 1000, .children = a_then_b, .n_children = 2},
     "a--a-b",
     "     ^"},
    {"sequence: each completion starts anew",
     {.type = RULE_SEQUENCE, .within_ms = 9000, .children = a_then_b, .n_children = 2},
     "abbab",
     " ^  ^"},
    {"sequence: not backwards",
     {.type = RULE_SEQUENCE, .within_ms = 9000, .children = a_then_b, .n_children = 2},
     "ba",
     ""},
};

static void drawn_rules(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hits[64];
        hits_of(cases[i].drawn, &cases[i].rule, hits);
        if (strcmp(hits, cases[i].hits) != 0)
            fail_msg("%s: \"%s\" is hit at \"%s\", not at \"%s\"", cases[i].why, cases[i].drawn,
                     hits, cases[i].hits);
    }
}

/* --- bots by behaviour --- */

static const struct {
    const char *why;
    enum event_origin origin;
    size_t n;        /* events ... */
    int64_t step_ms; /* ... so far apart ... */
    int64_t odd_ms;  /* ... every second one so much more */
    uint64_t left_out;
} bots[] = {
    {"20 as regular as a clock", ORIGIN_BROWSER, 20, 10000, 0, 1},
    {"19 of them may be chance", ORIGIN_BROWSER, 19, 10000, 0, 0},
    {"a person's rhythm", ORIGIN_BROWSER, 60, 10000, 3000, 0},
    {"121 within a minute", ORIGIN_BROWSER, 121, 400, 199, 1},
    {"120 within a minute", ORIGIN_BROWSER, 120, 400, 199, 0},
    {"from a server", ORIGIN_SERVER, 200, 100, 0, 0},
    {"an import is not judged", ORIGIN_IMPORT, 200, 100, 0, 0},
    {"unless it was asked for", ORIGIN_IMPORT_BOTS, 200, 100, 0, 1},
};

static void behaviour_of_bots(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof bots / sizeof *bots; i++) {
        struct index *x = site_open();
        struct pool *pool;
        struct plan *plan;
        struct seen seen;
        struct err err;
        int64_t at = INT64_C(1760000000000);
        for (size_t k = 0; k < bots[i].n; k++) {
            struct event e = {
                .seq = k + 1, .site = 1, .visitor = 5, .at_ms = at, .origin = bots[i].origin};
            e.text[TEXT_NAME] = STR("a");
            at += bots[i].step_ms + (k % 2 ? bots[i].odd_ms : 0);
            assert_int_equal(index_add(x, &e, &err), ERR_OK);
        }
        assert_int_equal(index_publish(x, bots[i].n, 1, &err), ERR_OK);
        struct snapshot *s = index_snapshot(x, 1);
        assert_int_equal(pool_open(1, &pool, &err), ERR_OK);
        assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
        assert_int_equal(scan_run(plan, pool, &seen_kernel, NULL, &seen, NULL, NULL, &err), ERR_OK);
        if (plan_bot_sessions(plan) != bots[i].left_out) fail_msg("%s", bots[i].why);
        assert_int_equal(*seen.text == 0, bots[i].left_out);
        plan_close(plan);
        pool_close(pool);
        snapshot_release(s);
        site_close(x);
    }
}

/* --- what is wrong with a question --- */

static void bad_questions_are_refused(void **unused)
{
    (void)unused;
    struct index *x = site_open();
    struct plan *plan;
    struct err err;
    unsigned n;
    struct str bracket[] = {STR("(")};
    struct condition bad_regex = {
        .property = STR("path"), .op = OP_REGEX, .values = bracket, .n_values = 1};
    struct condition unknown = {.property = STR("colour"), .op = OP_EXISTS};
    struct rule r = {.type = RULE_CONDITIONS, .where = &bad_regex, .n_where = 1};
    feed(x, 1, "ap", &(uint64_t){0});
    assert_int_equal(index_publish(x, 2, 1, &err), ERR_OK);
    struct snapshot *s = index_snapshot(x, 1);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    assert_int_equal(plan_predicate(plan, &r, &n, &err), ERR_INVALID);
    assert_string_equal(err.name, "bad_regex");
    r.where = &unknown;
    assert_int_equal(plan_predicate(plan, &r, &n, &err), ERR_INVALID);
    assert_string_equal(err.name, "unknown_property");
    assert_int_equal(plan_dimension(plan, STR("colour"), &n, &err), ERR_INVALID);
    plan_close(plan);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    struct rule a = {.type = RULE_EVENT, .name = STR("a")};
    for (unsigned i = 0; i < JOURNEY_MAX_PREDICATES; i++)
        assert_int_equal(plan_predicate(plan, &a, &n, &err), ERR_OK);
    assert_int_equal(plan_predicate(plan, &a, &n, &err), ERR_TOO_BIG);
    plan_close(plan);
    snapshot_release(s);
    site_close(x);
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static void a_question_can_be_withdrawn(void **unused)
{
    (void)unused;
    struct index *x = site_open();
    struct pool *pool;
    struct plan *plan;
    struct seen seen;
    struct err err;
    for (uint64_t i = 1; i <= 200000; i++) {
        struct event e = {.seq = i, .site = 1, .visitor = hash_mix(i / 9), .at_ms = (int64_t)i};
        e.text[TEXT_NAME] = STR("a");
        assert_int_equal(index_add(x, &e, &err), ERR_OK);
    }
    assert_int_equal(index_publish(x, 200000, 1, &err), ERR_OK);
    struct snapshot *s = index_snapshot(x, 1);
    assert_int_equal(pool_open(2, &pool, &err), ERR_OK);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    struct rule none = {.type = RULE_EVENT, .name = STR("none")};
    unsigned bit;
    assert_int_equal(plan_predicate(plan, &none, &bit, &err), ERR_OK);
    plan_require(plan, 1);
    assert_int_equal(scan_run(plan, pool, &seen_kernel, NULL, &seen, always, NULL, &err),
                     ERR_CANCELLED);
    assert_int_equal(scan_visitor(plan, 1, &seen_kernel, NULL, &seen, &err), ERR_NOT_FOUND);
    plan_close(plan);
    pool_close(pool);
    snapshot_release(s);
    site_close(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_bits),           cmocka_unit_test(drawn_rules),
        cmocka_unit_test(behaviour_of_bots),           cmocka_unit_test(bad_questions_are_refused),
        cmocka_unit_test(a_question_can_be_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
