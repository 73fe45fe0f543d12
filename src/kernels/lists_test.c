/* lists_test.c: the newest events, the latest visitors and the kinds of ids: kept alike however the
 * visitors are split and in whatever order the parts come together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"
#include "kernels/drawn_test.h"
#include "kernels/ids.h"
#include "kernels/people.h"
#include "kernels/recent.h"

enum { VISITORS = 60, SPLITS = 40, MINUTE = 60000 };

/* A few events within an hour, some of predicate A, so that times often tie between visitors. */
static void draw(struct drawn *d, uint64_t visitor)
{
    uint64_t seed = visitor;
    char line[200] = "";
    unsigned at = 0;
    for (uint64_t i = rand_next(&seed) % 6 + 1; i > 0; i--) {
        size_t used = strlen(line);
        at += (unsigned)(rand_next(&seed) % 8);
        snprintf(line + used, sizeof line - used, "%s%s%u ", rand_next(&seed) % 4 ? "" : "| ",
                 rand_next(&seed) % 3 ? "." : "A", at);
    }
    drawn_make(d, visitor, line, MINUTE);
    d->j.id_kind = (uint8_t)(visitor % 3);
}

/* All visitors through one state, or split over eight and merged in an order of the seed. */
static void run(const struct kernel *k, const void *def, uint64_t seed, void *out)
{
    enum { PARTS = 8 };
    static struct drawn d;
    void *part[PARTS];
    for (int i = 0; i < PARTS; i++) {
        part[i] = calloc(1, k->state_size);
        assert_int_equal(k->init(part[i], def, NULL), ERR_OK);
    }
    for (uint64_t v = 1; v <= VISITORS; v++) {
        draw(&d, v);
        void *to = part[seed ? rand_next(&seed) % PARTS : 0];
        assert_int_equal(k->add(to, def, &d.j, NULL), ERR_OK);
    }
    memset(out, 0, k->state_size);
    assert_int_equal(k->init(out, def, NULL), ERR_OK);
    for (int left = PARTS; left > 0; left--) {
        size_t i = seed ? rand_next(&seed) % (size_t)left : 0;
        assert_int_equal(k->merge(out, part[i], NULL), ERR_OK);
        if (k->release) k->release(part[i]);
        free(part[i]);
        part[i] = part[left - 1];
    }
}

static void keeps_the_newest_events(void **state)
{
    (void)state;
    static struct recent_state whole, merged;
    const struct recent_def def = {.bits = 1, .limit = 10};
    run(&recent_kernel, &def, 0, &whole);
    assert_int_equal(whole.n, 10);
    for (size_t i = 1; i < whole.n; i++)
        assert_true(whole.event[i - 1].at_ms >= whole.event[i].at_ms);
    /* Nobody outside of the list is newer than its last. */
    static struct drawn d;
    for (uint64_t v = 1; v <= VISITORS; v++) {
        draw(&d, v);
        for (size_t i = 0; i < d.j.n; i++) {
            bool listed = false;
            for (size_t k = 0; k < whole.n; k++)
                listed |= whole.event[k].visitor == v && whole.event[k].place == i;
            if (d.match[i] && !listed) assert_true(d.at_ms[i] <= whole.event[whole.n - 1].at_ms);
        }
    }
    for (uint64_t seed = 1; seed <= SPLITS; seed++) {
        run(&recent_kernel, &def, seed, &merged);
        assert_int_equal(merged.n, whole.n);
        assert_memory_equal(merged.event, whole.event, whole.n * sizeof *whole.event);
    }
}

static void keeps_the_latest_people(void **state)
{
    (void)state;
    struct people_state whole, merged;
    const struct people_def def = {.bits = 1, .limit = 7};
    run(&people_kernel, &def, 0, &whole);
    uint64_t total = 0;
    static struct drawn d;
    for (uint64_t v = 1; v <= VISITORS; v++) {
        bool in = false;
        draw(&d, v);
        for (size_t i = 0; i < d.j.n; i++) in |= d.match[i] != 0;
        total += in;
    }
    assert_int_equal(whole.total, total);
    assert_int_equal(whole.n, 7);
    for (uint64_t seed = 1; seed <= SPLITS; seed++) {
        run(&people_kernel, &def, seed, &merged);
        assert_int_equal(merged.total, total);
        assert_int_equal(merged.n, whole.n);
        for (size_t i = 0; i < whole.n; i++)
            assert_int_equal(merged.person[i].visitor, whole.person[i].visitor);
        people_kernel.release(&merged);
    }
    people_kernel.release(&whole);
}

/* Who is in a step's number is in its list: the funnel's own answer for everybody. */
static void lists_whom_the_funnel_counts(void **state)
{
    (void)state;
    struct funnel_def funnel = {
        .n_steps = 2, .bit = {0, 0}, .to_ms = INT64_MAX, .window_ms = 9 * MINUTE};
    const struct funnel_limits limits = {1, 1};
    struct funnel_state counted;
    struct funnel_answer answer;
    struct arena a;
    arena_init(&a, 1 << 20);
    run(&funnel_kernel, &funnel, 0, &counted);
    assert_int_equal(funnel_finish(&counted, &funnel, &limits, &a, &answer, NULL), ERR_OK);
    funnel_kernel.release(&counted);
    for (size_t step = 0; step < 2; step++) {
        for (int did = PEOPLE_REACHED; did <= PEOPLE_DROPPED; did++) {
            const struct funnel_row *row = &answer.all.rows[step];
            const struct people_def def = {.funnel = &funnel,
                                           .funnel_step = step,
                                           .did = (enum people_funnel)did,
                                           .limit = PEOPLE_MAX};
            struct people_state s;
            run(&people_kernel, &def, 3, &s);
            assert_int_equal(s.total, did == PEOPLE_REACHED ? row->reached : row->dropped);
            people_kernel.release(&s);
        }
    }
    assert_true(answer.all.rows[0].dropped > 0 && answer.all.rows[1].reached > 0);
    arena_free(&a);
}

static void counts_kinds_of_ids(void **state)
{
    (void)state;
    const struct ids_def def = {0, INT64_MAX, 0};
    for (uint64_t seed = 0; seed <= SPLITS; seed++) {
        struct ids_state s;
        run(&ids_kernel, &def, seed, &s);
        for (int kind = 0; kind < 3; kind++) assert_int_equal(s.visitors[kind], VISITORS / 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_newest_events),
        cmocka_unit_test(keeps_the_latest_people),
        cmocka_unit_test(lists_whom_the_funnel_counts),
        cmocka_unit_test(counts_kinds_of_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
