/* race_test.c: one thread feeds, one writes out, one asks, and the merger does its work: every
 * answer is that of some publication.  Worth most under SAN=thread. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/pool.h"
#include "journey/index.h"
#include "journey/scan.h"

enum { EVENTS = 20000, PORTION = 250 }; /* every publication ends with a whole portion */

struct shared {
    struct index *x;
    atomic_bool fed;
    atomic_int failures;
};

static void *feed(void *arg)
{
    struct shared *s = arg;
    struct err err;
    for (uint64_t i = 1; i <= EVENTS; i++) {
        char path[32], props[64];
        struct event e = {
            .seq = i, .site = 1, .visitor = i % 300 + 1, .at_ms = (int64_t)i * 9999999};
        e.text[TEXT_NAME] = i % PORTION ? STR("pageview") : STR("last");
        e.text[TEXT_PATH] =
            (struct str){path, (size_t)snprintf(path, sizeof path, "/%d", (int)i / 9)};
        e.text[TEXT_SOURCE] = (struct str){path, 3};
        e.text[TEXT_PROPS] = (struct str){
            props, (size_t)snprintf(props, sizeof props, "{\"k%d\":\"%d\"}", (int)i % 90, (int)i)};
        if (index_add(s->x, &e, &err) != ERR_OK) atomic_fetch_add(&s->failures, 1);
        if (i % PORTION == 0 && index_publish(s->x, i, (int64_t)i, &err) != ERR_OK)
            atomic_fetch_add(&s->failures, 1);
    }
    atomic_store(&s->fed, true);
    return NULL;
}

static void *persist(void *arg)
{
    struct shared *s = arg;
    struct err err;
    while (!atomic_load(&s->fed))
        if (index_persist(s->x, &err) != ERR_OK) atomic_fetch_add(&s->failures, 1);
    return NULL;
}

struct tally {
    uint64_t events, lasts;
};
static err_code tally_init(void *state, const void *def, struct err *err)
{
    (void)state, (void)def, (void)err;
    return ERR_OK;
}
static err_code tally_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct tally *t = state;
    (void)def, (void)err;
    t->events += j->n;
    for (size_t i = 0; i < j->n; i++) t->lasts += j->match[i] & 1;
    return ERR_OK;
}
static err_code tally_merge(void *into, void *from, struct err *err)
{
    struct tally *a = into, *b = from;
    (void)err;
    a->events += b->events;
    a->lasts += b->lasts;
    return ERR_OK;
}
static const struct kernel tally_kernel = {sizeof(struct tally), tally_init, tally_add, tally_merge,
                                           NULL};

static struct tally ask(struct index *x, struct pool *pool)
{
    struct err err;
    struct plan *plan;
    struct tally t;
    unsigned bit, slot;
    struct rule last = {.type = RULE_EVENT, .name = STR("last")};
    struct snapshot *s = index_snapshot(x, 1);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    assert_int_equal(plan_predicate(plan, &last, &bit, &err), ERR_OK);
    assert_int_equal(plan_dimension(plan, STR("source"), &slot, &err), ERR_OK);
    assert_int_equal(plan_dimension(plan, STR("props.k7"), &slot, &err), ERR_OK);
    assert_int_equal(scan_run(plan, pool, &tally_kernel, NULL, &t, NULL, NULL, &err), ERR_OK);
    assert_int_equal(t.events, snapshot_events(s));
    plan_close(plan);
    snapshot_release(s);
    return t;
}

static void answers_are_of_publications(void **unused)
{
    (void)unused;
    char dir[] = "/tmp/cairn-race-XXXXXX", command[64];
    struct shared s = {.fed = false, .failures = 0};
    struct err err;
    struct pool *pool;
    pthread_t feeder, writer;
    uint64_t before = 0;
    assert_non_null(mkdtemp(dir));
    /* So little memory that the merger writes out, too. */
    struct index_options options = {.dir = dir, .memory_bytes = 20000};
    assert_int_equal(index_open(&fs_real, &options, &s.x, &err), ERR_OK);
    assert_int_equal(pool_open(2, &pool, &err), ERR_OK);
    assert_int_equal(pthread_create(&feeder, NULL, feed, &s), 0);
    assert_int_equal(pthread_create(&writer, NULL, persist, &s), 0);
    while (!atomic_load(&s.fed)) {
        struct tally t = ask(s.x, pool);
        assert_true(t.events >= before);
        assert_int_equal(t.events % PORTION, 0);
        assert_int_equal(t.lasts, t.events / PORTION);
        before = t.events;
    }
    pthread_join(feeder, NULL);
    pthread_join(writer, NULL);
    assert_int_equal(ask(s.x, pool).events, EVENTS);
    index_close(s.x);
    assert_int_equal(index_open(&fs_real, &options, &s.x, &err), ERR_OK);
    assert_int_equal(ask(s.x, pool).lasts, EVENTS / PORTION);
    assert_int_equal(atomic_load(&s.failures), 0);
    index_close(s.x);
    pool_close(pool);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_are_of_publications)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
