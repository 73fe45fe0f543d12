#include "journey/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "journey/layout.h"

/* Days since 1970 of the first of a month, by counting leap years: the proleptic Gregorian rule. */
static int64_t month_days(int64_t month)
{
    static const int16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t years = month / 12, m = month % 12;
    if (m < 0) m += 12, years--;
    int64_t y = 1970 + years, last = y - 1; /* leap days up to the end of the year before */
    int64_t leaps = last / 4 - last / 100 + last / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return years * 365 + leaps + before[m] + (m > 1 && leap);
}

enum { DAY_MS = 86400000 };

int64_t month_start_ms(int32_t month)
{
    return month_days(month) * DAY_MS;
}

int32_t month_of(int64_t at_ms)
{
    int64_t day = at_ms / DAY_MS - (at_ms % DAY_MS < 0);
    int64_t month = day * 12 * 400 / 146097; /* exact to a month: 400 years have 146,097 days */
    while (month_days(month) > day) month--;
    while (month_days(month + 1) <= day) month++;
    return (int32_t)month;
}

struct part *part_take(struct part *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void part_release(struct part *p)
{
    /* Release, then acquire by the last one: every read happens before the bytes go away. */
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1) return;
    if (p->mapped) munmap((void *)p->bytes, p->size);
    else free((void *)p->bytes);
    free(p->key);
    free(p);
}

const struct column *part_key(const struct part *p, uint32_t key)
{
    size_t low = 0, high = p->n_keys;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (p->key[mid].key < key) low = mid + 1;
        else high = mid;
    }
    return low < p->n_keys && p->key[low].key == key ? &p->key[low] : NULL;
}

uint32_t part_seek(const struct part *p, uint64_t id)
{
    uint32_t low = 0, high = p->n_visitors;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (p->visitor[mid] < id) low = mid + 1;
        else high = mid;
    }
    return low;
}

uint32_t column_seek(const struct column *c, uint32_t from, uint32_t row)
{
    /* Strides that double, then halve: the next visitor's entries are usually near. */
    uint32_t step = 1, low = from, high;
    while (low < c->n && c->row[low] < row) {
        high = step < c->n - low ? low + step : c->n;
        if (high < c->n && c->row[high] < row) {
            low = high;
            step *= 2;
            continue;
        }
        low++;
        while (low < high) {
            uint32_t mid = low + (high - low) / 2;
            if (c->row[mid] < row) low = mid + 1;
            else high = mid;
        }
    }
    return low;
}

uint64_t part_header_sum(const unsigned char *bytes, size_t n)
{
    /* With its own sum as 0: on a copy, for the bytes may be mapped. */
    unsigned char copy[PART_MAX_HEADER];
    struct part_header h;
    memcpy(copy, bytes, n);
    memcpy(&h, bytes, sizeof h);
    h.header_sum = 0;
    memcpy(copy, &h, sizeof h);
    return hash_fast((struct str){(const char *)copy, n});
}

/* --- reading the header and the directory --- */

static bool inside(const struct part *p, uint64_t at, uint64_t n, uint64_t width)
{
    return at >= sizeof(struct part_header) && at % PART_ALIGN == 0 && at <= p->size &&
           n * width <= p->size - at; /* n and width are under 2^33 and 9: no overflow */
}

static bool read_column(struct part *p, const struct part_directory *d, struct column *c)
{
    bool key = d->kind == COL_KEY;
    *c = (struct column){.key = d->key, .n = d->n, .form = d->form, .width = d->width};
    if (d->form > FORM_MULTI || (!key && d->kind != COL_VALUE && d->form != FORM_DENSE))
        return false;
    if (d->form == FORM_DENSE ? d->n != p->n_events : d->n == 0) return false;
    if (d->kind == COL_VALUE ? d->form != FORM_SPARSE || (d->width != 4 && d->width != 8)
                             : d->width > 4 || d->width == 3)
        return false;
    if (key && (d->key == KEY_NONE || d->key >= KEY_MAX)) return false;
    if (d->form != FORM_DENSE && !inside(p, d->row_at, d->n, 4)) return false;
    if (d->form == FORM_MULTI && !inside(p, d->ord_at, d->n, 1)) return false;
    if (d->width && !inside(p, d->code_at, d->n, d->width)) return false;
    if (d->form != FORM_DENSE) c->row = (const uint32_t *)(p->bytes + d->row_at);
    if (d->form == FORM_MULTI) c->ord = p->bytes + d->ord_at;
    c->code = p->bytes + d->code_at;
    return true;
}

static bool read_directory(struct part *p, const struct part_directory *d, size_t n)
{
    unsigned seen = 0;
    for (size_t i = 0; i < n; i++, d++) {
        struct column c, *dense[] = {[COL_NAME] = &p->name_code,
                                     [COL_PATH] = &p->path_code,
                                     [COL_TOUCH] = &p->touch_code,
                                     [COL_CLIENT] = &p->client_code,
                                     [COL_VALUE] = &p->value};
        if (d->kind > COL_KEY || (d->kind < COL_KEY && seen >> d->kind & 1)) return false;
        seen |= 1u << d->kind;
        if (d->kind == COL_VISITOR) {
            if (d->n != p->n_visitors || !inside(p, d->row_at, (uint64_t)d->n + 1, 4) ||
                !inside(p, d->code_at, d->n, 8))
                return false;
            p->first = (const uint32_t *)(p->bytes + d->row_at);
            p->visitor = (const uint64_t *)(p->bytes + d->code_at);
        } else if (d->kind == COL_AT) {
            if (d->n != p->n_events || !inside(p, d->code_at, d->n, 4)) return false;
            p->at = (const uint32_t *)(p->bytes + d->code_at);
        } else {
            if (!read_column(p, d, &c)) return false;
            if (d->kind == COL_KEY) {
                if (p->n_keys > 0 && p->key[p->n_keys - 1].key >= c.key) return false;
                p->key[p->n_keys++] = c;
            } else {
                *dense[d->kind] = c;
            }
        }
    }
    unsigned needed = (1u << COL_VALUE) - 1;
    return (seen & needed) == needed;
}

/* Fills `*p`, whose bytes and size are set, as far as readers will go by it. */
static err_code read_part(struct part *p, struct err *err)
{
    struct part_header h;
    if (p->size < sizeof h) return err_set(err, ERR_CORRUPT, 0, "segment of %zu bytes", p->size);
    memcpy(&h, p->bytes, sizeof h);
    if (memcmp(h.magic, PART_MAGIC, sizeof h.magic) != 0 || h.version != PART_VERSION)
        return err_set(err, ERR_CORRUPT, 0, "not a segment of version %d", PART_VERSION);
    if (h.file_bytes != p->size || h.n_columns > PART_MAX_COLUMNS ||
        h.header_bytes != sizeof h + h.n_columns * sizeof(struct part_directory) ||
        h.header_bytes > p->size)
        return err_set(err, ERR_CORRUPT, 0, "segment of %zu bytes has a wrong length", p->size);
    if (part_header_sum(p->bytes, h.header_bytes) != h.header_sum)
        return err_set(err, ERR_CORRUPT, 0, "the segment's header fails its checksum");
    p->site = h.site;
    p->month = h.month;
    p->first_seq = h.first_seq;
    p->last_seq = h.last_seq;
    p->min_ms = h.min_ms;
    p->max_ms = h.max_ms;
    p->n_events = h.n_events;
    p->n_visitors = h.n_visitors;
    p->flags = h.flags;
    p->id_kinds = h.id_kinds;
    p->origins = h.origins;
    p->key = calloc(h.n_columns, sizeof *p->key);
    if (!p->key) return err_set(err, ERR_NOMEM, 0, "open a segment");
    if (h.month < -12 * 1969 || h.month > 12 * 8030 || h.n_events == 0 || h.n_visitors == 0 ||
        h.first_seq > h.last_seq ||
        !read_directory(p, (const struct part_directory *)(p->bytes + sizeof h), h.n_columns))
        return err_set(err, ERR_CORRUPT, 0, "the segment's directory is wrong");
    p->base_ms = month_start_ms(h.month);
    return ERR_OK;
}

/* --- checking what it holds --- */

static bool codes_below(const struct column *c, uint32_t limit)
{
    uint32_t most = 0;
    switch (c->width) { /* one plain loop each: they become vector code */
    case 1:
        for (uint32_t i = 0; i < c->n; i++)
            most = ((const uint8_t *)c->code)[i] > most ? ((const uint8_t *)c->code)[i] : most;
        break;
    case 2:
        for (uint32_t i = 0; i < c->n; i++)
            most = ((const uint16_t *)c->code)[i] > most ? ((const uint16_t *)c->code)[i] : most;
        break;
    case 4:
        for (uint32_t i = 0; i < c->n; i++)
            most = ((const uint32_t *)c->code)[i] > most ? ((const uint32_t *)c->code)[i] : most;
        break;
    default: break;
    }
    return most == 0 || most < limit;
}

static bool rows_rise(const struct part *p, const struct column *c)
{
    if (c->form == FORM_DENSE || c->n == 0) return true;
    bool ok = c->row[c->n - 1] < p->n_events;
    for (uint32_t i = 1; i < c->n && ok; i++)
        ok = c->row[i] > c->row[i - 1] ||
             (c->form == FORM_MULTI && c->row[i] == c->row[i - 1] && c->ord[i] > c->ord[i - 1]);
    return ok;
}

static bool times_rise(const struct part *p)
{
    int64_t month_ms = month_start_ms(p->month + 1) - p->base_ms, low = INT64_MAX, high = 0;
    if (p->first[0] != 0 || p->first[p->n_visitors] != p->n_events) return false;
    for (uint32_t v = 0; v < p->n_visitors; v++) {
        uint32_t i = p->first[v], end = p->first[v + 1];
        if (end <= i || end > p->n_events || (v > 0 && p->visitor[v] <= p->visitor[v - 1]))
            return false;
        if (p->at[i] < low) low = p->at[i];
        if (p->at[end - 1] > high) high = p->at[end - 1];
        for (i++; i < end; i++)
            if (p->at[i] < p->at[i - 1]) return false;
    }
    return high < month_ms && p->min_ms == p->base_ms + low && p->max_ms == p->base_ms + high;
}

static err_code check_content(const struct part *p, const struct dict_counts *counts,
                              struct err *err)
{
    struct part_header h;
    memcpy(&h, p->bytes, sizeof h);
    struct str data = {(const char *)p->bytes + h.header_bytes, p->size - h.header_bytes};
    if (hash_fast(data) != h.data_sum)
        return err_set(err, ERR_CORRUPT, 0, "the segment fails its checksum");
    bool ok = times_rise(p) && codes_below(&p->name_code, counts->n[DICT_NAME]) &&
              codes_below(&p->path_code, counts->n[DICT_PATH]) &&
              codes_below(&p->touch_code, counts->n[DICT_TOUCH]) &&
              codes_below(&p->client_code, counts->n[DICT_CLIENT]) && rows_rise(p, &p->value);
    for (size_t i = 0; i < p->n_keys && ok; i++) {
        const struct column *c = &p->key[i];
        uint32_t limit = c->key == KEY_ENGAGED ? UINT32_MAX
                         : c->key == KEY_SCROLL || c->key == KEY_ITEM_COUNT
                             ? 257
                             : counts->n[DICT_VALUE_0 + c->key];
        ok = rows_rise(p, c) && codes_below(c, limit) && c->key < counts->n[DICT_KEY];
    }
    return ok ? ERR_OK : err_set(err, ERR_CORRUPT, 0, "the segment's columns do not fit together");
}

err_code part_check(const unsigned char *bytes, size_t size, const struct dict_counts *counts,
                    struct err *err)
{
    struct part p = {.bytes = bytes, .size = size};
    err_code rc = read_part(&p, err);
    if (rc == ERR_OK) rc = check_content(&p, counts, err);
    free(p.key);
    return rc;
}

/* --- opening --- */

/* Wraps what `*p` says into a part with one reference; on failure the bytes are still the caller's.
 */
static err_code new_part(const unsigned char *bytes, size_t size, bool mapped, struct part **out,
                         struct err *err)
{
    struct part *p = calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NOMEM, 0, "open a segment");
    atomic_init(&p->refs, 1);
    p->bytes = bytes;
    p->size = size;
    p->mapped = mapped;
    err_code rc = read_part(p, err);
    if (rc != ERR_OK) {
        free(p->key);
        free(p);
        return rc;
    }
    *out = p;
    return ERR_OK;
}

err_code part_of_bytes(unsigned char *bytes, size_t size, struct part **out, struct err *err)
{
    err_code rc = new_part(bytes, size, false, out, err);
    if (rc != ERR_OK) free(bytes);
    return rc;
}

err_code part_map(const struct fs *fs, const char *path, const char *name,
                  const struct dict_counts *counts, struct part **out, struct err *err)
{
    int fd = fs->open(fs, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return err_set(err, ERR_IO, -fd, "open %s", name);
    int64_t size = fs->size(fs, fd);
    void *bytes = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    int mmap_errno = errno;
    (void)fs->close(fs, fd);
    if (size <= 0) return err_set(err, ERR_CORRUPT, 0, "%s is empty", name);
    if (bytes == MAP_FAILED) return err_set(err, ERR_IO, mmap_errno, "map %s", name);
    struct part *p;
    err_code rc = new_part(bytes, (size_t)size, true, &p, err);
    if (rc != ERR_OK) {
        munmap(bytes, (size_t)size);
        return rc;
    }
    rc = check_content(p, counts, err);
    if (rc != ERR_OK) {
        part_release(p);
        return rc;
    }
    snprintf(p->name, sizeof p->name, "%s", name);
    *out = p;
    return ERR_OK;
}

static uint64_t column_bytes(const struct column *c)
{
    uint64_t rows = c->form == FORM_DENSE ? 0 : 4, ords = c->form == FORM_MULTI ? 1 : 0;
    return c->n * (rows + ords + c->width);
}

void part_sizes(const struct part *p, void (*each)(void *arg, const char *name, uint64_t bytes),
                void *arg)
{
    static const char *const fixed[KEY_OWN] = {
        [KEY_TITLE] = "title",       [KEY_QUERY] = "query",           [KEY_REFERRER] = "referrer",
        [KEY_ORDER_ID] = "order_id", [KEY_SESSION] = "session",       [KEY_CURRENCY] = "currency",
        [KEY_VARIANT] = "variant",   [KEY_EXPERIMENT] = "experiment", [KEY_ENGAGED] = "engaged",
        [KEY_SCROLL] = "scroll",     [KEY_ITEM_COUNT] = "item_count",
    };
    each(arg, "visitor", (uint64_t)p->n_visitors * 12 + 4);
    each(arg, "at", (uint64_t)p->n_events * 4);
    each(arg, "name", column_bytes(&p->name_code));
    each(arg, "path", column_bytes(&p->path_code));
    each(arg, "touch", column_bytes(&p->touch_code));
    each(arg, "client", column_bytes(&p->client_code));
    each(arg, "value", column_bytes(&p->value));
    for (size_t i = 0; i < p->n_keys; i++) {
        uint32_t key = p->key[i].key;
        each(arg, key < KEY_OWN ? fixed[key] : "properties", column_bytes(&p->key[i]));
    }
}
