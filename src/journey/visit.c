#include <stdlib.h>

#include "event/session.h"
#include "journey/work.h"

static const int64_t carry_ms = INT64_C(180) * 24 * 3600 * 1000; /* FEATURES 9: direct visits */

enum { /* METHODS 12, bots (6) */
       BOT_WINDOW_MS = 60 * 1000,
       BOT_PER_WINDOW = 120,   /* more interactions than this within the window */
       BOT_REGULAR = 20,       /* as many interactions, or more ... */
       BOT_REGULAR_SD_MS = 50, /* ... whose intervals deviate less than this */
};

/* --- moving all columns along --- */

static void move_lane(void *lane, size_t width, const uint32_t *from, size_t n, void *scratch)
{
    switch (width) {
    case 1: {
        uint8_t *p = lane, *to = scratch;
        for (size_t i = 0; i < n; i++) to[i] = p[from[i]];
        break;
    }
    case 4: {
        uint32_t *p = lane, *to = scratch;
        for (size_t i = 0; i < n; i++) to[i] = p[from[i]];
        break;
    }
    default: {
        uint64_t *p = lane, *to = scratch;
        for (size_t i = 0; i < n; i++) to[i] = p[from[i]];
    }
    }
    memcpy(lane, scratch, n * width);
}

/* Makes event i what event from[i] was, for i in [0, n). */
static void move_all(struct work *w, const uint32_t *from, size_t n)
{
    for (size_t i = 0; i < w->n_lanes; i++)
        move_lane(w->c.lane[w->lane[i]], w->width[i], from, n, w->moved);
    w->n = n;
}

/* By time; at the same instant in the order they stand in, which is that of arrival.  Bottom-up
 * merging: slices are sorted already, and most often do not even overlap. */
static void sort_by_time(struct work *w)
{
    size_t n = w->n, i = 1;
    while (i < n && w->c.at_ms[i - 1] <= w->c.at_ms[i]) i++;
    if (i >= n) return;
    uint32_t *a = w->order, *b = w->order + w->scratch_size;
    for (i = 0; i < n; i++) a[i] = (uint32_t)i;
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t low = 0; low < n; low += 2 * run) {
            size_t mid = low + run < n ? low + run : n, high = mid + run < n ? mid + run : n;
            size_t x = low, y = mid;
            for (size_t to = low; to < high; to++) {
                bool first = y == high || (x < mid && w->c.at_ms[a[x]] <= w->c.at_ms[a[y]]);
                b[to] = first ? a[x++] : a[y++];
            }
        }
        uint32_t *t = a;
        a = b;
        b = t;
    }
    move_all(w, a, n);
}

/* Drops the events whose keep[] is 0. */
static void drop_others(struct work *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++) {
        w->order[kept] = (uint32_t)i;
        kept += w->keep[i] != 0;
    }
    if (kept < w->n) move_all(w, w->order, kept);
}

/* --- bots by behaviour --- */

__extension__ typedef unsigned __int128 wide;

/* A session's interactions: at `when`, m of them. */
static bool looks_like_bot(const int64_t *when, size_t m)
{
    for (size_t i = BOT_PER_WINDOW; i < m; i++)
        if (when[i] - when[i - BOT_PER_WINDOW] < BOT_WINDOW_MS) return true;
    if (m < BOT_REGULAR) return false;
    /* The variance of the m - 1 intervals, in whole numbers: n * sum of squares - square of sum. */
    uint64_t n = m - 1, sum = (uint64_t)(when[m - 1] - when[0]);
    wide squares = 0;
    for (size_t i = 1; i < m; i++) {
        uint64_t d = (uint64_t)(when[i] - when[i - 1]);
        squares += (wide)d * d;
    }
    return n * squares - (wide)sum * sum < (wide)n * n * (BOT_REGULAR_SD_MS * BOT_REGULAR_SD_MS);
}

/* Quickly: some stretch without a gap that would end a session is long enough to be judged. */
static bool may_be_bot(const struct work *w)
{
    size_t first = 0;
    for (size_t i = 1; i < w->n; i++) {
        if (w->c.at_ms[i] - w->c.at_ms[i - 1] <= SESSION_IDLE_MS) continue;
        if (i - first >= BOT_REGULAR) return true;
        first = i;
    }
    return w->n - first >= BOT_REGULAR;
}

/* Leaves out whole sessions that look like a bot's. */
static void drop_bots(struct work *w)
{
    struct session_cut cut = {0};
    int64_t *when = (int64_t *)w->moved; /* the interactions of the session at hand */
    size_t first = 0, m = 0;
    bool any = false;
    memset(w->keep, 1, w->n);
    for (size_t i = 0; i <= w->n; i++) {
        bool offline = i < w->n && w->c.flags[i] & JF_OFFLINE;
        if (offline) continue;
        if (i == w->n || session_next(&cut, w->c.at_ms[i])) {
            if (m >= BOT_REGULAR && looks_like_bot(when, m)) {
                memset(w->keep + first, 0, i - first);
                w->bot_sessions++;
                any = true;
            }
            first = i;
            m = 0;
        }
        if (i < w->n && w->c.flags[i] & JF_INTERACTION && w->c.flags[i] & WORK_JUDGED)
            when[m++] = w->c.at_ms[i];
    }
    if (any) drop_others(w);
}

/* --- sessions --- */

static bool room_for_sessions(struct work *w)
{
    if (w->n <= w->sessions_size) return true;
    size_t n = w->scratch_size;
    free(w->sessions);
    free(w->about);
    w->sessions = malloc(n * sizeof *w->sessions);
    w->about = malloc(n * sizeof *w->about);
    w->sessions_size = w->sessions && w->about ? n : 0;
    return w->sessions_size > 0;
}

/* Which session an event belongs to, before it is counted in it. */
static uint32_t session_of(struct work *w, struct session_cut *cut, size_t i)
{
    int64_t at_ms = w->c.at_ms[i];
    if (w->c.flags[i] & JF_OFFLINE) { /* joins what is open at its time, and keeps nothing open */
        bool open = cut->open && at_ms - cut->last_ms <= SESSION_IDLE_MS &&
                    at_ms - cut->start_ms < SESSION_MAX_MS;
        return open ? (uint32_t)(w->n_sessions - 1) : (uint32_t)JOURNEY_NO_SESSION;
    }
    if (session_next(cut, at_ms)) {
        w->c.flags[i] |= JF_SESSION_START;
        w->sessions[w->n_sessions++] =
            (struct journey_session){.first = (uint32_t)i, .start_ms = at_ms};
    }
    return (uint32_t)(w->n_sessions - 1);
}

static void cut_sessions(struct work *w)
{
    struct session_cut cut = {0};
    w->n_sessions = 0;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t k = w->c.session[i] = session_of(w, &cut, i);
        if (k == JOURNEY_NO_SESSION) continue;
        struct journey_session *s = &w->sessions[k];
        s->end = (uint32_t)i + 1;
        if (!(w->c.flags[i] & JF_OFFLINE)) s->last_ms = w->c.at_ms[i];
        s->pageviews += (w->c.flags[i] & JF_PAGEVIEW) != 0;
        s->interactions += (w->c.flags[i] & JF_INTERACTION) != 0;
        if (__builtin_add_overflow(s->engaged_ms, w->c.engaged[i], &s->engaged_ms))
            s->engaged_ms = UINT32_MAX;
        s->engaged = s->engaged_ms >= SESSION_ENGAGED_MS || s->pageviews >= SESSION_ENGAGED_VIEWS;
    }
}

/* What conditions and dimensions ask of sessions: where they came from, on what, first and last
 * page. */
static void describe_sessions(struct work *w)
{
    const struct plan *p = w->p;
    uint32_t touch = 0; /* the last that was not direct, and when */
    int64_t touched_ms = 0;
    for (size_t k = 0, i = 0; k < w->n_sessions; k++) {
        const struct journey_session *s = &w->sessions[k];
        struct work_session *a = &w->about[k];
        *a = (struct work_session){0};
        if (p->want & WANT_TOUCHED) {
            for (; i < s->first; i++) {
                if (p->touch_direct[w->c.touch[i]]) continue;
                touch = w->c.touch[i];
                touched_ms = w->c.at_ms[i];
            }
            a->touch = a->own_touch = w->c.touch[s->first];
            if (p->touch_direct[a->touch] && touch && s->start_ms - touched_ms <= carry_ms)
                a->touch = touch;
        }
        if (p->want & WANT_CLIENT) a->client = w->c.client[s->first];
        if (!(p->want & WANT_PATH)) continue;
        for (size_t e = s->first; e < s->end; e++) {
            if (!(w->c.flags[e] & JF_PAGEVIEW) || w->c.session[e] != k) continue;
            if (!a->entry) a->entry = w->c.path[e];
            a->exit = w->c.path[e];
        }
    }
}

/* --- predicates --- */

static uint64_t session_bits(const struct plan *p, size_t word, const struct work_session *a)
{
    const uint32_t code[LOOK_N] = {[LOOK_TOUCHED] = a->touch,
                                   [LOOK_OWN_TOUCH] = a->own_touch,
                                   [LOOK_AT_CLIENT] = a->client,
                                   [LOOK_ENTRY] = a->entry,
                                   [LOOK_EXIT] = a->exit};
    uint64_t bits = UINT64_MAX;
    for (enum look look = LOOK_TOUCHED; look < LOOK_N; look++)
        if (p->session[look].word[word]) bits &= p->session[look].word[word][code[look]];
    return bits;
}

static void judge_sessions(struct work *w)
{
    for (size_t word = 0; word < w->p->n_words; word++) {
        uint64_t bits = 0, without = w->p->lonely[word];
        uint32_t last = JOURNEY_NO_SESSION;
        for (size_t i = 0; i < w->n; i++) {
            uint32_t k = w->c.session[i];
            if (k != JOURNEY_NO_SESSION && k != last)
                bits = session_bits(w->p, word, &w->about[last = k]);
            w->c.term[word][i] &= k == JOURNEY_NO_SESSION ? without : bits;
        }
    }
}

/* From terms to the predicates they make true. */
static void apply_terms(struct work *w)
{
    const struct plan *p = w->p;
    memset(w->c.match, 0, w->n * sizeof *w->c.match);
    if (p->n_hidden) memset(w->c.hidden, 0, w->n * sizeof *w->c.hidden);
    for (size_t word = 0; word < p->n_words; word++) {
        const struct predicate_bits *means = &p->means[word * 64];
        for (size_t i = 0; i < w->n; i++) {
            for (uint64_t bits = w->c.term[word][i]; bits; bits &= bits - 1) {
                const struct predicate_bits *m = &means[__builtin_ctzll(bits)];
                w->c.match[i] |= m->open;
                if (m->hidden) w->c.hidden[i] |= m->hidden;
            }
        }
    }
}

static bool has_bits(const struct work *w, size_t i, struct predicate_bits b)
{
    return w->c.match[i] & b.open || (b.hidden && w->c.hidden[i] & b.hidden);
}

static void set_bits(struct work *w, size_t i, struct predicate_bits b)
{
    w->c.match[i] |= b.open;
    if (b.hidden) w->c.hidden[i] |= b.hidden;
}

/* The event at which a session first meets a rule about its length, pages or engaged time. */
static void judge_session_rule(struct work *w, const struct stateful *r)
{
    for (size_t k = 0; k < w->n_sessions; k++) {
        const struct journey_session *s = &w->sessions[k];
        double views = 0, engaged_ms = 0;
        for (size_t i = s->first; i < s->end; i++) {
            if (w->c.session[i] != k) continue;
            bool online = !(w->c.flags[i] & JF_OFFLINE), met;
            views += (w->c.flags[i] & JF_PAGEVIEW) != 0;
            engaged_ms += w->c.engaged[i];
            switch (r->type) {
            case RULE_DURATION:
                met = online && (double)(w->c.at_ms[i] - s->start_ms) >= r->at_least * 1000;
                break;
            case RULE_PAGES: met = views >= r->at_least; break;
            case RULE_ENGAGED: met = engaged_ms >= r->at_least * 1000; break;
            default: /* RULE_RETURNS: its first event decides */
                met = k > 0 && s->start_ms - w->sessions[k - 1].last_ms <= r->within_ms;
                i = met ? i : s->end;
            }
            if (!met) continue;
            set_bits(w, i, r->out);
            break;
        }
    }
}

/* Each completion starts anew.  As in a funnel it is enough to know the latest start of an attempt
 * that has come to each step. */
static void judge_sequence(struct work *w, const struct stateful *r)
{
    int64_t start[RULE_MAX_CHILDREN];
    size_t reached = 0; /* start[0 .. reached) are set */
    for (size_t i = 0; i < w->n; i++) {
        for (size_t k = reached < r->n_steps ? reached + 1 : reached; k-- > 0;) {
            if (!has_bits(w, i, r->steps[k])) continue;
            if (k > 0 && w->c.at_ms[i] - start[k - 1] > r->within_ms) continue;
            start[k] = k > 0 ? start[k - 1] : w->c.at_ms[i];
            if (k == reached) reached++;
        }
        if (reached < r->n_steps) continue;
        set_bits(w, i, r->out);
        reached = 0;
    }
}

static void judge(struct work *w)
{
    const struct plan *p = w->p;
    if (p->any_session) judge_sessions(w);
    if (!p->plain) apply_terms(w);
    if (p->plain && p->n_words == 0) memset(w->c.match, 0, w->n * sizeof *w->c.match);
    for (size_t i = 0; i < p->n_stateful; i++)
        if (p->stateful[i].type != RULE_SEQUENCE) judge_session_rule(w, &p->stateful[i]);
    for (size_t i = 0; i < p->n_stateful; i++)
        if (p->stateful[i].type == RULE_SEQUENCE) judge_sequence(w, &p->stateful[i]);
}

/* --- filters --- */

static bool in_time(const struct plan *p, int64_t at_ms)
{
    return !p->has_time || (at_ms >= p->from_ms && at_ms < p->to_ms);
}

static void keep_sessions(struct work *w, struct predicate_bits bits)
{
    size_t next = 0;
    for (size_t k = 0; k < w->n_sessions; k++) {
        const struct journey_session *s = &w->sessions[k];
        bool any = false;
        for (size_t i = s->first; i < s->end && !any; i++)
            any = w->c.session[i] == k && has_bits(w, i, bits);
        for (size_t i = s->first; i < s->end; i++)
            if (!any || w->c.session[i] != k) w->keep[i] = 0;
        for (; next < s->first; next++) w->keep[next] = 0;
        next = s->end;
    }
    for (; next < w->n; next++) w->keep[next] = 0;
}

/* Renumbers the sessions that still have events. */
static void keep_used_sessions(struct work *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n;) {
        uint32_t k = w->c.session[i];
        if (k == JOURNEY_NO_SESSION) {
            i++;
            continue;
        }
        struct journey_session s = w->sessions[k];
        s.first = (uint32_t)i;
        for (size_t e = i;
             e < w->n && (w->c.session[e] == k || w->c.session[e] == JOURNEY_NO_SESSION); e++) {
            if (w->c.session[e] != k) continue;
            s.end = (uint32_t)e + 1;
            w->c.session[e] = (uint32_t)kept;
        }
        i = s.end;
        w->about[kept] = w->about[k];
        w->sessions[kept++] = s;
    }
    w->n_sessions = kept;
}

/* Applies the plan's filters and time; false when nothing is left. */
static bool filter(struct work *w)
{
    const struct plan *p = w->p;
    if (p->n_filters == 0 &&
        (!p->has_time || (in_time(p, w->c.at_ms[0]) && in_time(p, w->c.at_ms[w->n - 1]))))
        return true;
    for (size_t i = 0; i < w->n; i++) w->keep[i] = in_time(p, w->c.at_ms[i]);
    for (size_t f = 0; f < p->n_filters; f++) {
        const struct filter *filter = &p->filter[f];
        if (filter->on == ON_SESSION) {
            keep_sessions(w, filter->bits);
            continue;
        }
        bool any = false;
        for (size_t i = 0; i < w->n; i++) {
            bool holds = has_bits(w, i, filter->bits);
            any = any || (holds && in_time(p, w->c.at_ms[i]));
            if (filter->on == ON_EVENT && !holds) w->keep[i] = 0;
        }
        if (!any) return false;
    }
    drop_others(w);
    if (w->n && p->want & WANT_SESSIONS) keep_used_sessions(w);
    return w->n > 0;
}

/* --- the result --- */

static uint32_t session_dim(const struct dimension *d, const struct work_session *a)
{
    switch (d->from) {
    case DIM_TOUCHED: return d->map[a->touch];
    case DIM_OWN_TOUCH: return d->map[a->own_touch];
    case DIM_AT_CLIENT: return d->map[a->client];
    case DIM_ENTRY: return a->entry;
    default: return a->exit;
    }
}

static const uint32_t *fill_dim(struct work *w, unsigned slot)
{
    const struct dimension *d = &w->p->dim[slot];
    uint32_t *out = w->c.dim[slot];
    switch (d->from) {
    case DIM_NAME: return w->c.name;
    case DIM_PATH: return w->c.path;
    case DIM_KEY: return out;
    case DIM_KIND:
        for (size_t i = 0; i < w->n; i++) out[i] = d->map[w->c.name[i]];
        return out;
    case DIM_TUPLE:
        for (size_t i = 0; i < w->n; i++)
            out[i] = d->map[d->client ? w->c.client[i] : w->c.touch[i]];
        return out;
    default:
        for (size_t i = 0; i < w->n; i++)
            out[i] = w->c.session[i] == JOURNEY_NO_SESSION
                         ? JOURNEY_NO_VALUE
                         : session_dim(d, &w->about[w->c.session[i]]);
        return out;
    }
}

err_code work_finish(struct work *w, uint64_t visitor, struct journey *out, bool *any,
                     struct err *err)
{
    const struct plan *p = w->p;
    *any = false;
    if (w->n_slices > 1) sort_by_time(w);
    size_t n_whole = w->n;
    if (w->judge_bots && w->n >= BOT_REGULAR && may_be_bot(w)) drop_bots(w);
    if (w->n == 0) return ERR_OK;
    if (p->want & WANT_SESSIONS) {
        if (!room_for_sessions(w)) return err_set(err, ERR_NOMEM, 0, "cut %zu sessions", w->n);
        cut_sessions(w);
        if (p->n_dims || p->any_session) describe_sessions(w);
    }
    judge(w);
    if (!filter(w)) return ERR_OK;
    /* What is whole has been looked at when it was gathered. */
    if (p->require && !(w->may_skip && p->plain && w->n == n_whole)) {
        uint64_t met = 0;
        for (size_t i = 0; i < w->n; i++) met |= w->c.match[i];
        if (!(met & p->require)) return ERR_OK;
    }
    *out = (struct journey){.visitor = visitor,
                            .id_kind = w->id_kind,
                            .n = w->n,
                            .at_ms = w->c.at_ms,
                            .match = w->c.match,
                            .flags = w->c.flags};
    for (unsigned d = 0; d < p->n_dims; d++) out->dim[d] = fill_dim(w, d);
    if (p->want & WANT_SESSIONS) {
        out->session = w->c.session;
        out->sessions = w->sessions;
        out->n_sessions = w->n_sessions;
    }
    if (p->want & WANT_VALUE) {
        out->value_minor = w->c.value;
        out->currency = w->c.currency;
    }
    if (p->needs & NEED_ENGAGED) out->engaged_ms = w->c.engaged;
    if (p->needs & NEED_NAME) out->name = w->c.name;
    if (p->needs & NEED_PATH) out->path = w->c.path;
    *any = true;
    return ERR_OK;
}
