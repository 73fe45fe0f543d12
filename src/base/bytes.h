/* bytes.h: a growing buffer to write into and a bounded cursor to read from.
 *
 * Both are sticky: after the first failure every later call does nothing, and one check of `.bad`
 * at the end is enough.  Numbers are little-endian; varint is LEB128, at most 10 bytes. */
#ifndef CAIRN_BASE_BYTES_H
#define CAIRN_BASE_BYTES_H

#include "base/str.h"

struct buf {
    char *p;
    size_t n, size;
    bool bad; /* out of memory: the contents must not be used */
};

void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* empty again, memory kept, not bad */
bool buf_reserve(struct buf *b, size_t more);
void buf_bytes(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s); /* the bytes alone */
void buf_z(struct buf *b, const char *z);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u8(struct buf *b, uint8_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_varint(struct buf *b, uint64_t v);
void buf_svarint(struct buf *b, int64_t v); /* zigzag */
void buf_lstr(struct buf *b, struct str s); /* varint length, then the bytes */
static inline struct str buf_view(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

struct cursor {
    const unsigned char *p, *end;
    bool bad; /* something was read past the end or malformed */
};

struct cursor cursor_of(struct str s);
static inline size_t cursor_left(const struct cursor *c)
{
    return c->bad ? 0 : (size_t)(c->end - c->p);
}
uint8_t cursor_u8(struct cursor *c); /* 0 after a failure, like all below */
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
uint64_t cursor_varint(struct cursor *c);
int64_t cursor_svarint(struct cursor *c);
struct str cursor_bytes(struct cursor *c, size_t n); /* borrowed from what is read */
struct str cursor_lstr(struct cursor *c);

#endif
