#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "event/money.h"

static void decimals_become_minor_units(void **state)
{
    static const struct {
        const char *why, *text;
        int exponent;
        int64_t minor;
    } good[] = {
        {"plain", "12.5", 2, 1250},
        {"no decimals", "12", 2, 1200},
        {"a currency without decimals", "1200", 0, 1200},
        {"three decimals", "1.234", 3, 1234},
        {"negative: a refund", "-3.10", 2, -310},
        {"a sum as scripts make it", "59.970000000000006", 2, 5997},
        {"another one", "0.30000000000000004", 2, 30},
        {"halves away from zero", "0.125", 2, 13},
        {"halves away from zero", "-0.125", 2, -13},
        {"just below the half", "0.1249999", 2, 12},
        {"rounds up a digit", "0.995", 2, 100},
        {"half of a yen", "0.5", 0, 1},
        {"exponent", "1.25e2", 2, 12500},
        {"negative exponent", "125E-2", 2, 125},
        {"too small", "5e-9", 2, 0},
        {"half of a minor unit", "5e-3", 2, 1},
        {"zero stays zero", "0e999999999999", 2, 0},
        {"point first", ".5", 2, 50},
        {"point last", "5.", 2, 500},
        {"plus", "+7", 2, 700},
        {"leading zeros", "0000000000000000000000000001", 2, 100},
        {"the largest", "92233720368547758.07", 2, INT64_MAX},
        {"the smallest", "-92233720368547758.07", 2, -INT64_MAX},
    };
    static const struct {
        const char *why, *text;
    } bad[] = {
        {"empty", ""},
        {"a sign alone", "-"},
        {"a point alone", "."},
        {"a word", "free"},
        {"with its sign", "12 €"},
        {"a comma", "12,5"},
        {"two points", "1.2.3"},
        {"hexadecimal", "0x10"},
        {"infinite", "inf"},
        {"not a number", "NaN"},
        {"half an exponent", "1e"},
        {"half an exponent", "1e+"},
        {"spaces", " 1"},
        {"one past the largest", "92233720368547758.08"},
        {"far past it", "1e30"},
        {"two signs", "--1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t minor = 77;
        if (!money_parse(str_of(good[i].text), good[i].exponent, &minor) || minor != good[i].minor)
            fail_msg("%s: %s is %lld", good[i].why, good[i].text, (long long)minor);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t minor;
        if (money_parse(str_of(bad[i].text), 2, &minor))
            fail_msg("%s: %s is taken", bad[i].why, bad[i].text);
    }
}

static void currencies(void **state)
{
    (void)state;
    char code[4];
    int exponent;
    assert_true(money_currency(STR("eur"), code, &exponent));
    assert_string_equal(code, "EUR");
    assert_int_equal(exponent, 2);
    assert_true(money_currency(STR("JPY"), code, &exponent));
    assert_int_equal(exponent, 0);
    assert_true(money_currency(STR("KWD"), code, &exponent));
    assert_int_equal(exponent, 3);
    assert_false(money_currency(STR("ABC"), code, &exponent));
    assert_false(money_currency(STR("EURO"), code, &exponent));
    assert_false(money_currency(STR("E R"), code, &exponent));
    assert_false(money_currency(STR("UR "), code, &exponent));
    assert_false(money_currency(STR(""), code, &exponent));
}

static void amounts_are_written(void **state)
{
    char text[MONEY_TEXT];
    (void)state;
    money_format(1250, 2, text);
    assert_string_equal(text, "12.50");
    money_format(-5, 2, text);
    assert_string_equal(text, "-0.05");
    money_format(0, 2, text);
    assert_string_equal(text, "0.00");
    money_format(1200, 0, text);
    assert_string_equal(text, "1200");
    money_format(0, 0, text);
    assert_string_equal(text, "0");
    money_format(INT64_MIN, 3, text);
    assert_string_equal(text, "-9223372036854775.808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_become_minor_units),
        cmocka_unit_test(currencies),
        cmocka_unit_test(amounts_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
