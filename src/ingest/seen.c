#include "ingest/seen.h"

#include <stdlib.h>

#include "base/hash.h"

enum { FIRST_SIZE = 256 };

static struct seen_entry *slot(struct seen_entry *entries, size_t size, uint64_t key)
{
    size_t at = (size_t)hash_mix(key) & (size - 1);
    while (entries[at].key && entries[at].key != key) at = (at + 1) & (size - 1);
    return &entries[at];
}

struct seen_entry *seen_find(struct seen *s, uint64_t key)
{
    if (s->n == 0) return NULL;
    struct seen_entry *e = slot(s->entries, s->size, key);
    return e->key ? e : NULL;
}

struct seen_entry *seen_add(struct seen *s, uint64_t key)
{
    struct seen_entry *e = seen_find(s, key);
    if (e || key == 0 || s->n == SEEN_MAX) return e;
    if (s->n * 2 >= s->size) {
        size_t size = s->size ? s->size * 2 : FIRST_SIZE;
        struct seen_entry *more = calloc(size, sizeof *more);
        if (!more) return NULL;
        for (size_t i = 0; i < s->size; i++)
            if (s->entries[i].key) *slot(more, size, s->entries[i].key) = s->entries[i];
        free(s->entries);
        s->entries = more;
        s->size = size;
    }
    e = slot(s->entries, s->size, key);
    e->key = key;
    s->n++;
    return e;
}

void seen_clear(struct seen *s)
{
    free(s->entries);
    *s = (struct seen){0};
}
