#include "base/map.h"

#include <stdlib.h>

#include "base/hash.h"

/* Texts live in chunks of a fixed number of entries, so that growing moves nothing. */
enum { CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS, MAX_CHUNKS = 1 << 14, TEXT_BLOCK = 16 * 1024 };

struct text_block {
    struct text_block *next;
    size_t used, size;
    char bytes[];
};

struct map {
    uint32_t count, n_slots; /* n_slots is a power of two, at most half full */
    uint32_t *slots;         /* code + 1, or 0 */
    uint32_t *tags;          /* the low half of the hash, beside each slot: most misses end here */
    struct text_block *texts;
    size_t bytes;
    struct str *chunks[MAX_CHUNKS];
};

err_code map_open(struct map **out, struct err *err)
{
    struct map *m = calloc(1, sizeof *m);
    if (!m) return err_set(err, ERR_NOMEM, 0, "open a dictionary");
    *out = m;
    return ERR_OK;
}

struct str map_text(const struct map *m, uint32_t code)
{
    return m->chunks[code >> CHUNK_BITS][code & (CHUNK - 1)];
}

/* The slot that holds `s`, or the empty one where it belongs. */
static uint32_t probe(const struct map *m, struct str s, uint64_t h)
{
    uint32_t mask = m->n_slots - 1, at = (uint32_t)(h >> 32) & mask;
    while (m->slots[at] &&
           !(m->tags[at] == (uint32_t)h && str_eq(map_text(m, m->slots[at] - 1), s)))
        at = (at + 1) & mask;
    return at;
}

uint32_t map_find(const struct map *m, struct str s)
{
    if (m->n_slots == 0) return MAP_NONE;
    uint32_t at = probe(m, s, hash_fast(s));
    return m->slots[at] ? m->slots[at] - 1 : MAP_NONE;
}

static bool grow(struct map *m)
{
    uint32_t n = m->n_slots ? m->n_slots * 2 : 64;
    if (n == 0) return false;
    uint32_t *slots = calloc(n, sizeof *slots), *tags = calloc(n, sizeof *tags);
    if (!slots || !tags) {
        free(slots);
        free(tags);
        return false;
    }
    for (uint32_t code = 0; code < m->count; code++) {
        uint64_t h = hash_fast(map_text(m, code));
        uint32_t at = (uint32_t)(h >> 32) & (n - 1);
        while (slots[at]) at = (at + 1) & (n - 1);
        slots[at] = code + 1;
        tags[at] = (uint32_t)h;
    }
    free(m->slots);
    free(m->tags);
    m->slots = slots;
    m->tags = tags;
    m->n_slots = n;
    return true;
}

static char *text_room(struct map *m, size_t n)
{
    if (!m->texts || m->texts->size - m->texts->used < n) {
        size_t size = n > TEXT_BLOCK ? n : TEXT_BLOCK;
        struct text_block *b = malloc(sizeof *b + size);
        if (!b) return NULL;
        *b = (struct text_block){.next = m->texts, .size = size};
        m->texts = b;
        m->bytes += sizeof *b + size;
    }
    char *p = m->texts->bytes + m->texts->used;
    m->texts->used += n;
    return p;
}

err_code map_add(struct map *m, struct str s, uint32_t *code, bool *is_new, struct err *err)
{
    if (is_new) *is_new = false;
    if (m->count >= m->n_slots / 2 && !grow(m))
        return err_set(err, ERR_NOMEM, 0, "grow a dictionary of %u", m->count);
    uint64_t h = hash_fast(s);
    uint32_t at = probe(m, s, h);
    if (m->slots[at]) {
        *code = m->slots[at] - 1;
        return ERR_OK;
    }
    uint32_t chunk = m->count >> CHUNK_BITS;
    if (chunk >= MAX_CHUNKS)
        return err_set(err, ERR_NOMEM, 0, "dictionary of %u is full", m->count);
    if (!m->chunks[chunk]) m->chunks[chunk] = calloc(CHUNK, sizeof **m->chunks);
    char *p = m->chunks[chunk] ? text_room(m, s.n) : NULL;
    if (!p) return err_set(err, ERR_NOMEM, 0, "add to a dictionary of %u", m->count);
    if (s.n) memcpy(p, s.p, s.n);
    m->chunks[chunk][m->count & (CHUNK - 1)] = (struct str){p, s.n};
    m->slots[at] = m->count + 1;
    m->tags[at] = (uint32_t)h;
    *code = m->count++;
    if (is_new) *is_new = true;
    return ERR_OK;
}

uint32_t map_count(const struct map *m)
{
    return m->count;
}

size_t map_memory(const struct map *m)
{
    size_t chunks = ((size_t)m->count + CHUNK - 1) >> CHUNK_BITS;
    return sizeof *m + m->bytes + (size_t)m->n_slots * 8 + chunks * CHUNK * sizeof(struct str);
}

void map_close(struct map *m)
{
    if (!m) return;
    for (size_t i = 0; i < MAX_CHUNKS && m->chunks[i]; i++) free(m->chunks[i]);
    for (struct text_block *b = m->texts, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(m->slots);
    free(m->tags);
    free(m);
}
