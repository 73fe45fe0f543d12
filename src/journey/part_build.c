#include "journey/part_build.h"

#include <stdlib.h>

#include "base/hash.h"

/* Starts an array at the next aligned place and tells where. */
static uint64_t align(struct part_build *b)
{
    static const char zeros[PART_ALIGN];
    buf_bytes(&b->out, zeros, (PART_ALIGN - b->out.n % PART_ALIGN) % PART_ALIGN);
    return b->out.n;
}

static uint64_t put(struct part_build *b, const void *p, size_t n)
{
    uint64_t at = align(b);
    buf_bytes(&b->out, p, n);
    return at;
}

void build_begin(struct part_build *b, uint32_t n_columns)
{
    static const char zeros[sizeof(struct part_directory)];
    buf_bytes(&b->out, &b->head, sizeof b->head);
    for (uint32_t i = 0; i < n_columns; i++) buf_bytes(&b->out, zeros, sizeof zeros);
    b->head.header_bytes = (uint32_t)b->out.n;
    b->head.n_columns = 0;
}

static struct part_directory *next_column(struct part_build *b, enum column_kind kind, uint32_t n)
{
    struct part_directory *d = &b->dir[b->head.n_columns++];
    *d = (struct part_directory){.kind = (uint8_t)kind, .n = n};
    return d;
}

void build_visitors(struct part_build *b, const uint64_t *ids, const uint32_t *first)
{
    struct part_directory *d = next_column(b, COL_VISITOR, b->head.n_visitors);
    d->width = 8;
    d->code_at = put(b, ids, b->head.n_visitors * sizeof *ids);
    d->row_at = put(b, first, ((size_t)b->head.n_visitors + 1) * sizeof *first);
}

void build_times(struct part_build *b, const uint32_t *at)
{
    struct part_directory *d = next_column(b, COL_AT, b->head.n_events);
    d->width = 4;
    d->code_at = put(b, at, b->head.n_events * sizeof *at);
}

static uint8_t width_for(const uint32_t *codes, uint32_t n)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < n; i++) most |= codes[i];
    return most == 0 ? 0 : most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : 4;
}

static uint64_t put_codes(struct part_build *b, const uint32_t *codes, uint32_t n, uint8_t width)
{
    uint64_t at = align(b);
    if (width == 4) {
        buf_bytes(&b->out, codes, n * sizeof *codes);
    } else if (width && buf_reserve(&b->out, (size_t)n * width)) {
        char *to = b->out.p + b->out.n;
        if (width == 1)
            for (uint32_t i = 0; i < n; i++) ((uint8_t *)to)[i] = (uint8_t)codes[i];
        else
            for (uint32_t i = 0; i < n; i++) ((uint16_t *)to)[i] = (uint16_t)codes[i];
        b->out.n += (size_t)n * width;
    }
    return at;
}

void build_codes(struct part_build *b, enum column_kind kind, const uint32_t *codes)
{
    struct part_directory *d = next_column(b, kind, b->head.n_events);
    d->form = FORM_DENSE;
    d->width = width_for(codes, d->n);
    d->code_at = put_codes(b, codes, d->n, d->width);
}

void build_key(struct part_build *b, uint32_t key, const uint32_t *row, const uint8_t *ord,
               const uint32_t *codes, uint32_t n, uint32_t *codes_dense)
{
    uint32_t n_events = b->head.n_events;
    uint8_t width = width_for(codes, n);
    bool dense = !ord && (uint64_t)n_events * width <= (uint64_t)n * (width + 4u);
    struct part_directory *d = next_column(b, COL_KEY, dense ? n_events : n);
    d->key = key;
    d->width = width;
    if (dense) {
        d->form = FORM_DENSE;
        memset(codes_dense, 0, n_events * sizeof *codes_dense);
        for (uint32_t i = 0; i < n; i++) codes_dense[row[i]] = codes[i];
        d->code_at = put_codes(b, codes_dense, n_events, width);
        return;
    }
    d->form = ord ? FORM_MULTI : FORM_SPARSE;
    d->row_at = put(b, row, n * sizeof *row);
    if (ord) d->ord_at = put(b, ord, n);
    d->code_at = put_codes(b, codes, n, width);
}

void build_values(struct part_build *b, const uint32_t *row, const int64_t *values, uint32_t n)
{
    struct part_directory *d = next_column(b, COL_VALUE, n);
    d->form = FORM_SPARSE;
    d->width = 4;
    for (uint32_t i = 0; i < n; i++)
        if (values[i] < INT32_MIN || values[i] > INT32_MAX) d->width = 8;
    d->row_at = put(b, row, n * sizeof *row);
    d->code_at = align(b);
    if (d->width == 8) {
        buf_bytes(&b->out, values, n * sizeof *values);
    } else if (buf_reserve(&b->out, (size_t)n * 4)) {
        int32_t *to = (int32_t *)(void *)(b->out.p + b->out.n);
        for (uint32_t i = 0; i < n; i++) to[i] = (int32_t)values[i];
        b->out.n += (size_t)n * 4;
    }
}

err_code build_finish(struct part_build *b, struct part **out, struct err *err)
{
    struct part_header *h = &b->head;
    align(b);
    struct buf made = b->out;
    b->out = (struct buf){0};
    if (made.bad) {
        buf_free(&made);
        return err_set(err, ERR_NOMEM, 0, "make a segment of %u events", h->n_events);
    }
    unsigned char *bytes = realloc(made.p, made.n); /* to its size: it may live long */
    if (!bytes) bytes = (unsigned char *)made.p;
    memcpy(h->magic, PART_MAGIC, sizeof h->magic);
    h->version = PART_VERSION;
    h->file_bytes = made.n;
    h->data_sum =
        hash_fast((struct str){(char *)bytes + h->header_bytes, made.n - h->header_bytes});
    h->header_sum = 0;
    memcpy(bytes, h, sizeof *h);
    memcpy(bytes + sizeof *h, b->dir, h->n_columns * sizeof *b->dir);
    h->header_sum = part_header_sum(bytes, h->header_bytes);
    memcpy(bytes, h, sizeof *h);
    return part_of_bytes(bytes, made.n, out, err);
}
