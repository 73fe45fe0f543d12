#include "journey/work.h"

/* Runs `body` for each of a dense column's codes in [from, from + count): `i` from 0, `code`.  One
 * loop for each width, so that the compiler sees plain arrays. */
#define EACH_CODE(column, from, count, body)                                                       \
    do {                                                                                           \
        if ((column)->width == 1) {                                                                \
            const uint8_t *codes_ = (const uint8_t *)(column)->code + (from);                      \
            for (uint32_t i = 0; i < (count); i++) {                                               \
                const uint32_t code = codes_[i];                                                   \
                body;                                                                              \
            }                                                                                      \
        } else if ((column)->width == 2) {                                                         \
            const uint16_t *codes_ = (const uint16_t *)(column)->code + (from);                    \
            for (uint32_t i = 0; i < (count); i++) {                                               \
                const uint32_t code = codes_[i];                                                   \
                body;                                                                              \
            }                                                                                      \
        } else if ((column)->width == 4) {                                                         \
            const uint32_t *codes_ = (const uint32_t *)(column)->code + (from);                    \
            for (uint32_t i = 0; i < (count); i++) {                                               \
                const uint32_t code = codes_[i];                                                   \
                body;                                                                              \
            }                                                                                      \
        } else {                                                                                   \
            const uint32_t code = 0;                                                               \
            for (uint32_t i = 0; i < (count); i++) {                                               \
                body;                                                                              \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* Places in a slice's cursors after those of the passes. */
enum {
    CURSOR_VALUE,
    CURSOR_CURRENCY,
    CURSOR_ENGAGED,
    CURSOR_ITEMS,
    CURSOR_DIMS,
    CURSOR_LATER = CURSOR_DIMS + JOURNEY_MAX_DIMS
};

size_t work_cursors(const struct plan *p)
{
    return p->n_pass + CURSOR_LATER;
}

static uint32_t *cursor_of_use(const struct work *w, const struct slice *s, unsigned use)
{
    return s->cursor + w->p->n_pass + use;
}

/* Moves a cursor to the slice's first entry and tells how many entries the slice has from there. */
static uint32_t entries(const struct column *c, const struct slice *s, uint32_t *cursor)
{
    if (c->n == 0) return 0;
    uint32_t at = *cursor = column_seek(c, *cursor, s->first), n = 0;
    while (at + n < c->n && c->row[at + n] < s->first + s->n) n++;
    return n;
}

/* --- terms
 * -----------------------------------------------------------------------------------------*/

/* A key's pass: each event's bits by its values, or by code 0 when it has none. */
static void and_key(const struct pass *pass, size_t word, const struct slice *s, uint32_t *cursor,
                    uint64_t *term)
{
    const uint64_t *table = pass->table.word[word];
    const struct column *c = part_key(s->part, pass->key);
    if (c && c->form == FORM_DENSE) {
        EACH_CODE(c, s->first, s->n, term[i] &= table[code]);
        return;
    }
    uint32_t n = c ? entries(c, s, cursor) : 0, at = *cursor, event = 0;
    for (uint32_t e = 0; e < n;) {
        uint32_t row = c->row[at + e] - s->first;
        while (event < row) term[event++] &= table[0];
        uint64_t any = 0, all = UINT64_MAX;
        for (; e < n && c->row[at + e] - s->first == row; e++) {
            uint64_t bits = table[column_code(c, at + e)];
            any |= bits;
            all &= bits;
        }
        term[event++] &= (any & ~pass->negative[word]) | (all & pass->negative[word]);
    }
    while (event < s->n) term[event++] &= table[0];
}

/* Terms with conditions on items hold when one item meets all of them. */
static void and_items(struct work *w, size_t word, const struct slice *s, uint64_t *term)
{
    const struct plan *p = w->p;
    const struct column *count = part_key(s->part, KEY_ITEM_COUNT);
    uint64_t others = ~p->items_terms[word], item[WORK_MAX_ITEMS];
    bool dense = count && count->form == FORM_DENSE;
    uint32_t *cursor = cursor_of_use(w, s, CURSOR_ITEMS);
    uint32_t n = dense ? s->n : count ? entries(count, s, cursor) : 0, next = 0;
    for (uint32_t e = 0; e < n; e++) {
        uint32_t row = dense ? s->first + e : count->row[*cursor + e];
        uint32_t n_items = column_code(count, dense ? row : *cursor + e);
        while (next < row - s->first) term[next++] &= others;
        if (n_items > WORK_MAX_ITEMS) n_items = WORK_MAX_ITEMS;
        for (uint32_t o = 0; o < n_items; o++) item[o] = UINT64_MAX;
        for (size_t i = 0; i < p->n_pass; i++) {
            const struct pass *pass = &p->pass[i];
            const uint64_t *table = pass->table.word[word];
            if (!pass->items || !table) continue;
            const struct column *c = part_key(s->part, pass->key);
            uint32_t o = 0;
            if (c && c->form == FORM_DENSE) {
                item[o++] &= table[column_code(c, row)];
            } else if (c) {
                uint32_t at = s->cursor[i] = column_seek(c, s->cursor[i], row);
                for (; at < c->n && c->row[at] == row; at++) {
                    uint32_t ord = c->form == FORM_MULTI ? c->ord[at] : 0;
                    for (; o < ord && o < n_items; o++) item[o] &= table[0];
                    if (o < n_items) item[o++] &= table[column_code(c, at)];
                }
            }
            for (; o < n_items; o++) item[o] &= table[0];
        }
        uint64_t any = 0;
        for (uint32_t o = 0; o < n_items; o++) any |= item[o];
        term[next++] &= any | others;
    }
    while (next < s->n) term[next++] &= others;
}

static double major(const struct plan *p, int64_t minor, uint32_t currency)
{
    static const double scale[] = {1, 10, 100, 1000, 10000};
    uint8_t digits = p->currency_digits[currency];
    return (double)minor / scale[digits < 5 ? digits : 4];
}

static uint32_t currency_at(struct work *w, const struct slice *s, uint32_t row)
{
    const struct column *c = part_key(s->part, KEY_CURRENCY);
    if (!c) return 0;
    if (c->form == FORM_DENSE) return column_code(c, row);
    uint32_t *cursor = cursor_of_use(w, s, CURSOR_CURRENCY);
    *cursor = column_seek(c, *cursor, row);
    return *cursor < c->n && c->row[*cursor] == row ? column_code(c, *cursor) : 0;
}

/* A number that is absent meets only the negative conditions. */
static void and_number(struct work *w, const struct number_test *t, const struct slice *s,
                       uint64_t *term)
{
    bool money = t->look == LOOK_VALUE, absent = text_match_negative(&t->test);
    const struct column *c = money ? &s->part->value : part_key(s->part, KEY_ENGAGED);
    if (c && c->form == FORM_DENSE && c->n) {
        EACH_CODE(c, s->first, s->n,
                  if (!(code ? text_match_number(&t->test, code) : absent)) term[i] &= ~t->bit);
        return;
    }
    uint32_t *cursor = cursor_of_use(w, s, money ? CURSOR_VALUE : CURSOR_ENGAGED);
    uint32_t n = c ? entries(c, s, cursor) : 0, event = 0;
    *cursor_of_use(w, s, CURSOR_CURRENCY) = 0;
    for (uint32_t e = 0; e < n; e++) {
        uint32_t row = c->row[*cursor + e];
        double x = money ? major(w->p, column_value(c, *cursor + e), currency_at(w, s, row))
                         : column_code(c, *cursor + e);
        for (; event < row - s->first; event++)
            if (!absent) term[event] &= ~t->bit;
        if (!text_match_number(&t->test, x)) term[event] &= ~t->bit;
        event++;
    }
    for (; event < s->n; event++)
        if (!absent) term[event] &= ~t->bit;
}

static const struct column *dense_column(const struct part *part, enum look look)
{
    switch (look) {
    case LOOK_NAME: return &part->name_code;
    case LOOK_PATH: return &part->path_code;
    case LOOK_TOUCH: return &part->touch_code;
    default: return &part->client_code;
    }
}

/* One word of terms for one slice, as far as single events decide them. */
static void judge_slice(struct work *w, size_t word, const struct slice *s, uint64_t *term)
{
    const struct plan *p = w->p;
    uint64_t all = word + 1 < p->n_words || p->n_terms % 64 == 0
                       ? UINT64_MAX
                       : (UINT64_C(1) << p->n_terms % 64) - 1;
    bool fresh = true; /* the first pass writes, the others narrow down */
    for (enum look look = LOOK_NAME; look <= LOOK_CLIENT; look++) {
        const uint64_t *table = p->dense[look].word[word];
        const struct column *c = dense_column(s->part, look);
        if (!table) continue;
        if (fresh) EACH_CODE(c, s->first, s->n, term[i] = table[code] & all);
        else EACH_CODE(c, s->first, s->n, term[i] &= table[code]);
        fresh = false;
    }
    for (uint32_t i = 0; i < s->n && fresh; i++) term[i] = all;
    for (size_t i = 0; i < p->n_pass; i++)
        if (!p->pass[i].items && p->pass[i].table.word[word])
            and_key(&p->pass[i], word, s, &s->cursor[i], term);
    if (p->items_terms[word]) and_items(w, word, s, term);
    for (size_t i = 0; i < p->n_numbers; i++)
        if (p->number[i].word == word) and_number(w, &p->number[i], s, term);
}

/* --- columns
 * ---------------------------------------------------------------------------------------*/

static void copy_codes(const struct column *c, const struct slice *s, uint32_t *out)
{
    EACH_CODE(c, s->first, s->n, out[i] = code);
}

/* The first value under a key, 0 where there is none. */
static void copy_key(const struct column *c, const struct slice *s, uint32_t *cursor, uint32_t *out)
{
    if (c && c->form == FORM_DENSE) {
        copy_codes(c, s, out);
        return;
    }
    memset(out, 0, s->n * sizeof *out);
    uint32_t n = c ? entries(c, s, cursor) : 0;
    for (uint32_t e = n; e-- > 0;)
        out[c->row[*cursor + e] - s->first] = column_code(c, *cursor + e);
}

static void copy_values(struct work *w, const struct slice *s, size_t at)
{
    const struct column *c = &s->part->value;
    uint32_t *cursor = cursor_of_use(w, s, CURSOR_VALUE), n = entries(c, s, cursor);
    memset(w->value + at, 0, s->n * sizeof *w->value);
    memset(w->currency + at, 0, s->n * sizeof *w->currency);
    if (n) *cursor_of_use(w, s, CURSOR_CURRENCY) = 0;
    for (uint32_t e = 0; e < n; e++) {
        uint32_t row = c->row[*cursor + e];
        w->value[at + row - s->first] = column_value(c, *cursor + e);
        w->currency[at + row - s->first] = currency_at(w, s, row);
    }
}

static void copy_flags(struct work *w, const struct slice *s, uint8_t *out)
{
    enum { JUDGED = 1 << ORIGIN_BROWSER | 1 << ORIGIN_IMPORT_BOTS };
    const struct part *part = s->part;
    bool one_origin = !(part->origins & JUDGED) || !(part->origins & ~JUDGED);
    bool one_kind = !(part->flags & PART_SIMULATED) || part->flags & PART_ALL_SIMULATED;
    uint8_t same = (uint8_t)((part->flags & PART_SIMULATED ? JF_SIMULATED : 0) |
                             (part->origins & JUDGED ? WORK_JUDGED : 0));
    const uint8_t *by_name = w->p->name_flags, *by_client = w->p->client_flags;
    if (one_origin && one_kind && !(part->flags & PART_OFFLINE)) {
        EACH_CODE(&part->name_code, s->first, s->n, out[i] = by_name[code] | same);
        return;
    }
    EACH_CODE(&part->name_code, s->first, s->n, out[i] = by_name[code]);
    EACH_CODE(&part->client_code, s->first, s->n, out[i] |= by_client[code]);
}

static void copy_slice(struct work *w, const struct slice *s, size_t at)
{
    const struct plan *p = w->p;
    const struct part *part = s->part;
    for (uint32_t i = 0; i < s->n; i++) w->at_ms[at + i] = part->base_ms + part->at[s->first + i];
    copy_flags(w, s, w->flags + at);
    if (p->want & WANT_NAME) copy_codes(&part->name_code, s, w->name + at);
    if (p->want & WANT_PATH) copy_codes(&part->path_code, s, w->path + at);
    if (p->want & WANT_TOUCH) copy_codes(&part->touch_code, s, w->touch + at);
    if (p->want & WANT_CLIENT) copy_codes(&part->client_code, s, w->client + at);
    if (p->want & WANT_VALUE) copy_values(w, s, at);
    if (p->want & WANT_ENGAGED)
        copy_key(part_key(part, KEY_ENGAGED), s, cursor_of_use(w, s, CURSOR_ENGAGED),
                 w->engaged + at);
    for (unsigned d = 0; d < p->n_dims; d++)
        if (p->dim[d].from == DIM_KEY)
            copy_key(part_key(part, p->dim[d].key), s, cursor_of_use(w, s, CURSOR_DIMS + d),
                     w->dim[d] + at);
}

err_code work_gather(struct work *w, const struct slice *slices, size_t n, bool *skip,
                     struct err *err)
{
    const struct plan *p = w->p;
    size_t total = 0, at = 0;
    for (size_t i = 0; i < n; i++) total += slices[i].n;
    err_code rc = work_room(w, total, err);
    if (rc != ERR_OK) return rc;
    w->n = total;
    uint64_t met = 0;
    for (size_t word = 0; word < p->n_words; word++) {
        at = 0;
        for (size_t i = 0; i < n; at += slices[i++].n)
            judge_slice(w, word, &slices[i], w->term[word] + at);
        if (w->may_skip)
            for (size_t i = 0; i < total; i++) met |= w->term[word][i] & w->needed[word];
    }
    *skip = w->may_skip && met == 0;
    if (*skip) return ERR_OK;
    at = 0;
    for (size_t i = 0; i < n; at += slices[i++].n) copy_slice(w, &slices[i], at);
    const struct slice *newest = &slices[0];
    int64_t newest_ms = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        const struct slice *s = &slices[i];
        int64_t last_ms = s->part->base_ms + s->part->at[s->first + s->n - 1];
        if (last_ms < newest_ms) continue;
        newest_ms = last_ms;
        newest = s;
    }
    uint8_t kinds = newest->part->id_kinds;
    if (kinds & (kinds - 1)) {
        uint32_t client = column_code(&newest->part->client_code, newest->first + newest->n - 1);
        w->id_kind =
            (uint8_t)client_id_kind(dict_field(p->s->dicts, DICT_CLIENT, client, CLIENT_BITS));
    } else {
        w->id_kind = (uint8_t)(kinds & 1 << ID_CONSENTED ? ID_CONSENTED
                               : kinds & 1 << ID_KNOWN   ? ID_KNOWN
                                                         : ID_DAY);
    }
    return ERR_OK;
}
