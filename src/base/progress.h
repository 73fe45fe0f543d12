/* progress.h: how far long work is: a bar that redraws itself on a terminal, else a plain line now
 * and then.  Written to standard error.  One thread's. */
#ifndef CAIRN_BASE_PROGRESS_H
#define CAIRN_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what, *unit; /* "import visits.csv", "rows"; borrowed */
    bool terminal;
    int64_t start_ns, last_ns;
    uint64_t start_count; /* done before this run (a resumed import) */
    double start_share;
};

void progress_begin(struct progress *p, const char *what, const char *unit);
/* `share` is in [0, 1], or negative when the end is unknown.  Cheap: prints at most 10 times a
 * second on a terminal, else every 10 seconds.  The first call tells where the work took up from.
 */
void progress_tell(struct progress *p, uint64_t count, double share);
/* Takes the bar away, so that what is printed next stands alone. */
void progress_end(struct progress *p);

/* The line itself, without a line's end; for progress_tell and its test. */
void progress_line(const struct progress *p, uint64_t count, double share, double took_s, char *out,
                   int size);

#endif
