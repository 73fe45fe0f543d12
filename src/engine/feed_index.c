/* feed_index.c: carries events from the journal into the journeys, at once, and tells them up to
 * which time they are complete.  Also tries the journal again after it failed: this thread ticks.
 */
#include <inttypes.h>

#include "base/log.h"
#include "engine/engine_own.h"

enum {
    PUBLISH_MS = 200,      /* between two publications while events come */
    PUBLISH_SOON_MS = 100, /* when there are no more for the moment */
    IDLE_MS = 200,
    NAP_MS = 20,
    CHECK_EVENTS = 512, /* between two looks at the clock */
    RECOVER_MS = 1000,
    RETRY_MS = 1000,
    /* A request's events get their time of receipt before they get a number, at most this long
     * before: the largest batch takes about a tenth of it to parse. */
    IN_FLIGHT_MS = 300,
};

struct follow {
    struct engine_own *own;
    uint64_t fed, published;
    int64_t published_ns, recovered_ns;
    /* At mark_ms every number up to mark_seq had been given: once these are fed, everything
     * received a little before mark_ms is in. */
    int64_t mark_ms, complete_ms;
    uint64_t mark_seq;
};

static int64_t ms_since(int64_t ns)
{
    return (clock_mono_ns() - ns) / 1000000;
}

static void count_failure(struct follow *f, const char *what, const struct err *why)
{
    log_line(LOG_ERROR, what, "code=%s why=\"%s\"", err_code_name(why->code), why->msg);
    pthread_mutex_lock(&f->own->lock);
    f->own->stats.index_failures++;
    pthread_mutex_unlock(&f->own->lock);
}

static void move_mark(struct follow *f)
{
    uint64_t last = journal_last_seq(f->own->parts.journal);
    /* Numbers refused after a failure of the journal will not come. */
    if (f->mark_seq > last) f->mark_seq = last;
    if (f->mark_ms && f->fed >= f->mark_seq) {
        if (f->mark_ms - IN_FLIGHT_MS > f->complete_ms) f->complete_ms = f->mark_ms - IN_FLIGHT_MS;
        f->mark_ms = 0;
    }
    if (f->mark_ms) return;
    f->mark_ms = clock_now_ms(f->own->parts.clock);
    f->mark_seq = journal_last_seq(f->own->parts.journal);
}

static void publish(struct follow *f)
{
    struct engine_own *o = f->own;
    struct err err;
    f->published_ns = clock_mono_ns();
    move_mark(f);
    if (index_publish(o->parts.index, f->fed, f->complete_ms, &err) != ERR_OK) {
        count_failure(f, "journeys_not_published", &err);
        return;
    }
    f->published = f->fed;
    pthread_mutex_lock(&o->lock);
    if (f->fed > o->stats.indexed_seq) o->stats.indexed_seq = f->fed;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

/* Adds one event, for as long as it takes; false when the engine closes first. */
static bool add(struct follow *f, uint64_t seq, struct str record)
{
    struct event e;
    struct err err;
    err_code code = event_decode(record, &e, &err);
    if (code == ERR_OK) {
        e.seq = seq;
        while ((code = index_add(f->own->parts.index, &e, &err)) != ERR_OK && code != ERR_INVALID) {
            count_failure(f, "journeys_failed", &err);
            if (engine_nap(f->own, RETRY_MS)) return false;
        }
    }
    if (code != ERR_OK) /* counted where it goes into the store */
        log_line(LOG_ERROR, "journeys_refuse_event", "seq=%" PRIu64 " why=\"%s\"", seq, err.msg);
    f->fed = seq;
    return true;
}

static void recover_journal(struct follow *f)
{
    struct engine_own *o = f->own;
    struct err err;
    if (!journal_stats(o->parts.journal).failed) {
        f->recovered_ns = clock_mono_ns();
        return;
    }
    if (ms_since(f->recovered_ns) < RECOVER_MS) return;
    err_code code = journal_recover(o->parts.journal, &err);
    f->recovered_ns = clock_mono_ns();
    if (code != ERR_OK) log_line(LOG_ERROR, "journal_not_recovered", "why=\"%s\"", err.msg);
    pthread_mutex_lock(&o->lock);
    if (code == ERR_OK) o->stats.journal_recoveries++;
    else o->stats.journal_recovery_failures++;
    pthread_mutex_unlock(&o->lock);
}

/* Takes what is there; ERR_NOT_FOUND when there is no more, ERR_CANCELLED when the engine closes.
 */
static err_code take(struct follow *f, int wait_ms, struct err *err)
{
    uint64_t durable = journal_durable_seq(f->own->parts.journal);
    for (int i = 0; i < CHECK_EVENTS; i++) {
        struct str record;
        uint64_t seq;
        err_code code =
            journal_read(f->own->index_reader, i == 0 ? wait_ms : 0, &seq, &record, err);
        /* Numbers may have been skipped: with nothing to read, all that was durable is fed. */
        if (code == ERR_NOT_FOUND && durable > f->fed) f->fed = durable;
        if (code != ERR_OK) return code;
        if (!add(f, seq, record)) return ERR_CANCELLED;
    }
    return ERR_OK;
}

static void follow_journal(struct follow *f)
{
    struct err err;
    bool closing = false;
    for (;;) {
        bool fresh = f->fed > f->published;
        err_code code = take(f, fresh || closing ? 0 : IDLE_MS, &err);
        if (code == ERR_CANCELLED) return;
        if (ms_since(f->published_ns) >= (code == ERR_OK ? PUBLISH_MS : PUBLISH_SOON_MS) || closing)
            publish(f);
        if (code != ERR_OK) recover_journal(f);
        if (code == ERR_OK) continue;
        if (closing) return;
        if (code != ERR_NOT_FOUND) count_failure(f, "journal_not_read", &err);
        closing = engine_nap(f->own, code == ERR_NOT_FOUND ? (fresh ? NAP_MS : 0) : RETRY_MS);
    }
}

void *engine_index_thread(void *own)
{
    struct engine_own *o = own;
    struct follow f = {.own = o, .recovered_ns = clock_mono_ns()};
    f.fed = f.published = o->stats.indexed_seq; /* set before this thread was made */
    follow_journal(&f);
    return NULL;
}
