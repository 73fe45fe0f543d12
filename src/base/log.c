#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static atomic_int lowest = LOG_INFO; /* relaxed: a late change of level harms nothing */

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest, (int)level, memory_order_relaxed);
}

void log_line(enum log_level level, const char *what, const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if ((int)level < atomic_load_explicit(&lowest, memory_order_relaxed)) return;
    char line[1024];
    int64_t now = clock_now_ms(&clock_real);
    int n = snprintf(line, sizeof line, "t=%" PRId64 ".%03d level=%s event=%s ", now / 1000,
                     (int)(now % 1000), names[level], what);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    va_end(ap);
    size_t end = (size_t)n + (size_t)(m > 0 ? m : 0);
    if (end > sizeof line - 2) end = sizeof line - 2;
    for (size_t i = 0; i < end; i++)
        if ((unsigned char)line[i] < 0x20) line[i] = '?';
    line[end] = '\n';
    /* One write: lines of several threads do not mix. */
    ssize_t written = write(STDERR_FILENO, line, end + 1);
    (void)written;
}
