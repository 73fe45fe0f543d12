#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/progress.h"

static void tells_rate_share_and_time_left(void **state)
{
    static const struct {
        const char *why;
        bool terminal;
        uint64_t count, start_count;
        double share, start_share, took_s;
        const char *line;
    } cases[] = {
        {"half way", true, 50000, 0, 0.5, 0, 10,
         "f.csv [############............]  50 %  50.0 k rows  5.0 k/s  0:10 left"},
        {"no terminal", false, 50000, 0, 0.5, 0, 10,
         "f.csv  50 %  50.0 k rows  5.0 k/s  0:10 left"},
        {"taken up at half, now at three quarters", false, 75000, 50000, 0.75, 0.5, 10,
         "f.csv  75 %  75.0 k rows  2.5 k/s  0:10 left"},
        {"the end is unknown", true, 1234567, 0, -1, -1, 1, "f.csv 1.2 M rows  1.2 M/s"},
        {"just begun: nothing is known", false, 10, 10, 0, 0, 0, "f.csv   0 %  10 rows  0/s"},
        {"hours", false, 100, 0, 0.01, 0, 100, "f.csv   1 %  100 rows  1/s  2:45:00 left"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[200];
        struct progress p = {.what = "f.csv",
                             .unit = "rows",
                             .terminal = cases[i].terminal,
                             .start_count = cases[i].start_count,
                             .start_share = cases[i].start_share};
        progress_line(&p, cases[i].count, cases[i].share, cases[i].took_s, line, sizeof line);
        if (strcmp(line, cases[i].line) != 0) fail_msg("%s: \"%s\"", cases[i].why, line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_rate_share_and_time_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
