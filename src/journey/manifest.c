#include "journey/manifest.h"

#include "base/hash.h"

static const char magic[8] = "CAIRNIDX";
enum { VERSION = 1, SUM_BYTES = 8, MAX_NAME = 60 };

void manifest_write(const struct manifest *m, struct buf *out)
{
    buf_bytes(out, magic, sizeof magic);
    buf_varint(out, VERSION);
    buf_varint(out, m->seq);
    buf_svarint(out, m->received_ms);
    buf_varint(out, m->n_sites);
    for (size_t i = 0; i < m->n_sites; i++) {
        const struct manifest_site *s = &m->sites[i];
        buf_varint(out, s->id);
        buf_varint(out, s->watermark);
        buf_svarint(out, s->watermark_ms);
        buf_varint(out, s->generation);
        buf_varint(out, s->dict_bytes);
        buf_varint(out, s->keys_refused);
        buf_varint(out, s->values_refused);
        buf_varint(out, BOT_N);
        for (size_t b = 0; b < BOT_N; b++) buf_varint(out, s->bots[b]);
        buf_varint(out, s->n_parts);
        for (size_t p = 0; p < s->n_parts; p++) buf_lstr(out, s->parts[p]);
    }
    buf_u64(out, hash_fast(buf_view(out)));
}

static bool plain_name(struct str name)
{
    return name.n > 0 && name.n < MAX_NAME && name.p[0] != '.' && str_find(name, '/') == name.n &&
           str_find(name, 0) == name.n;
}

static err_code corrupt(struct err *err, const char *why)
{
    return err_set(err, ERR_CORRUPT, 0, "the manifest of the journeys: %s", why);
}

static err_code read_site(struct cursor *c, struct arena *a, struct manifest_site *s,
                          struct err *err)
{
    uint64_t id = cursor_varint(c);
    s->id = (uint32_t)id;
    s->watermark = cursor_varint(c);
    s->watermark_ms = cursor_svarint(c);
    s->generation = cursor_varint(c);
    s->dict_bytes = cursor_varint(c);
    s->keys_refused = cursor_varint(c);
    s->values_refused = cursor_varint(c);
    uint64_t n_bots = cursor_varint(c);
    if (c->bad || id > UINT32_MAX || n_bots > BOT_N) return corrupt(err, "a malformed site");
    for (size_t b = 0; b < n_bots; b++) s->bots[b] = cursor_varint(c);
    uint64_t n = cursor_varint(c);
    if (c->bad || n > cursor_left(c)) return corrupt(err, "a malformed site");
    s->parts = ARENA_NEW(a, struct str, (size_t)n);
    if (!s->parts) return err_set(err, ERR_NOMEM, 0, "read the manifest of the journeys");
    for (; s->n_parts < n; s->n_parts++) {
        s->parts[s->n_parts] = cursor_lstr(c);
        if (c->bad || !plain_name(s->parts[s->n_parts])) return corrupt(err, "a malformed name");
    }
    return ERR_OK;
}

err_code manifest_read(struct str bytes, struct arena *a, struct manifest *out, struct err *err)
{
    *out = (struct manifest){0};
    if (bytes.n < sizeof magic + SUM_BYTES || memcmp(bytes.p, magic, sizeof magic) != 0)
        return corrupt(err, "not one");
    struct cursor sum = cursor_of(str_sub(bytes, bytes.n - SUM_BYTES, bytes.n));
    struct str body = str_sub(bytes, 0, bytes.n - SUM_BYTES);
    if (cursor_u64(&sum) != hash_fast(body)) return corrupt(err, "it fails its checksum");
    struct cursor c = cursor_of(str_sub(body, sizeof magic, body.n));
    if (cursor_varint(&c) != VERSION) return corrupt(err, "another version");
    out->seq = cursor_varint(&c);
    out->received_ms = cursor_svarint(&c);
    uint64_t n = cursor_varint(&c);
    if (c.bad || n > cursor_left(&c)) return corrupt(err, "it ends early");
    out->sites = ARENA_NEW(a, struct manifest_site, (size_t)n);
    if (!out->sites) return err_set(err, ERR_NOMEM, 0, "read the manifest of the journeys");
    for (; out->n_sites < n; out->n_sites++) {
        err_code rc = read_site(&c, a, &out->sites[out->n_sites], err);
        if (rc != ERR_OK) return rc;
    }
    return cursor_left(&c) == 0 && !c.bad ? ERR_OK : corrupt(err, "it ends late");
}
