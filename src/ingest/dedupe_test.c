#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "event/limits.h"
#include "ingest/dedupe.h"

static struct dedupe *d;

static int set_up(void **state)
{
    (void)state;
    return dedupe_open(&d, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dedupe_close(d);
    return 0;
}

static err_code append_ok(void *arg, struct err *err)
{
    (void)err;
    if (arg) ++*(int *)arg;
    return ERR_OK;
}

static err_code append_full(void *arg, struct err *err)
{
    (void)arg;
    return err_set(err, ERR_NOMEM, 0, "the queue is full");
}

static bool is_duplicate(uint64_t key, int64_t now_ms, bool any_age)
{
    struct dedupe_key k = {.key = key};
    assert_int_equal(dedupe_commit(d, &k, 1, now_ms, any_age, append_ok, NULL, NULL), ERR_OK);
    return k.duplicate;
}

static void what_was_refused_is_not_remembered(void **state)
{
    (void)state;
    struct dedupe_key keys[] = {{.key = 5}, {.key = 0}, {.key = 6}, {.key = 5}, {.key = 0}};
    struct err err = {0};
    assert_int_equal(dedupe_commit(d, keys, 5, 0, false, append_full, NULL, &err), ERR_NOMEM);
    assert_string_equal(err.msg, "the queue is full");
    assert_int_equal(dedupe_commit(d, keys, 5, 0, false, append_ok, NULL, NULL), ERR_OK);
    const bool expected[] = {false, false, false, true, false};
    for (int i = 0; i < 5; i++) assert_true(keys[i].duplicate == expected[i]);
    assert_int_equal(dedupe_commit(d, keys, 5, 0, false, append_full, NULL, NULL), ERR_NOMEM);
    assert_true(is_duplicate(5, 0, false)); /* what was there before the refusal still is */
}

static void an_expired_id_survives_a_refusal_as_it_was(void **state)
{
    (void)state;
    struct dedupe_key k = {.key = 9};
    int64_t later = LIMIT_DEDUPE_MS + 1;
    assert_false(is_duplicate(9, 0, false));
    assert_int_equal(dedupe_commit(d, &k, 1, later, false, append_full, NULL, NULL), ERR_NOMEM);
    assert_true(is_duplicate(9, later, true));
    assert_false(is_duplicate(9, later, false));
}

static void ids_live_for_seven_days(void **state)
{
    (void)state;
    assert_false(is_duplicate(1, 1000, false));
    assert_true(is_duplicate(1, 1000 + LIMIT_DEDUPE_MS, false));
    assert_false(is_duplicate(1, 1001 + LIMIT_DEDUPE_MS, false));
    assert_true(is_duplicate(1, 1002 + LIMIT_DEDUPE_MS, false));
}

static void an_import_knows_ids_of_any_age(void **state)
{
    (void)state;
    int64_t now = 100 * (int64_t)LIMIT_DEDUPE_MS;
    for (uint64_t i = 1; i <= 20000; i++) dedupe_seen(d, hash_mix(i), 0, now);
    for (uint64_t i = 1; i <= 20000; i++) assert_true(is_duplicate(hash_mix(i), now, true));
    assert_false(is_duplicate(hash_mix(7), now, false));
}

static void a_small_plain_oracle_agrees(void **state)
{
    (void)state;
    enum { IDS = 300, ROUNDS = 20000 };
    static int64_t seen_ms[IDS]; /* -1: never */
    for (int i = 0; i < IDS; i++) seen_ms[i] = -1;
    uint64_t rng = 1;
    int64_t now = 0;
    for (int round = 0; round < ROUNDS; round++) {
        now += (int64_t)(rand_next(&rng) % (LIMIT_DEDUPE_MS / 200));
        struct dedupe_key keys[4];
        int ids[4];
        size_t n = 1 + rand_next(&rng) % 4;
        bool refuse = rand_next(&rng) % 5 == 0, forget = rand_next(&rng) % 7 == 0;
        for (size_t i = 0; i < n; i++) {
            ids[i] = (int)(rand_next(&rng) % IDS);
            keys[i].key = hash_mix((uint64_t)ids[i] + 1);
        }
        err_code code =
            dedupe_commit(d, keys, n, now, false, refuse ? append_full : append_ok, NULL, NULL);
        assert_int_equal(code, refuse ? ERR_NOMEM : ERR_OK);
        if (refuse) continue;
        for (size_t i = 0; i < n; i++) {
            bool expected = seen_ms[ids[i]] >= 0 && now - seen_ms[ids[i]] <= LIMIT_DEDUPE_MS;
            if (keys[i].duplicate != expected) fail_msg("round %d id %d", round, ids[i]);
            if (!expected) seen_ms[ids[i]] = now;
        }
        if (forget && !keys[0].duplicate) {
            dedupe_forget(d, &keys[0].key, 1);
            seen_ms[ids[0]] = -1;
        }
    }
}

/* --- threads --- */

enum { THREADS = 4, KEYS = 2000 };
static atomic_int wins[KEYS];

static void *send_all(void *arg)
{
    uint64_t rng = (uint64_t)(uintptr_t)arg;
    for (int i = 0; i < KEYS; i++) {
        struct dedupe_key two[2] = {{.key = hash_mix((uint64_t)i + 1)},
                                    {.key = hash_mix(rand_next(&rng) % KEYS + 1)}};
        bool refuse = rand_next(&rng) % 3 == 0;
        if (refuse) {
            (void)!dedupe_commit(d, two, 2, 0, false, append_full, NULL, NULL);
            i--; /* again, until it is taken */
            continue;
        }
        if (dedupe_commit(d, two, 1, 0, false, append_ok, NULL, NULL) == ERR_OK &&
            !two[0].duplicate)
            atomic_fetch_add(&wins[i], 1);
    }
    return NULL;
}

static void exactly_one_wins(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < KEYS; i++) assert_int_equal(atomic_load(&wins[i]), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_refused_is_not_remembered),
        TEST(an_expired_id_survives_a_refusal_as_it_was),
        TEST(ids_live_for_seven_days),
        TEST(an_import_knows_ids_of_any_age),
        TEST(a_small_plain_oracle_agrees),
        TEST(exactly_one_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
