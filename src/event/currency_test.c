/* currency_test.c: codes and minor units against ISO 4217. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "event/currency.h"

static void knows_codes(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        int digits;
    } cases[] = {{"EUR", 2},   {"JPY", 0},  {"KWD", 3},  {"CLF", 4},  {"IQD", 3},
                 {"HUF", 2},   {"ISK", 0},  {"eur", -1}, {"XXX", -1}, {"", -1},
                 {"EURO", -1}, {"UR ", -1}, {"DEM", -1}, {"ZWL", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (currency_digits(str_of(cases[i].code)) != cases[i].digits)
            fail_msg("%s: %d", cases[i].code, currency_digits(str_of(cases[i].code)));
}

static void rounds_to_minor_units(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        double major;
        bool ok;
        int64_t minor;
    } cases[] = {
        {"EUR", 12.5, true, 1250},
        {"EUR", 0.29, true, 29},
        {"EUR", -3.005, true, -301},
        {"JPY", 1500, true, 1500},
        {"JPY", 0.4, true, 0},
        {"KWD", 1.2345, true, 1235},
        {"EUR", 9e13, true, 9000000000000000},
        {"EUR", 9.1e13, false, 0},
        {"EUR", 1e300, false, 0},
        {"EUR", 1.0 / 0.0, false, 0},
        {"ABC", 1, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t minor = 0;
        bool ok = currency_minor(str_of(cases[i].code), cases[i].major, &minor);
        if (ok != cases[i].ok || minor != cases[i].minor)
            fail_msg("%s %g: %d %lld", cases[i].code, cases[i].major, ok, (long long)minor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_codes),
        cmocka_unit_test(rounds_to_minor_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
