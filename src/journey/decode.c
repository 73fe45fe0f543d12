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

/* Places in a block's cursors after those of the passes. */
enum {
    CURSOR_VALUE,
    CURSOR_CURRENCY,
    CURSOR_ENGAGED,
    CURSOR_ITEMS,
    CURSOR_MONEY, /* the place in currency while a block is gone through */
    CURSOR_DIMS,
    CURSOR_LATER = CURSOR_DIMS + JOURNEY_MAX_DIMS
};

size_t work_cursors(const struct plan *p)
{
    return 2 * p->n_pass + CURSOR_LATER; /* of passes twice: where the block begins, and a place */
}

static uint32_t *cursor_of_use(const struct work *w, const struct block *b, unsigned use)
{
    return b->cursor + 2 * w->p->n_pass + use;
}

/* Moves a cursor to the block's first entry and tells how many entries the block has from there. */
static uint32_t entries(const struct column *c, const struct block *b, uint32_t *cursor)
{
    if (c->n == 0) return 0;
    uint32_t at = *cursor = column_seek(c, *cursor, b->first_row), n = 0;
    while (at + n < c->n && c->row[at + n] < b->first_row + b->n) n++;
    return n;
}

/* --- terms --- */

/* A key's pass: each event's bits by its values, or by code 0 when it has none. */
static void and_key(const struct pass *pass, size_t word, const struct block *b, uint32_t *cursor,
                    uint64_t *term)
{
    const uint64_t *table = pass->table.word[word];
    const struct column *c = part_key(b->part, pass->key);
    if (c && c->form == FORM_DENSE) {
        EACH_CODE(c, b->first_row, b->n, term[i] &= table[code]);
        return;
    }
    uint32_t n = c ? entries(c, b, cursor) : 0, at = *cursor, event = 0;
    for (uint32_t e = 0; e < n;) {
        uint32_t row = c->row[at + e] - b->first_row;
        while (event < row) term[event++] &= table[0];
        uint64_t any = 0, all = UINT64_MAX;
        for (; e < n && c->row[at + e] - b->first_row == row; e++) {
            uint64_t bits = table[column_code(c, at + e)];
            any |= bits;
            all &= bits;
        }
        term[event++] &= (any & ~pass->negative[word]) | (all & pass->negative[word]);
    }
    while (event < b->n) term[event++] &= table[0];
}

/* Terms with conditions on items hold when one item meets all of them. */
static void and_items(const struct work *w, size_t word, const struct block *b, uint64_t *term)
{
    const struct plan *p = w->p;
    const struct column *count = part_key(b->part, KEY_ITEM_COUNT);
    uint64_t others = ~p->items_terms[word], item[WORK_MAX_ITEMS];
    bool dense = count && count->form == FORM_DENSE;
    uint32_t *cursor = cursor_of_use(w, b, CURSOR_ITEMS);
    uint32_t n = dense ? b->n : count ? entries(count, b, cursor) : 0, next = 0;
    uint32_t *place = b->cursor + p->n_pass;
    memcpy(place, b->cursor, p->n_pass * sizeof *place);
    for (uint32_t e = 0; e < n; e++) {
        uint32_t row = dense ? b->first_row + e : count->row[*cursor + e];
        uint32_t n_items = column_code(count, dense ? row : *cursor + e);
        while (next < row - b->first_row) term[next++] &= others;
        if (n_items > WORK_MAX_ITEMS) n_items = WORK_MAX_ITEMS;
        for (uint32_t o = 0; o < n_items; o++) item[o] = UINT64_MAX;
        for (size_t i = 0; i < p->n_pass; i++) {
            const struct pass *pass = &p->pass[i];
            const uint64_t *table = pass->table.word[word];
            if (!pass->items || !table) continue;
            const struct column *c = part_key(b->part, pass->key);
            uint32_t o = 0;
            if (c && c->form == FORM_DENSE) {
                item[o++] &= table[column_code(c, row)];
            } else if (c) {
                uint32_t at = place[i] = column_seek(c, place[i], row);
                if (e == 0) b->cursor[i] = at;
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
    while (next < b->n) term[next++] &= others;
}

static double major(const struct plan *p, int64_t minor, uint32_t currency)
{
    static const double scale[] = {1, 10, 100, 1000, 10000};
    uint8_t digits = p->currency_digits[currency];
    return (double)minor / scale[digits < 5 ? digits : 4];
}

static uint32_t currency_at(const struct work *w, const struct block *b, uint32_t row)
{
    const struct column *c = part_key(b->part, KEY_CURRENCY);
    if (!c) return 0;
    if (c->form == FORM_DENSE) return column_code(c, row);
    uint32_t *place = cursor_of_use(w, b, CURSOR_MONEY);
    *place = column_seek(c, *place, row);
    return *place < c->n && c->row[*place] == row ? column_code(c, *place) : 0;
}

/* Back to where the block's currencies begin. */
static void rewind_currency(const struct work *w, const struct block *b)
{
    const struct column *c = part_key(b->part, KEY_CURRENCY);
    uint32_t *cursor = cursor_of_use(w, b, CURSOR_CURRENCY);
    if (c && c->form != FORM_DENSE) *cursor = column_seek(c, *cursor, b->first_row);
    *cursor_of_use(w, b, CURSOR_MONEY) = *cursor;
}

/* A number that is absent meets only the negative conditions. */
static void and_number(const struct work *w, const struct number_test *t, const struct block *b,
                       uint64_t *term)
{
    bool money = t->look == LOOK_VALUE, absent = text_match_negative(&t->test);
    const struct column *c = money ? &b->part->value : part_key(b->part, KEY_ENGAGED);
    if (c && c->form == FORM_DENSE && c->n) {
        EACH_CODE(c, b->first_row, b->n,
                  if (!(code ? text_match_number(&t->test, code) : absent)) term[i] &= ~t->bit);
        return;
    }
    uint32_t *cursor = cursor_of_use(w, b, money ? CURSOR_VALUE : CURSOR_ENGAGED);
    uint32_t n = c ? entries(c, b, cursor) : 0, event = 0;
    if (money) rewind_currency(w, b);
    for (uint32_t e = 0; e < n; e++) {
        uint32_t row = c->row[*cursor + e];
        double x = money ? major(w->p, column_value(c, *cursor + e), currency_at(w, b, row))
                         : column_code(c, *cursor + e);
        for (; event < row - b->first_row; event++)
            if (!absent) term[event] &= ~t->bit;
        if (!text_match_number(&t->test, x)) term[event] &= ~t->bit;
        event++;
    }
    for (; event < b->n; event++)
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

/* One word of terms for one block, as far as single events decide them. */
static void judge_word(const struct work *w, size_t word, const struct block *b, uint64_t *term)
{
    const struct plan *p = w->p;
    uint64_t all = word + 1 < p->n_words || p->n_terms % 64 == 0
                       ? UINT64_MAX
                       : (UINT64_C(1) << p->n_terms % 64) - 1;
    bool fresh = true; /* the first pass writes, the others narrow down */
    for (enum look look = LOOK_NAME; look <= LOOK_CLIENT; look++) {
        const uint64_t *table = p->dense[look].word[word];
        const struct column *c = dense_column(b->part, look);
        if (!table) continue;
        if (fresh) EACH_CODE(c, b->first_row, b->n, term[i] = table[code] & all);
        else EACH_CODE(c, b->first_row, b->n, term[i] &= table[code]);
        fresh = false;
    }
    for (uint32_t i = 0; i < b->n && fresh; i++) term[i] = all;
    for (size_t i = 0; i < p->n_pass; i++)
        if (!p->pass[i].items && p->pass[i].table.word[word])
            and_key(&p->pass[i], word, b, &b->cursor[i], term);
    if (p->items_terms[word]) and_items(w, word, b, term);
    for (size_t i = 0; i < p->n_numbers; i++)
        if (p->number[i].word == word) and_number(w, &p->number[i], b, term);
}

/* --- columns --- */

static void copy_codes(const struct column *c, const struct block *b, uint32_t *out)
{
    EACH_CODE(c, b->first_row, b->n, out[i] = code);
}

/* The first value under a key, 0 where there is none. */
static void copy_key(const struct column *c, const struct block *b, uint32_t *cursor, uint32_t *out)
{
    if (c && c->form == FORM_DENSE) {
        copy_codes(c, b, out);
        return;
    }
    memset(out, 0, b->n * sizeof *out);
    uint32_t n = c ? entries(c, b, cursor) : 0;
    for (uint32_t e = n; e-- > 0;)
        out[c->row[*cursor + e] - b->first_row] = column_code(c, *cursor + e);
}

static void copy_values(const struct work *w, const struct block *b)
{
    const struct column *c = &b->part->value;
    uint32_t *cursor = cursor_of_use(w, b, CURSOR_VALUE), n = entries(c, b, cursor);
    memset(b->c.value, 0, b->n * sizeof *b->c.value);
    memset(b->c.currency, 0, b->n * sizeof *b->c.currency);
    if (n) rewind_currency(w, b);
    for (uint32_t e = 0; e < n; e++) {
        uint32_t row = c->row[*cursor + e];
        b->c.value[row - b->first_row] = column_value(c, *cursor + e);
        b->c.currency[row - b->first_row] = currency_at(w, b, row);
    }
}

static void copy_flags(const struct work *w, const struct block *b, uint8_t *out)
{
    enum { JUDGED = 1 << ORIGIN_BROWSER | 1 << ORIGIN_IMPORT_BOTS };
    const struct part *part = b->part;
    bool one_origin = !(part->origins & JUDGED) || !(part->origins & ~JUDGED);
    bool one_kind = !(part->flags & PART_SIMULATED) || part->flags & PART_ALL_SIMULATED;
    uint8_t same = (uint8_t)((part->flags & PART_SIMULATED ? JF_SIMULATED : 0) |
                             (part->origins & JUDGED ? WORK_JUDGED : 0));
    const uint8_t *by_name = w->p->name_flags, *by_client = w->p->client_flags;
    if (one_origin && one_kind && !(part->flags & PART_OFFLINE)) {
        EACH_CODE(&part->name_code, b->first_row, b->n, out[i] = by_name[code] | same);
        return;
    }
    EACH_CODE(&part->name_code, b->first_row, b->n, out[i] = by_name[code]);
    EACH_CODE(&part->client_code, b->first_row, b->n, out[i] |= by_client[code]);
}

void decode_terms(const struct work *w, struct block *b)
{
    for (size_t word = 0; word < w->p->n_words; word++)
        judge_word(w, word, b, w->p->plain ? b->c.match : b->c.term[word]);
}

void decode_columns(const struct work *w, struct block *b)
{
    const struct plan *p = w->p;
    const struct part *part = b->part;
    const struct columns *c = &b->c;
    const uint32_t *at = part->at + b->first_row;
    for (uint32_t i = 0; i < b->n; i++) c->at_ms[i] = part->base_ms + at[i];
    copy_flags(w, b, c->flags);
    if (p->want & WANT_NAME) copy_codes(&part->name_code, b, c->name);
    if (p->want & WANT_PATH) copy_codes(&part->path_code, b, c->path);
    if (p->want & WANT_TOUCH) copy_codes(&part->touch_code, b, c->touch);
    if (p->want & WANT_CLIENT) copy_codes(&part->client_code, b, c->client);
    if (p->want & WANT_VALUE) copy_values(w, b);
    if (p->want & WANT_ENGAGED)
        copy_key(part_key(part, KEY_ENGAGED), b, cursor_of_use(w, b, CURSOR_ENGAGED), c->engaged);
    for (unsigned d = 0; d < p->n_dims; d++)
        if (p->dim[d].from == DIM_KEY)
            copy_key(part_key(part, p->dim[d].key), b, cursor_of_use(w, b, CURSOR_DIMS + d),
                     c->dim[d]);
}
