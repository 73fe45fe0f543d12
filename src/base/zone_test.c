#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/zone.h"

static struct zone *open_zone(const char *name)
{
    struct zone *z = NULL;
    assert_int_equal(zone_open(str_of(name), &z, NULL), ERR_OK);
    return z;
}

static void days_begin_at_local_midnight(void **state)
{
    (void)state;
    static const struct {
        const char *why, *zone, *day;
        int64_t from_s, to_s;
    } cases[] = {
        {"a day without change", "Europe/Berlin", "2026-01-15", 1768431600, 1768518000},
        {"clocks go forward: 23 hours (METHODS 12)", "Europe/Berlin", "2026-03-29", 1774738800,
         1774821600},
        {"clocks go back: 25 hours (METHODS 12)", "Europe/Berlin", "2026-10-25", 1792879200,
         1792969200},
        {"UTC", "UTC", "2026-06-01", 1780272000, 1780358400},
        {"west of Greenwich", "America/New_York", "2026-07-04", 1783137600, 1783224000},
        {"midnight is skipped: the day begins at one", "America/Santiago", "2024-09-08", 1725768000,
         1725850800},
        {"a quarter-hour zone", "Asia/Kathmandu", "2026-06-01", 1780251300, 1780337700},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *z = open_zone(cases[i].zone);
        int32_t day;
        assert_true(zone_parse_day(str_of(cases[i].day), &day));
        if (zone_day_start_ms(z, day) != cases[i].from_s * 1000 ||
            zone_day_start_ms(z, day + 1) != cases[i].to_s * 1000)
            fail_msg("%s: %lld to %lld", cases[i].why, (long long)zone_day_start_ms(z, day),
                     (long long)zone_day_start_ms(z, day + 1));
        assert_int_equal(zone_day(z, cases[i].from_s * 1000), day);
        assert_int_equal(zone_day(z, cases[i].from_s * 1000 - 1), day - 1);
        assert_int_equal(zone_day(z, cases[i].to_s * 1000 - 1), day);
        zone_close(z);
    }
}

static void every_day_starts_once(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia",
                                        "Africa/Cairo"};
    for (size_t i = 0; i < 4; i++) {
        struct zone *z = open_zone(names[i]);
        for (int32_t day = 0; day < 25000; day++) {
            int64_t start = zone_day_start_ms(z, day), next = zone_day_start_ms(z, day + 1);
            /* Apia had no 30 December 2011: that day is empty and begins with the next. */
            if (next == start) continue;
            assert_true(next - start >= 22 * 3600000 && next - start <= 26 * 3600000);
            assert_int_equal(zone_day(z, start), day);
            assert_true(zone_day(z, start - 1) < day);
        }
        zone_close(z);
    }
}

static void dates_round_trip(void **state)
{
    (void)state;
    char text[16];
    for (int32_t day = -800; day < 50000; day++) {
        int32_t back;
        zone_format_day(day, text);
        assert_true(zone_parse_day(str_of(text), &back));
        assert_int_equal(back, day);
    }
    zone_format_day(0, text);
    assert_string_equal(text, "1970-01-01");
    static const char *const wrong[] = {"2026-02-29",  "2026-13-01", "2026-00-10", "2026-1-1",  "",
                                        "2026-01-01T", "20260101",   "abcd-ef-gh", "2026-04-31"};
    int32_t day;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(zone_parse_day(str_of(wrong[i]), &day));
    assert_true(zone_parse_day(STR("2024-02-29"), &day));
}

static void unknown_names_are_refused(void **state)
{
    (void)state;
    struct zone *z;
    struct err err;
    static const char *const wrong[] = {
        "", "Europe/Atlantis", "GMT+25", "../etc/passwd",
        "a-name-far-longer-than-any-time-zone-could-ever-be-in-this-world-really"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(zone_open(str_of(wrong[i]), &z, &err), ERR_INVALID);
        assert_string_equal(err.name, "unknown_timezone");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_begin_at_local_midnight),
        cmocka_unit_test(every_day_starts_once),
        cmocka_unit_test(dates_round_trip),
        cmocka_unit_test(unknown_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
