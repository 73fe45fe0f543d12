/* Funnels against slow, obvious programs on random journeys: for each attempt, every way in which
 * it can take the events is followed, and nothing is forgotten (METHODS 2.2 asks for this test). */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernels/funnel_random_test.h"

/* ---- best, ordered and strict: every attempt, every way ---- */

struct oracle {
    size_t level; /* plus one */
    int64_t start;
    size_t place; /* of the item that made the level */
    bool excluded;
};

enum { MAX_WAYS = MAX_EVENTS * 4 };

/* All (level, time of the last step) that the attempt starting at item `s` can be in.  Entries of
 * one instant are one attempt: an exclusion ends them together. */
static struct oracle one_attempt(const struct funnel_def *def, const struct items *in, size_t s)
{
    struct {
        size_t level;
        int64_t last;
        bool dead;
    } way[MAX_WAYS * 4];
    size_t n = 0;
    const int64_t start = in->item[s].t;
    struct oracle r = {.level = 1, .start = start, .place = s};
    for (size_t i = 0; i < in->n; i++) {
        const struct item *x = &in->item[i];
        if (x->t < start) continue;
        size_t known = n; /* an event moves no way twice */
        for (size_t w = 0; w < known; w++) {
            if (way[w].dead || !within(def, start, x->t)) continue;
            for (size_t k = 1; k < def->n_steps; k++) {
                if (!x->step[k] || !may_go(def, way[w].level, k, way[w].last, x->t)) continue;
                bool have = false;
                for (size_t o = known; o < n; o++) have |= way[o].level == k;
                if (have) continue;
                assert_true(n < sizeof way / sizeof *way);
                way[n].level = k;
                way[n].last = x->t;
                way[n++].dead = false;
                if (k + 1 > r.level) {
                    r.level = k + 1;
                    r.place = i;
                    r.excluded = false;
                }
            }
        }
        if (enters(def, x) && x->t == start) {
            way[n].level = 0;
            way[n].last = start;
            way[n++].dead = false;
        }
        for (size_t e = 0; x->exclude && e < def->n_exclusions; e++) {
            const struct funnel_exclusion *ex = &def->exclusion[e];
            bool hit = false;
            for (size_t w = 0; w < n; w++)
                hit |= !way[w].dead && way[w].level >= ex->from && way[w].level < ex->to &&
                       within(def, start, x->t);
            for (size_t w = 0; hit && w < n; w++) way[w].dead |= way[w].level < ex->to;
            if (hit && r.level <= ex->to) r.excluded = true;
        }
        for (size_t w = 0; def->order == FUNNEL_STRICT && x->interaction && w < n; w++)
            way[w].dead |= !x->step[way[w].level];
    }
    return r;
}

static struct oracle best_oracle(const struct funnel_def *def, const struct items *in)
{
    struct oracle best = {0};
    for (size_t s = 0; s < in->n; s++) {
        if (!enters(def, &in->item[s])) continue;
        if (s && enters(def, &in->item[s - 1]) && in->item[s - 1].t == in->item[s].t) continue;
        struct oracle r = one_attempt(def, in, s);
        /* The deepest; then who got there first; then the latest to start. */
        if (r.level > best.level || (r.level == best.level && r.place < best.place) ||
            (r.level == best.level && r.place == best.place && r.start >= best.start))
            best = r;
    }
    return best;
}

static void show(const char *what, const struct funnel_def *def, const struct journey *j,
                 uint64_t n, const struct oracle *want, const struct funnel_attempt *got)
{
    print_message("%s, journey %" PRIu64 ": window %" PRId64 ", range %" PRId64 "..%" PRId64
                  ", ties %s\n",
                  what, n, def->window_ms, def->from_ms, def->to_ms,
                  def->ties == FUNNEL_TIES_ANY ? "any" : "arrival");
    for (size_t k = 0; k < def->n_steps; k++)
        print_message("  step %zu: %c, gap %" PRId64 "%s\n", k, 'A' + def->bit[k],
                      def->max_gap_ms[k], def->optional[k] ? ", optional" : "");
    for (size_t x = 0; x < def->n_exclusions; x++)
        print_message("  exclude between %u and %u\n", def->exclusion[x].from,
                      def->exclusion[x].to);
    for (size_t i = 0; i < j->n; i++) {
        print_message("  %" PRId64 ":", j->at_ms[i]);
        for (int b = 0; b < 26; b++)
            if (j->match[i] >> b & 1) print_message("%c", 'A' + b);
        print_message("%s%s\n", j->flags[i] & JF_INTERACTION ? "" : "~",
                      j->session[i] == JOURNEY_NO_SESSION ? "@" : "");
    }
    fail_msg("level %zu start %" PRId64 "%s, want %zu %" PRId64 "%s", got->level,
             got->level ? got->start_ms : 0, got->excluded ? " excluded" : "", want->level,
             want->start, want->excluded ? " excluded" : "");
}

static bool same(const struct oracle *o, const struct funnel_attempt *a)
{
    return o->level == a->level &&
           (!o->level || (o->start == a->start_ms && o->excluded == a->excluded));
}

/* 60,000 journeys; the number of them on which the scan and the oracle differ. */
static size_t compare_best(const char *what, unsigned features, enum funnel_order order,
                           bool level_only, size_t allowed)
{
    uint64_t seed = 42 + features;
    size_t differ = 0;
    struct drawn d;
    struct items in;
    for (uint64_t n = 0; n < JOURNEYS; n++) {
        struct funnel_def def = random_def(&seed, features);
        def.order = order;
        random_journey(&d, &seed, def.n_steps);
        struct funnel_program p;
        struct funnel_attempt got = {0};
        funnel_compile(&def, &p);
        funnel_best(&p, &(struct funnel_view){.j = &d.j, .hi = d.j.n}, &got);
        list_items(&def, &d.j, &in);
        struct oracle want = best_oracle(&def, &in);
        if (level_only ? want.level == got.level : same(&want, &got)) continue;
        if (++differ > allowed) show(what, &def, &d.j, n, &want, &got);
    }
    return differ;
}

static void plain_equals_every_attempt(void **unused)
{
    (void)unused;
    compare_best("plain", PLAIN, FUNNEL_ORDERED, false, 0);
}
static void gaps_equal_every_attempt(void **unused)
{
    (void)unused;
    compare_best("gap", GAP, FUNNEL_ORDERED, false, 0);
}
static void exclusions_equal_every_attempt(void **unused)
{
    (void)unused;
    compare_best("exclusion", EXCLUSION, FUNNEL_ORDERED, false, 0);
}
static void optional_steps_equal_every_attempt(void **unused)
{
    (void)unused;
    compare_best("optional", OPTIONAL, FUNNEL_ORDERED, false, 0);
}
static void strict_equals_every_attempt(void **unused)
{
    (void)unused;
    compare_best("strict", PLAIN, FUNNEL_STRICT, false, 0);
    /* An attempt that lives on at a lower step only has no reason to show: levels alone. */
    compare_best("strict with exclusions", EXCLUSION, FUNNEL_STRICT, true, 0);
}

/* Gaps, exclusions and optional steps at once: there the scan is the definition, and one journey in
 * many thousands may differ from every attempt followed by itself. */
static void all_at_once_nearly_equal_every_attempt(void **unused)
{
    (void)unused;
    compare_best("all at once", GAP | EXCLUSION | OPTIONAL, FUNNEL_ORDERED, true, JOURNEYS / 2000);
}

/* The fast path says the same as the general scan, to each event of the counted attempt. */
static void the_fast_path_equals_the_scan(void **unused)
{
    uint64_t seed = 7;
    struct drawn d;
    (void)unused;
    for (uint64_t n = 0; n < JOURNEYS; n++) {
        struct funnel_def def = random_def(&seed, PLAIN);
        random_journey(&d, &seed, def.n_steps);
        struct funnel_program p;
        struct funnel_attempt slow = {0}, fast = {0};
        funnel_compile(&def, &p);
        assert_true(p.plain);
        funnel_best(&p, &(struct funnel_view){.j = &d.j, .hi = d.j.n}, &slow);
        funnel_plain(&p, &d.j, &fast);
        struct oracle want = {.level = slow.level, .start = slow.start_ms};
        bool equal = same(&want, &fast) && (!slow.level || slow.path == fast.path);
        for (size_t k = 0; k < slow.level; k++) equal &= slow.at[k] == fast.at[k];
        if (!equal) show("fast path", &def, &d.j, n, &want, &fast);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once_nearly_equal_every_attempt),
        cmocka_unit_test(the_fast_path_equals_the_scan),
        cmocka_unit_test(plain_equals_every_attempt),
        cmocka_unit_test(gaps_equal_every_attempt),
        cmocka_unit_test(exclusions_equal_every_attempt),
        cmocka_unit_test(optional_steps_equal_every_attempt),
        cmocka_unit_test(strict_equals_every_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
