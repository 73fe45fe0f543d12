/* The attempts first and totals, the orders any and open, sessions and held values, each against a
 * slow program that reads like its rule in METHODS 2.2; and every answer split and merged. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "kernels/funnel_random_test.h"

/* ---- first and totals: one attempt after another ---- */

struct counts {
    uint64_t stopped[FUNNEL_MAX_STEPS], excluded[FUNNEL_MAX_STEPS], reached[FUNNEL_MAX_STEPS];
    uint64_t continued[FUNNEL_MAX_STEPS];
};

/* Runs the attempt that starts at item `s`; gives the item from which the next may start. */
static size_t follow(const struct funnel_def *def, const struct items *in, size_t s,
                     struct counts *c)
{
    size_t level = 0, i = s;
    int64_t start = in->item[s].t, last = start;
    bool excluded = false;
    c->reached[0]++;
    for (i = s + 1; i < in->n; i++) {
        const struct item *x = &in->item[i];
        bool open = false, moved = false;
        for (size_t k = level + 1; k < def->n_steps; k++) open |= may_go(def, level, k, last, x->t);
        if (!open || !within(def, start, x->t)) break;
        for (size_t k = def->n_steps; k-- > level + 1 && !moved;) {
            if (!x->step[k] || !may_go(def, level, k, last, x->t)) continue;
            level = k;
            last = x->t;
            c->reached[k]++;
            moved = true;
        }
        if (moved && level + 1 == def->n_steps) {
            i++; /* it served: it cannot open the next one */
            break;
        }
        if (moved) continue;
        for (size_t e = 0; x->exclude && e < def->n_exclusions; e++)
            excluded |= level >= def->exclusion[e].from && level < def->exclusion[e].to;
        if (excluded || (def->order == FUNNEL_STRICT && x->interaction && !x->step[level])) break;
    }
    c->stopped[level]++;
    c->excluded[level] += excluded;
    return i;
}

static void greedy_oracle(const struct funnel_def *def, const struct items *in, struct counts *c)
{
    for (size_t i = 0; i < in->n;) {
        if (!enters(def, &in->item[i])) {
            i++;
            continue;
        }
        i = follow(def, in, i, c);
        if (def->attempts == FUNNEL_FIRST) return;
    }
}

/* ---- best, through the scan that funnel_oracle_test.c proves ---- */

static void best_counts(const struct funnel_attempt *a, struct counts *c)
{
    if (!a->level) return;
    c->stopped[a->level - 1]++;
    c->excluded[a->level - 1] += a->excluded;
    for (size_t k = 0; k < FUNNEL_MAX_STEPS; k++) c->reached[k] += a->path >> k & 1;
}

/* ---- any: fill a window from each event on ---- */

static void any_oracle(const struct funnel_def *def, const struct items *in, struct counts *c)
{
    size_t best = 0;
    for (size_t s = 0; s < in->n; s++) {
        bool done[FUNNEL_MAX_STEPS] = {false};
        size_t level = 0;
        if (in->item[s].t < def->from_ms || in->item[s].t >= def->to_ms) continue;
        for (size_t i = s; i < in->n && within(def, in->item[s].t, in->item[i].t); i++) {
            size_t k = 0;
            while (k < def->n_steps && (done[k] || !in->item[i].step[k])) k++;
            if (k == def->n_steps && i == s) break; /* the window's first event must count */
            if (k == def->n_steps) continue;
            done[k] = true;
            level++;
        }
        if (level > best) best = level;
    }
    if (!best) return;
    c->stopped[best - 1]++;
    for (size_t k = 0; k < best; k++) c->reached[k]++;
}

/* ---- open: which events of a step count, step by step ---- */

static void open_oracle(const struct funnel_def *def, const struct items *in, struct counts *c)
{
    bool counts[FUNNEL_MAX_STEPS][MAX_EVENTS] = {{false}};
    for (size_t k = 0; k < def->n_steps; k++) {
        bool did = false, continued = false;
        for (size_t i = 0; i < in->n; i++) {
            if (!in->item[i].step[k]) continue;
            bool from_before = false;
            for (size_t b = 0; k && b < i; b++)
                from_before |= counts[k - 1][b] && within(def, in->item[b].t, in->item[i].t);
            counts[k][i] =
                from_before || (in->item[i].t >= def->from_ms && in->item[i].t < def->to_ms);
            did |= counts[k][i];
            continued |= from_before;
        }
        c->reached[k] += did;
        c->continued[k] += continued;
    }
}

/* ---- comparing through the kernel ---- */

static void kernel_counts(const struct funnel_def *def, const struct journey *j, struct counts *out)
{
    struct err err = {0};
    struct funnel_state s = {0};
    struct funnel_answer r;
    struct arena a;
    struct funnel_limits limits = {4, 4};
    arena_init(&a, 1 << 22);
    assert_int_equal(funnel_check(def, &err), ERR_OK);
    assert_int_equal(funnel_kernel.init(&s, def, &err), ERR_OK);
    assert_int_equal(funnel_kernel.add(&s, def, j, &err), ERR_OK);
    assert_int_equal(funnel_finish(&s, def, &limits, &a, &r, &err), ERR_OK);
    for (size_t k = 0; k < def->n_steps; k++) {
        out->reached[k] = r.all.rows[k].reached;
        out->stopped[k] = def->order == FUNNEL_OPEN ? 0 : r.all.rows[k].stopped;
        out->excluded[k] = r.all.rows[k].excluded;
        out->continued[k] = r.all.rows[k].continued;
    }
    funnel_kernel.release(&s);
    arena_free(&a);
}

static void oracle_counts(const struct funnel_def *def, const struct journey *j, struct counts *out)
{
    struct items in;
    list_items(def, j, &in);
    if (def->order == FUNNEL_OPEN) {
        open_oracle(def, &in, out);
    } else if (def->order == FUNNEL_ANY) {
        any_oracle(def, &in, out);
    } else if (def->attempts != FUNNEL_BEST) {
        greedy_oracle(def, &in, out);
    } else {
        struct funnel_program p;
        struct funnel_attempt a = {0};
        funnel_compile(def, &p);
        funnel_best(&p, &(struct funnel_view){.j = j, .hi = j->n}, &a);
        best_counts(&a, out);
    }
}

/* The events of one session, as a journey of their own. */
static void session_only(const struct journey *j, uint32_t session, struct drawn *out)
{
    size_t n = 0;
    drawn_make(out, j->visitor, "", 1);
    for (size_t i = 0; i < j->n; i++) {
        if (j->session[i] != session) continue;
        out->at_ms[n] = j->at_ms[i];
        out->match[n] = j->match[i];
        out->flags[n] = j->flags[i];
        out->session[n] = 0;
        out->dim[n] = j->dim[0][i];
        out->name[n] = j->name[i];
        out->path[n++] = j->path[i];
    }
    out->j.n = n;
    out->j.n_sessions = 1;
    out->sessions[0] = (struct journey_session){.end = (uint32_t)n};
}

static void compare(const char *what, unsigned features, enum funnel_order order,
                    enum funnel_attempts attempts, enum funnel_scope scope)
{
    uint64_t seed = 99 + features;
    struct drawn d, part;
    for (uint64_t n = 0; n < JOURNEYS; n++) {
        struct funnel_def def = random_def(&seed, features);
        def.order = order;
        def.attempts = attempts;
        def.scope = scope;
        random_journey(&d, &seed, def.n_steps);
        struct counts got = {0}, want = {0};
        kernel_counts(&def, &d.j, &got);
        if (scope == FUNNEL_VISITOR) oracle_counts(&def, &d.j, &want);
        for (uint32_t s = 0; scope == FUNNEL_SESSION && s < d.j.n_sessions; s++) {
            session_only(&d.j, s, &part);
            oracle_counts(&def, &part.j, &want);
        }
        if (memcmp(&got, &want, sizeof got) == 0) continue;
        for (size_t i = 0; i < d.j.n; i++)
            print_message("%" PRId64 ":%" PRIx64 "%s ", d.at_ms[i], d.match[i],
                          d.flags[i] & JF_INTERACTION ? "" : "~");
        for (size_t k = 0; k < def.n_steps; k++)
            print_message(
                "\nstep %zu bit %u: stopped %" PRIu64 " %" PRIu64 ", reached %" PRIu64 " %" PRIu64,
                k, def.bit[k], got.stopped[k], want.stopped[k], got.reached[k], want.reached[k]);
        fail_msg("\n%s: journey %" PRIu64 ", window %" PRId64 ", ties %d", what, n, def.window_ms,
                 def.ties);
    }
}

static void first_takes_each_step_at_its_earliest(void **unused)
{
    (void)unused;
    compare("first", PLAIN, FUNNEL_ORDERED, FUNNEL_FIRST, FUNNEL_VISITOR);
    compare("first, all", GAP | EXCLUSION | OPTIONAL, FUNNEL_ORDERED, FUNNEL_FIRST, FUNNEL_VISITOR);
    compare("first, strict", PLAIN, FUNNEL_STRICT, FUNNEL_FIRST, FUNNEL_VISITOR);
}

static void totals_count_attempts_that_do_not_overlap(void **unused)
{
    (void)unused;
    compare("totals", PLAIN, FUNNEL_ORDERED, FUNNEL_TOTALS, FUNNEL_VISITOR);
    compare("totals, all", GAP | EXCLUSION | OPTIONAL, FUNNEL_ORDERED, FUNNEL_TOTALS,
            FUNNEL_VISITOR);
    compare("totals, strict", EXCLUSION, FUNNEL_STRICT, FUNNEL_TOTALS, FUNNEL_VISITOR);
}

static void any_is_the_fullest_window(void **unused)
{
    (void)unused;
    compare("any", PLAIN, FUNNEL_ANY, FUNNEL_BEST, FUNNEL_VISITOR);
}

static void open_enters_anywhere(void **unused)
{
    (void)unused;
    compare("open", PLAIN, FUNNEL_OPEN, FUNNEL_BEST, FUNNEL_VISITOR);
}

static void a_session_is_a_journey_of_its_own(void **unused)
{
    (void)unused;
    compare("best in sessions", EXCLUSION, FUNNEL_ORDERED, FUNNEL_BEST, FUNNEL_SESSION);
    compare("totals in sessions", GAP, FUNNEL_ORDERED, FUNNEL_TOTALS, FUNNEL_SESSION);
    compare("any in sessions", PLAIN, FUNNEL_ANY, FUNNEL_BEST, FUNNEL_SESSION);
    compare("open in sessions", PLAIN, FUNNEL_OPEN, FUNNEL_BEST, FUNNEL_SESSION);
}

/* Held values: for each value a journey in which only its events are steps, and the deepest wins.
 */
static void held_values_are_journeys_apart(void **unused)
{
    uint64_t seed = 5;
    struct drawn d, part;
    (void)unused;
    for (uint64_t n = 0; n < JOURNEYS; n++) {
        struct funnel_def def = random_def(&seed, PLAIN);
        def.attempts = n % 3 == 0 ? FUNNEL_TOTALS : FUNNEL_BEST;
        random_journey(&d, &seed, def.n_steps);
        struct counts want = {0};
        size_t deepest = 0;
        for (uint32_t value = 1; value < 3; value++) {
            struct counts c = {0};
            drawn_make(&part, 0, "", 1);
            part.j.n = d.j.n;
            for (size_t i = 0; i < d.j.n; i++) {
                part.at_ms[i] = d.at_ms[i];
                part.flags[i] = d.flags[i];
                part.match[i] = d.dim[i] == value ? d.match[i] : 0;
            }
            oracle_counts(&def, &part.j, def.attempts == FUNNEL_TOTALS ? &want : &c);
            for (size_t k = 0; k < def.n_steps; k++)
                if (c.stopped[k] && k + 1 > deepest) {
                    want = c;
                    deepest = k + 1;
                }
        }
        def.n_hold = 1;
        struct counts got = {0};
        kernel_counts(&def, &d.j, &got);
        if (memcmp(&got, &want, sizeof got)) fail_msg("journey %" PRIu64, n);
    }
}

/* ---- merging ---- */

static void put_result(struct buf *b, const struct funnel_result *r)
{
    buf_u64(b, r->entered);
    for (size_t k = 0; k < r->n_rows; k++) {
        const struct funnel_row *x = &r->rows[k];
        buf_printf(b,
                   "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                   " %" PRIu64 " n%" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " of %" PRIu64
                   " %" PRIu64 ";",
                   x->reached, x->stopped, x->dropped, x->excluded, x->completed, x->continued,
                   x->entered_here, x->times.n, x->times.p50_ms, x->times.p75_ms, x->times.p90_ms,
                   x->dropped_of, x->continued_of);
        for (size_t i = 0; i < x->n_went; i++)
            buf_printf(b, "%d:%u %" PRIu64 " %" PRIu64 ",", x->went[i].kind, x->went[i].code,
                       x->went[i].dropped, x->went[i].continued);
    }
}

/* The whole answer as bytes, from visitors dealt to `n_parts` states and merged in some order. */
static void answer_bytes(const struct funnel_def *def, uint64_t journeys_seed, size_t n_parts,
                         uint64_t seed, struct buf *out)
{
    struct funnel_state part[5] = {{0}};
    struct err err = {0};
    struct drawn d;
    struct funnel_answer r;
    struct arena a;
    struct funnel_limits limits = {2, 3};
    for (size_t p = 0; p < n_parts; p++)
        assert_int_equal(funnel_kernel.init(&part[p], def, &err), ERR_OK);
    for (size_t v = 0; v < 200; v++) {
        random_journey(&d, &journeys_seed, def->n_steps);
        assert_int_equal(funnel_kernel.add(&part[below(&seed, n_parts)], def, &d.j, &err), ERR_OK);
    }
    while (n_parts > 1) {
        size_t into = below(&seed, n_parts - 1);
        assert_int_equal(funnel_kernel.merge(&part[into], &part[n_parts - 1], &err), ERR_OK);
        funnel_kernel.release(&part[--n_parts]);
    }
    arena_init(&a, 1 << 22);
    assert_int_equal(funnel_finish(&part[0], def, &limits, &a, &r, &err), ERR_OK);
    buf_clear(out);
    put_result(out, &r.all);
    for (size_t i = 0; i < r.n_groups; i++) {
        buf_u32(out, r.groups[i].code);
        put_result(out, &r.groups[i].result);
    }
    put_result(out, &r.other);
    assert_false(out->bad);
    funnel_kernel.release(&part[0]);
    arena_free(&a);
}

static void any_split_merges_to_the_same_answer(void **unused)
{
    uint64_t seed = 3;
    struct buf whole = {0}, merged = {0};
    (void)unused;
    for (uint64_t n = 0; n < 300; n++) {
        enum funnel_order order = (enum funnel_order)(n % 4);
        bool free_order = order == FUNNEL_ANY || order == FUNNEL_OPEN;
        struct funnel_def def = random_def(&seed, free_order ? PLAIN : (unsigned)below(&seed, 8));
        def.order = order;
        def.attempts = free_order ? FUNNEL_BEST : (enum funnel_attempts)below(&seed, 3);
        def.scope = (enum funnel_scope)below(&seed, 2);
        def.destinations = true;
        def.breakdown = true;
        def.breakdown_step = below(&seed, def.n_steps);
        uint64_t journeys = rand_next(&seed);
        answer_bytes(&def, journeys, 1, 1, &whole);
        for (uint64_t again = 0; again < 3; again++) {
            answer_bytes(&def, journeys, 2 + below(&seed, 4), rand_next(&seed), &merged);
            assert_true(str_eq(buf_view(&whole), buf_view(&merged)));
        }
    }
    buf_free(&whole);
    buf_free(&merged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_takes_each_step_at_its_earliest),
        cmocka_unit_test(totals_count_attempts_that_do_not_overlap),
        cmocka_unit_test(any_is_the_fullest_window),
        cmocka_unit_test(open_enters_anywhere),
        cmocka_unit_test(a_session_is_a_journey_of_its_own),
        cmocka_unit_test(held_values_are_journeys_apart),
        cmocka_unit_test(any_split_merges_to_the_same_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
