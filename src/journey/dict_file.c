#include "journey/dict_file.h"

#include "base/hash.h"

/* A block: magic, length of what follows the sum, XXH3-64 of that, then for each dictionary its
 * number, how many texts, and the texts.  A block is closed when it has grown past BLOCK_BYTES. */
static const uint32_t block_magic = 0x43494443; /* "CDIC" */
enum { BLOCK_HEADER = 16, BLOCK_BYTES = 1024 * 1024, VERSION = 1 };

static uint32_t first_code(unsigned id)
{
    return id == DICT_KEY ? KEY_OWN : 1; /* below: there from the beginning */
}

static void close_block(struct buf *out, size_t at)
{
    if (out->bad) return;
    struct str body = {out->p + at + BLOCK_HEADER, out->n - at - BLOCK_HEADER};
    uint32_t n = (uint32_t)body.n;
    uint64_t sum = hash_fast(body);
    memcpy(out->p + at, &block_magic, sizeof block_magic);
    memcpy(out->p + at + 4, &n, sizeof n);
    memcpy(out->p + at + 8, &sum, sizeof sum);
}

static size_t open_block(struct buf *out)
{
    static const char zeros[BLOCK_HEADER];
    size_t at = out->n;
    buf_bytes(out, zeros, sizeof zeros);
    buf_varint(out, VERSION);
    return at;
}

void dict_file_write(const struct dicts *d, const struct dict_counts *from,
                     const struct dict_counts *to, struct buf *out)
{
    size_t at = SIZE_MAX;
    for (unsigned id = 0; id < DICT_N && !out->bad; id++) {
        uint32_t code = from->n[id] > first_code(id) ? from->n[id] : first_code(id);
        while (code < to->n[id] && !out->bad) {
            uint32_t end = code;
            size_t bytes = 0;
            while (end < to->n[id] && bytes < BLOCK_BYTES) bytes += map_text(d->map[id], end++).n;
            if (at == SIZE_MAX) at = open_block(out);
            buf_varint(out, id);
            buf_varint(out, end - code);
            for (; code < end; code++) buf_lstr(out, map_text(d->map[id], code));
            if (out->n - at < BLOCK_BYTES) continue;
            close_block(out, at);
            at = SIZE_MAX;
        }
    }
    if (at != SIZE_MAX) close_block(out, at);
}

static err_code corrupt(struct err *err, const char *why)
{
    return err_set(err, ERR_CORRUPT, 0, "the dictionary file: %s", why);
}

static err_code read_block(struct cursor *c, struct dicts *d, struct err *err)
{
    if (cursor_varint(c) != VERSION) return corrupt(err, "another version");
    while (cursor_left(c) > 0) {
        uint64_t id = cursor_varint(c), n = cursor_varint(c);
        if (c->bad || id >= DICT_N || n == 0) return corrupt(err, "a malformed block");
        for (uint64_t i = 0; i < n; i++) {
            struct str text = cursor_lstr(c);
            bool tuple = id == DICT_TOUCH || id == DICT_CLIENT;
            size_t fields = id == DICT_TOUCH ? TOUCH_N : CLIENT_N;
            if (c->bad || text.n == 0 || (tuple && text.n != fields * sizeof(uint32_t)))
                return corrupt(err, "a malformed text");
            if (id == DICT_KEY && map_count(d->map[DICT_KEY]) >= KEY_MAX)
                return corrupt(err, "too many keys");
            bool is_new;
            err_code rc = dicts_restore(d, (unsigned)id, text, &is_new, err);
            if (rc != ERR_OK) return rc;
            if (!is_new) return corrupt(err, "the same text twice");
        }
    }
    return c->bad ? corrupt(err, "a malformed block") : ERR_OK;
}

/* Fields of tuples must be codes that exist. */
static bool tuples_fit(const struct dicts *d, unsigned tuple, unsigned first_dict, unsigned n)
{
    for (uint32_t code = 1; code < map_count(d->map[tuple]); code++) {
        for (unsigned field = 0; field < n; field++) {
            const struct map *m = d->map[first_dict + field];
            uint32_t v = dict_field(d, tuple, code, field);
            if (v != 0 && (!m || v >= map_count(m))) return false;
        }
        if (tuple != DICT_CLIENT) continue;
        uint32_t bits = dict_field(d, tuple, code, CLIENT_BITS);
        if (client_id_kind(bits) > ID_KNOWN || bits >= 2 * CLIENT_SIMULATED) return false;
    }
    return true;
}

err_code dict_file_read(struct str bytes, struct dicts *d, struct err *err)
{
    struct cursor c = cursor_of(bytes);
    while (cursor_left(&c) > 0) {
        uint32_t magic = cursor_u32(&c), n = cursor_u32(&c);
        uint64_t sum = cursor_u64(&c);
        struct str body = cursor_bytes(&c, n);
        if (c.bad || magic != block_magic) return corrupt(err, "not a block");
        if (hash_fast(body) != sum) return corrupt(err, "a block fails its checksum");
        struct cursor inner = cursor_of(body);
        err_code rc = read_block(&inner, d, err);
        if (rc != ERR_OK) return rc;
    }
    return tuples_fit(d, DICT_TOUCH, DICT_TOUCH_0, TOUCH_N) &&
                   tuples_fit(d, DICT_CLIENT, DICT_CLIENT_0, CLIENT_BITS)
               ? ERR_OK
               : corrupt(err, "a tuple of texts that are not there");
}
