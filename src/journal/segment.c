#include "journal/segment.h"

#include <endian.h>
#include <inttypes.h>

#include "base/hash.h"

enum { VERSION = 1, WINDOW_BYTES = 256 * 1024 };
_Static_assert(WINDOW_BYTES >= RECORD_HEADER_BYTES + RECORD_MAX_PAYLOAD,
               "any record fits into the window");

static const char magic[8] = {'C', 'A', 'I', 'R', 'N', 'J', 'N', 'L'};

static void put_u32(unsigned char *at, uint32_t v)
{
    v = htole32(v);
    memcpy(at, &v, sizeof v);
}

static void put_u64(unsigned char *at, uint64_t v)
{
    v = htole64(v);
    memcpy(at, &v, sizeof v);
}

static uint32_t get_u32(const unsigned char *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return le32toh(v);
}

static uint64_t get_u64(const unsigned char *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return le64toh(v);
}

static uint64_t hash_of(const unsigned char *p, size_t n)
{
    return hash_fast((struct str){(const char *)p, n});
}

void segment_name(uint64_t first_seq, char out[SEGMENT_NAME_BYTES])
{
    snprintf(out, SEGMENT_NAME_BYTES, "%020" PRIu64 ".jnl", first_seq);
}

bool segment_parse_name(const char *name, uint64_t *first_seq)
{
    uint64_t v = 0;
    for (int i = 0; i < 20; i++) {
        if (name[i] < '0' || name[i] > '9') return false;
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(name[i] - '0'), &v))
            return false;
    }
    *first_seq = v;
    return strcmp(name + 20, ".jnl") == 0 && v > 0;
}

/* magic 8, version 4, header bytes 4, first_seq 8, after_seq 8, salt 8, checksum of these 8 */
void segment_write_header(const struct segment_header *h, unsigned char out[SEGMENT_HEADER_BYTES])
{
    memcpy(out, magic, sizeof magic);
    put_u32(out + 8, VERSION);
    put_u32(out + 12, SEGMENT_HEADER_BYTES);
    put_u64(out + 16, h->first_seq);
    put_u64(out + 24, h->after_seq);
    put_u64(out + 32, h->salt);
    put_u64(out + 40, hash_of(out, 40));
}

err_code segment_read_header(const struct fs *fs, int fd, const char *name,
                             struct segment_header *out, struct err *err)
{
    unsigned char h[SEGMENT_HEADER_BYTES];
    ssize_t got = fs_read_all(fs, fd, h, sizeof h, 0);
    if (got < 0) return err_set(err, ERR_IO, (int)-got, "read the header of %s", name);
    if ((size_t)got < sizeof h || memcmp(h, magic, sizeof magic) != 0 ||
        get_u64(h + 40) != hash_of(h, 40))
        return err_set(err, ERR_CORRUPT, 0, "%s does not begin with a journal header", name);
    if (get_u32(h + 8) != VERSION || get_u32(h + 12) != SEGMENT_HEADER_BYTES)
        return err_set(err, ERR_CORRUPT, 0, "%s is of version %" PRIu32 ", not %d", name,
                       get_u32(h + 8), VERSION);
    *out = (struct segment_header){get_u64(h + 16), get_u64(h + 24), get_u64(h + 32)};
    if (out->first_seq == 0 || out->after_seq >= out->first_seq)
        return err_set(err, ERR_CORRUPT, 0, "%s begins with number %" PRIu64 " after %" PRIu64,
                       name, out->first_seq, out->after_seq);
    return ERR_OK;
}

/* checksum 8, payload bytes 4, back 4, seq 8; the checksum covers all that follows it */
void record_write_header(unsigned char *at, uint64_t seq, uint32_t len, uint32_t back)
{
    put_u32(at + 8, len);
    put_u32(at + 12, back);
    put_u64(at + 16, seq);
}

static uint64_t record_checksum(const unsigned char *record, uint64_t salt)
{
    return hash_of(record + 8, RECORD_HEADER_BYTES - 8 + get_u32(record + 8)) ^ salt;
}

void record_seal(unsigned char *records, size_t n, uint64_t salt)
{
    for (size_t at = 0; at < n; at += RECORD_HEADER_BYTES + get_u32(records + at + 8))
        put_u64(records + at, record_checksum(records + at, salt));
}

err_code segment_cursor_open(struct segment_cursor *c, const struct fs *fs, int fd, uint64_t salt,
                             int64_t end, struct err *err)
{
    *c = (struct segment_cursor){.fs = fs,
                                 .fd = fd,
                                 .salt = salt,
                                 .at = SEGMENT_HEADER_BYTES,
                                 .end = end,
                                 .commit_at = SEGMENT_HEADER_BYTES,
                                 .buf = malloc(WINDOW_BYTES),
                                 .buf_size = WINDOW_BYTES};
    if (!c->buf) return err_set(err, ERR_NOMEM, 0, "window of %d bytes", WINDOW_BYTES);
    return ERR_OK;
}

void segment_cursor_close(struct segment_cursor *c)
{
    free(c->buf);
    c->buf = NULL;
}

/* Makes n bytes at `at`, which lie before c->end, present; NULL with err filled when they cannot be
 * read.  The window is filled from `at` on, so that a run through the file reads each byte once. */
static const unsigned char *window(struct segment_cursor *c, int64_t at, size_t n, struct err *err)
{
    if (at < c->buf_at || at + (int64_t)n > c->buf_at + (int64_t)c->buf_n) {
        size_t want = c->buf_size;
        if ((int64_t)want > c->end - at) want = (size_t)(c->end - at);
        ssize_t got = fs_read_all(c->fs, c->fd, c->buf, want, at);
        c->buf_at = at;
        c->buf_n = got > 0 ? (size_t)got : 0;
        if (got < 0) {
            err_set(err, ERR_IO, (int)-got, "read the journal at byte %" PRId64, at);
            return NULL;
        }
        if ((size_t)got < n) {
            err_set(err, ERR_CORRUPT, 0, "the file ends before byte %" PRId64, at + (int64_t)n);
            return NULL;
        }
    }
    return c->buf + (at - c->buf_at);
}

/* The whole record at `at` with a number in [low, high], or NULL (ERR_OK: there is none). */
static const unsigned char *record_at(struct segment_cursor *c, int64_t at, uint64_t low,
                                      uint64_t high, struct err *err)
{
    err->code = ERR_OK;
    if (c->end - at < RECORD_HEADER_BYTES) return NULL;
    const unsigned char *p = window(c, at, RECORD_HEADER_BYTES, err);
    if (!p) return NULL;
    uint32_t len = get_u32(p + 8), back = get_u32(p + 12);
    uint64_t seq = get_u64(p + 16);
    if (len > RECORD_MAX_PAYLOAD || len > c->end - at - RECORD_HEADER_BYTES || seq < low ||
        seq > high || back > at - SEGMENT_HEADER_BYTES)
        return NULL;
    p = window(c, at, RECORD_HEADER_BYTES + len, err);
    if (!p) return NULL;
    return get_u64(p) == record_checksum(p, c->salt) ? p : NULL;
}

err_code segment_next(struct segment_cursor *c, uint64_t seq, struct str *payload, struct err *err)
{
    struct err why;
    if (c->at >= c->end) return err_set(err, ERR_NOT_FOUND, 0, "end of the journal's file");
    const unsigned char *p = record_at(c, c->at, seq, seq, &why);
    int64_t commit_at = p ? c->at - get_u32(p + 12) : 0;
    if (p && commit_at != c->commit_at && commit_at != c->at) p = NULL;
    if (!p) {
        if (why.code == ERR_IO) return err_set(err, ERR_IO, why.sys, "read record %" PRIu64, seq);
        return err_set(err, ERR_CORRUPT, 0, "no whole record %" PRIu64 " at byte %" PRId64, seq,
                       c->at);
    }
    size_t len = get_u32(p + 8);
    *payload = (struct str){(const char *)p + RECORD_HEADER_BYTES, len};
    c->commit_at = commit_at;
    c->at += RECORD_HEADER_BYTES + (int64_t)len;
    return ERR_OK;
}

static size_t count_zeros(const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t word = 0; word == 0 && i + 8 <= n; i += word == 0 ? 8 : 0)
        memcpy(&word, p + i, sizeof word);
    while (i < n && p[i] == 0) i++;
    return i;
}

/* What stands behind the last whole record: zeros only, or a record of a later commit? */
static err_code look_behind(struct segment_cursor *c, uint64_t last_seq, bool *zeros, bool *later,
                            struct err *err)
{
    struct err why;
    *zeros = true;
    *later = false;
    for (int64_t at = c->at; at < c->end && !*later; at++) {
        const unsigned char *byte = window(c, at, 1, &why);
        if (!byte) return err_set(err, why.code, why.sys, "look behind record %" PRIu64, last_seq);
        if (*byte) *zeros = false;
        /* No record begins with a header of zeros only, for its number is not 0. */
        size_t run = count_zeros(byte, (size_t)(c->buf_at + (int64_t)c->buf_n - at));
        if (run > RECORD_HEADER_BYTES) at += (int64_t)run - RECORD_HEADER_BYTES;
        if (at == c->at) continue;
        /* A record this far behind can carry no higher number than records fit in between. */
        uint64_t high = last_seq + 1 + (uint64_t)(at - c->at) / RECORD_HEADER_BYTES;
        const unsigned char *p = record_at(c, at, last_seq + 1, high, &why);
        if (!p && why.code != ERR_OK)
            return err_set(err, why.code, why.sys, "look behind record %" PRIu64, last_seq);
        *later = p && at - get_u32(p + 12) > c->at;
    }
    return ERR_OK;
}

static err_code scan_records(struct segment_cursor *c, const char *name, bool tail,
                             struct segment_scan *out, struct err *err)
{
    struct str payload;
    err_code code;
    while ((code = segment_next(c, out->last_seq + 1, &payload, err)) == ERR_OK) out->last_seq++;
    out->end = c->at;
    out->commit_at = out->last_seq < out->header.first_seq ? c->at : c->commit_at;
    if (code == ERR_NOT_FOUND) return ERR_OK;
    if (code != ERR_CORRUPT) return code;
    bool zeros, later;
    code = look_behind(c, out->last_seq, &zeros, &later, err);
    if (code != ERR_OK) return code;
    out->torn = !zeros;
    if (later || (!tail && !zeros))
        return err_set(err, ERR_CORRUPT, 0, "%s is damaged at byte %" PRId64 ", record %" PRIu64,
                       name, out->end, out->last_seq + 1);
    return ERR_OK;
}

err_code segment_scan(const struct fs *fs, int fd, const char *name, bool tail,
                      struct segment_scan *out, struct err *err)
{
    *out = (struct segment_scan){.end = SEGMENT_HEADER_BYTES};
    int64_t size = fs->size(fs, fd);
    if (size < 0) return err_set(err, ERR_IO, (int)-size, "size of %s", name);
    err_code code = segment_read_header(fs, fd, name, &out->header, err);
    /* The header is synced before the first record is written: without records behind it a broken
     * one is a file that was being made when the machine stopped. */
    if (code == ERR_CORRUPT && tail && size <= SEGMENT_HEADER_BYTES)
        return err_set(err, ERR_NOT_FOUND, 0, "%s was not finished", name);
    if (code != ERR_OK) return code;
    out->last_seq = out->header.first_seq - 1;
    struct segment_cursor c;
    code = segment_cursor_open(&c, fs, fd, out->header.salt, size, err);
    if (code == ERR_OK) code = scan_records(&c, name, tail, out, err);
    segment_cursor_close(&c);
    return code;
}
