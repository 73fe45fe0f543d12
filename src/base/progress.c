#include "base/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR = 24 };

void progress_begin(struct progress *p, const char *what, const char *unit)
{
    *p = (struct progress){.what = what, .unit = unit};
    p->terminal = isatty(STDERR_FILENO) == 1;
    p->start_share = -1;
}

/* 12345678 as "12.3 M": three digits are enough to see that it moves. */
static void short_number(double n, char *out, int size)
{
    static const char *const units[] = {"", " k", " M", " G"};
    int unit = 0;
    while (n >= 1000 && unit < 3) n /= 1000, unit++;
    snprintf(out, (size_t)size, unit && n < 100 ? "%.1f%s" : "%.0f%s", n, units[unit]);
}

static void duration(double s, char *out, int size)
{
    uint64_t n = s > 359999 ? 359999 : (uint64_t)s;
    if (n >= 3600)
        snprintf(out, (size_t)size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, n / 3600, n / 60 % 60,
                 n % 60);
    else snprintf(out, (size_t)size, "%" PRIu64 ":%02" PRIu64, n / 60, n % 60);
}

void progress_line(const struct progress *p, uint64_t count, double share, double took_s, char *out,
                   int size)
{
    char number[32], rate[32], left[32] = "", bar[BAR + 1] = "";
    short_number((double)count, number, sizeof number);
    short_number(took_s > 0 ? (double)(count - p->start_count) / took_s : 0, rate, sizeof rate);
    if (share > 1) share = 1;
    double gained = share - p->start_share;
    if (share >= 0 && gained > 0 && took_s > 0.5)
        duration((1 - share) / gained * took_s, left, sizeof left);
    for (int i = 0; i < BAR && share >= 0; i++) bar[i] = i < (int)(share * BAR) ? '#' : '.';
    bar[share >= 0 ? BAR : 0] = 0;
    int n = snprintf(out, (size_t)size, "%s ", p->what);
    if (n > 0 && n < size && share >= 0 && p->terminal)
        n += snprintf(out + n, (size_t)(size - n), "[%s] ", bar);
    if (n > 0 && n < size && share >= 0)
        n += snprintf(out + n, (size_t)(size - n), "%3.0f %%  ", share * 100);
    if (n > 0 && n < size)
        n += snprintf(out + n, (size_t)(size - n), "%s %s  %s/s", number, p->unit, rate);
    if (n > 0 && n < size && left[0]) snprintf(out + n, (size_t)(size - n), "  %s left", left);
}

void progress_tell(struct progress *p, uint64_t count, double share)
{
    int64_t now = clock_mono_ns();
    if (p->start_ns == 0) {
        p->start_ns = p->last_ns = now;
        p->start_count = count;
        p->start_share = share;
        return;
    }
    int64_t every_ns = p->terminal ? INT64_C(100000000) : INT64_C(10000000000);
    if (now - p->last_ns < every_ns) return;
    p->last_ns = now;
    char line[200];
    progress_line(p, count, share, (double)(now - p->start_ns) / 1e9, line, sizeof line);
    fprintf(stderr, p->terminal ? "\r\033[K%s" : "%s\n", line);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->terminal) fputs("\r\033[K", stderr);
    fflush(stderr);
}
