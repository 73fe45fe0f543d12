#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 16 * 1024, ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ALIGN) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t cap)
{
    *a = (struct arena){.cap = cap};
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN) return NULL;
    size_t need = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (need == 0) need = ALIGN;
    if (need > a->cap - a->used) return NULL;
    struct arena_block *b = a->first;
    if (!b || b->size - b->used < need) {
        size_t bytes = need > BLOCK_BYTES ? need : BLOCK_BYTES;
        b = malloc(sizeof *b + bytes);
        if (!b) return NULL;
        b->used = 0;
        b->size = bytes;
        b->next = a->first;
        a->first = b;
    }
    void *p = b->bytes + b->used;
    b->used += need;
    a->used += need;
    memset(p, 0, need);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    return arena_alloc(a, bytes);
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
    if (!p) return STR_NONE;
    if (s.n) memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
    if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = NULL;
    for (struct arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        if (!keep && b->size == BLOCK_BYTES) keep = b;
        else free(b);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    a->first = keep;
    a->used = 0;
}

void arena_free(struct arena *a)
{
    arena_reset(a);
    free(a->first);
    a->first = NULL;
}
