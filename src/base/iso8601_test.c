#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/iso8601.h"

static void instants(void **state)
{
    static const struct {
        const char *text;
        int64_t at_ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-10-31T12:00:00Z", 1793448000000},
        {"2026-10-31t12:00:00z", 1793448000000},
        {"2026-10-31 14:00:00+02:00", 1793448000000},
        {"2026-10-31 14:00:00 +0200", 1793448000000},
        {"2026-10-31T07:00-05", 1793448000000},
        {"20261031T120000Z", 1793448000000},
        {"2026-10-31T12Z", 1793448000000},
        {"2026-10-31T12:00:00.5Z", 1793448000500},
        {"2026-10-31T12:00:00,123Z", 1793448000123},
        {"2026-10-31T12:00:00.123999Z", 1793448000123},
        {"2026-10-31T11:59:60Z", 1793448000000},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"0001-01-01T00:00:00Z", -62135596800000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-10-31",
        "2026-10-31T12:00:00", /* no zone: not an instant */
        "2026-10-31T12:00:00+",
        "2026-10-31T12:00:00+2",
        "2026-10-31T12:00:00+24:00",
        "2026-10-31T12:00:00Zx",
        "2026-10-31T24:00:00Z",
        "2026-10-31T12:60:00Z",
        "2026-10-31T12:00:61Z",
        "2026-10-31T12:00:00.Z",
        "2026-10-31T1:00:00Z",
        "2026-10-32T12:00:00Z",
        "2026-13-31T12:00:00Z",
        "2026-00-31T12:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-1031T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "-026-10-31T12:00:00Z",
        "1793448000000",
        "yesterday",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t at_ms = -7;
        if (!iso8601_parse(str_of(good[i].text), &at_ms)) fail_msg("%s is refused", good[i].text);
        if (at_ms != good[i].at_ms) fail_msg("%s is %lld", good[i].text, (long long)at_ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t at_ms;
        if (iso8601_parse(str_of(bad[i]), &at_ms)) fail_msg("%s is taken", bad[i]);
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    char text[ISO8601_SIZE];
    iso8601_format(1793448000123, text);
    assert_string_equal(text, "2026-10-31T12:00:00.123Z");
    iso8601_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    iso8601_format(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00.000Z");
    iso8601_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    for (int64_t at = -62135596800000; at < 253402300799999; at += 86399999 * 997LL) {
        int64_t again = 0;
        iso8601_format(at, text);
        assert_true(iso8601_parse(str_of(text), &again));
        assert_true(at == again);
    }
}

static void every_day_of_four_centuries(void **state)
{
    (void)state;
    for (int32_t day = -100000; day < 100000; day++) {
        int year, month, mday;
        iso8601_date(day, &year, &month, &mday);
        assert_int_equal(iso8601_day(year, month, mday), day);
    }
    assert_int_equal(iso8601_day(1970, 1, 1), 0);
    assert_int_equal(iso8601_day(2000, 3, 1), 11017);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(every_day_of_four_centuries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
