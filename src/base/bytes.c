#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->bad = false;
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (b->bad) return false;
    if (b->size - b->n >= more) return true;
    size_t need, size = b->size ? b->size : 256;
    if (__builtin_add_overflow(b->n, more, &need) || need > SIZE_MAX / 2) {
        b->bad = true;
        return false;
    }
    while (size < need) size *= 2;
    char *p = realloc(b->p, size);
    if (!p) {
        b->bad = true;
        return false;
    }
    b->p = p;
    b->size = size;
    return true;
}

void buf_bytes(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || !buf_reserve(b, n)) return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_str(struct buf *b, struct str s)
{
    buf_bytes(b, s.p, s.n);
}

void buf_z(struct buf *b, const char *z)
{
    buf_bytes(b, z, strlen(z));
}

void buf_char(struct buf *b, char c)
{
    buf_bytes(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && buf_reserve(b, (size_t)n + 1)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_bytes(b, &v, 1);
}

void buf_u32(struct buf *b, uint32_t v)
{
    unsigned char x[4];
    for (int i = 0; i < 4; i++) x[i] = (unsigned char)(v >> 8 * i);
    buf_bytes(b, x, sizeof x);
}

void buf_u64(struct buf *b, uint64_t v)
{
    unsigned char x[8];
    for (int i = 0; i < 8; i++) x[i] = (unsigned char)(v >> 8 * i);
    buf_bytes(b, x, sizeof x);
}

void buf_varint(struct buf *b, uint64_t v)
{
    unsigned char x[10];
    size_t n = 0;
    do {
        x[n] = (unsigned char)(v & 0x7f);
        v >>= 7;
        if (v) x[n] |= 0x80;
        n++;
    } while (v);
    buf_bytes(b, x, n);
}

void buf_svarint(struct buf *b, int64_t v)
{
    buf_varint(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

void buf_lstr(struct buf *b, struct str s)
{
    buf_varint(b, s.n);
    buf_str(b, s);
}

struct cursor cursor_of(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    return (struct cursor){p, p + s.n, false};
}

struct str cursor_bytes(struct cursor *c, size_t n)
{
    if (c->bad || (size_t)(c->end - c->p) < n) {
        c->bad = true;
        return STR_NONE;
    }
    struct str s = {(const char *)c->p, n};
    c->p += n;
    return s;
}

uint8_t cursor_u8(struct cursor *c)
{
    struct str s = cursor_bytes(c, 1);
    return s.n ? (uint8_t)s.p[0] : 0;
}

static uint64_t little_endian(struct str s)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) v |= (uint64_t)(unsigned char)s.p[i] << 8 * i;
    return v;
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)little_endian(cursor_bytes(c, 4));
}

uint64_t cursor_u64(struct cursor *c)
{
    return little_endian(cursor_bytes(c, 8));
}

uint64_t cursor_varint(struct cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cursor_u8(c);
        if (shift == 63 && byte > 1) break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return c->bad ? 0 : v;
    }
    c->bad = true;
    return 0;
}

int64_t cursor_svarint(struct cursor *c)
{
    uint64_t v = cursor_varint(c);
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

struct str cursor_lstr(struct cursor *c)
{
    uint64_t n = cursor_varint(c);
    if (n > cursor_left(c)) {
        c->bad = true;
        return STR_NONE;
    }
    return cursor_bytes(c, (size_t)n);
}
