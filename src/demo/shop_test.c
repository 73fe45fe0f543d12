#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include "demo/shop.h"

/* 2026-10-01 00:00 UTC */
static const int64_t UNTIL = INT64_C(1790812800000);

struct tally {
    uint64_t n, digest, by_name[64], phones, phone_orders, desktop_carts, phone_carts,
        desktop_orders;
    int64_t first_ms, last_ms;
    char names[64][32];
    size_t n_names;
    uint64_t guided, guided_carts, plain, plain_carts; /* visits with and without the size guide */
    bool guide, cart;
    uint64_t visit;
};

static size_t name_index(struct tally *t, struct str name)
{
    for (size_t i = 0; i < t->n_names; i++)
        if (str_is(name, t->names[i])) return i;
    assert_true(t->n_names < 64 && name.n < 32);
    snprintf(t->names[t->n_names], 32, "%.*s", STR_FMT(name));
    return t->n_names++;
}

static uint64_t count(struct tally *t, const char *name)
{
    return t->by_name[name_index(t, str_of(name))];
}

static void end_visit(struct tally *t)
{
    if (t->guide) t->guided++, t->guided_carts += t->cart;
    if (!t->guide) t->plain++, t->plain_carts += t->cart;
    t->guide = t->cart = false;
}

static err_code add(void *arg, const struct event *e, const struct shop_progress *p)
{
    struct tally *t = arg;
    struct buf b = {0};
    event_encode(e, &b);
    t->digest = hash_mix(t->digest ^ hash_fast(buf_view(&b)));
    buf_free(&b);
    if (p->visits_done != t->visit) end_visit(t), t->visit = p->visits_done;
    t->n++;
    t->by_name[name_index(t, e->text[TEXT_NAME])]++;
    if (t->first_ms == 0 || e->at_ms < t->first_ms) t->first_ms = e->at_ms;
    if (e->at_ms > t->last_ms) t->last_ms = e->at_ms;
    bool phone = str_is(e->text[TEXT_DEVICE], "mobile");
    if (str_is(e->text[TEXT_NAME], "begin_checkout"))
        *(phone ? &t->phone_carts : &t->desktop_carts) += 1;
    if (str_is(e->text[TEXT_NAME], "purchase"))
        *(phone ? &t->phone_orders : &t->desktop_orders) += 1;
    t->guide |= str_is(e->text[TEXT_NAME], "size_guide");
    t->cart |= str_is(e->text[TEXT_NAME], "add_to_cart");
    assert_true(e->simulated);
    return ERR_OK;
}

static struct tally run(uint64_t seed, uint64_t visitors, int days, bool no_effects)
{
    struct shop_options o = {.site = 1,
                             .seed = seed,
                             .visitors = visitors,
                             .days = days,
                             .until_ms = UNTIL,
                             .no_effects = no_effects};
    struct tally t = {0};
    assert_int_equal(shop_run(&o, add, &t, NULL), ERR_OK);
    end_visit(&t);
    return t;
}

static void the_same_seed_gives_the_same_events(void **state)
{
    (void)state;
    struct tally a = run(1, 2000, 30, false), b = run(1, 2000, 30, false),
                 c = run(2, 2000, 30, false);
    assert_true(a.n == b.n && a.digest == b.digest);
    assert_true(a.digest != c.digest);
}

static void events_stay_in_their_days(void **state)
{
    (void)state;
    struct tally t = run(1, 3000, 10, false);
    assert_true(t.last_ms < UNTIL);
    assert_true(t.first_ms >= UNTIL - 10 * INT64_C(86400000));
    assert_true(t.last_ms - t.first_ms > 9 * INT64_C(86400000));
}

static void each_step_is_rarer_than_the_one_before(void **state)
{
    (void)state;
    static const char *const steps[] = {"view_item",         "add_to_cart",      "begin_checkout",
                                        "add_shipping_info", "add_payment_info", "purchase"};
    struct tally t = run(1, 20000, 90, false);
    for (size_t i = 0; i + 1 < sizeof steps / sizeof *steps; i++)
        if (count(&t, steps[i]) <= count(&t, steps[i + 1])) fail_msg("%s", steps[i + 1]);
    /* The bottleneck: the address loses more than what follows, and phones more than desktops. */
    double address = (double)count(&t, "add_shipping_info") / (double)count(&t, "begin_checkout");
    double payment = (double)count(&t, "add_payment_info") / (double)count(&t, "add_shipping_info");
    assert_true(address < .65 && payment > .8);
    assert_true((double)t.phone_orders / (double)t.phone_carts <
                .8 * (double)t.desktop_orders / (double)t.desktop_carts);
    assert_true(count(&t, "purchase") > 100);
}

static void the_size_guide_matters_only_when_built_to(void **state)
{
    (void)state;
    struct tally real = run(3, 40000, 90, false), null = run(3, 40000, 90, true);
    assert_true(real.guided_carts > null.guided_carts * 11 / 10);
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint64_t visitors;
        int days;
    } cases[] = {{0, 90}, {1, 0}, {50000001, 90}, {10, 3651}, {10, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_options o = {
            .visitors = cases[i].visitors, .days = cases[i].days, .until_ms = UNTIL};
        assert_int_equal(shop_run(&o, add, NULL, NULL), ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_events),
        cmocka_unit_test(events_stay_in_their_days),
        cmocka_unit_test(each_step_is_rarer_than_the_one_before),
        cmocka_unit_test(the_size_guide_matters_only_when_built_to),
        cmocka_unit_test(wrong_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
