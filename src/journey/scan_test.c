/* scan_test.c: what rules, filters and dimensions say of drawn journeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/pool.h"
#include "journey/index.h"
#include "journey/scan.h"

/* --- a site in memory
 * ------------------------------------------------------------------------------*/

static struct index *site_open(void)
{
    struct index *x;
    struct err err;
    char dir[] = "/tmp/cairn-scan-XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_int_equal(index_open(&fs_real, &(struct index_options){.dir = dir}, &x, &err), ERR_OK);
    return x;
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

/* --- a kernel that writes match bits down as text
 * ----------------------------------------------------*/

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
    index_close(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
