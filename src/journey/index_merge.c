#include "journey/index_own.h"

#include "base/log.h"
#include "journey/merge.h"

/* Parts of a month are kept few by merging the newest with the ones before it while these are not
 * much larger, so that an event is rewritten about log2(n) times in all. */
enum { GROWTH = 2, MOST_EVENTS = 64 * 1024 * 1024 };

/* The newest stretch of parts in [from, end) (one month, all in memory, all visible or all not)
 * that is worth merging; false when none is. */
static bool stretch(const struct index_site *s, size_t from, size_t end, size_t *first)
{
    uint64_t events = s->parts[end - 1]->n_events;
    bool visible = s->parts[end - 1]->last_seq <= s->watermark;
    *first = end - 1;
    while (*first > from && end - *first < MERGE_MAX) {
        const struct part *p = s->parts[*first - 1];
        if (p->mapped || (p->last_seq <= s->watermark) != visible ||
            p->n_events > GROWTH * events || p->n_events + events > MOST_EVENTS)
            break;
        events += p->n_events;
        --*first;
    }
    return !s->parts[end - 1]->mapped && end - *first > 1;
}

/* Finds work in a site and takes references to it.  With the lock. */
static size_t pick(const struct index_site *s, struct part **parts)
{
    for (size_t from = 0, end; from < s->n_parts; from = end) {
        size_t first;
        for (end = from; end < s->n_parts && s->parts[end]->month == s->parts[from]->month;) end++;
        if (!stretch(s, from, end, &first)) continue;
        for (size_t i = first; i < end; i++) parts[i - first] = part_take(s->parts[i]);
        return end - first;
    }
    return 0;
}

/* Puts the merged part in the place of those it was made of, which are still there: only the holder
 * of `rewrite` takes parts away.  With the lock. */
static void swap(struct index_site *s, struct part *const *parts, size_t n, struct part *by)
{
    struct part *old[MERGE_MAX];
    size_t from = 0;
    while (s->parts[from] != parts[0]) from++;
    index_replace(s, from, n, by, old);
    for (size_t i = 0; i < n; i++) part_release(old[i]);
}

bool index_merge_round(struct index *x)
{
    bool any = false;
    for (size_t i = 0;; i++) {
        struct part *parts[MERGE_MAX], *made;
        struct err err;
        pthread_mutex_lock(&x->lock);
        if (i >= x->n_sites || x->closing) {
            pthread_mutex_unlock(&x->lock);
            return any;
        }
        struct index_site *s = x->sites[i];
        size_t n = pick(s, parts);
        pthread_mutex_unlock(&x->lock);
        if (n == 0) continue;
        err_code rc = merge_parts(parts, n, &made, &err);
        if (rc == ERR_OK) {
            pthread_mutex_lock(&x->lock);
            swap(s, parts, n, made);
            pthread_mutex_unlock(&x->lock);
            any = true;
        } else {
            log_line(LOG_WARN, "journeys_not_merged", "site=%u why=\"%s\"", s->id, err.msg);
        }
        for (size_t p = 0; p < n; p++) part_release(parts[p]);
    }
}
