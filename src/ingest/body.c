#include "ingest/body.h"

#include <limits.h>
#include <zlib.h>

enum { FIRST_BYTES = 16 * 1024 };

static bool is_gzip(struct str s)
{
    return s.n >= 2 && (unsigned char)s.p[0] == 0x1f && (unsigned char)s.p[1] == 0x8b;
}

/* `window_bits` as zlib has them: 15 + 16 gzip, 15 zlib, -15 raw deflate. */
static enum reject_code inflate_all(struct str bytes, int window_bits, size_t cap, struct buf *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes.p, .avail_in = (uInt)bytes.n};
    if (inflateInit2(&z, window_bits) != Z_OK) return REJECT_inflated_too_large;
    enum reject_code code = REJECT_N;
    int status = Z_OK;
    while (code == REJECT_N && status != Z_STREAM_END) {
        /* One byte past the cap tells that there is more. */
        size_t room = out->n ? out->n : FIRST_BYTES;
        if (room > cap + 1 - out->n) room = cap + 1 - out->n;
        if (!buf_reserve(out, room)) {
            code = REJECT_inflated_too_large;
            break;
        }
        z.next_out = (Bytef *)out->p + out->n;
        z.avail_out = (uInt)room;
        status = inflate(&z, Z_NO_FLUSH);
        out->n += room - z.avail_out;
        if (out->n > cap) code = REJECT_inflated_too_large;
        else if (status == Z_STREAM_END && z.avail_in && window_bits > 16) {
            if (inflateReset(&z) != Z_OK) code = REJECT_bad_encoding; /* gzip members may follow */
            status = Z_OK;
        } else if (status != Z_STREAM_END && (status != Z_OK || (z.avail_out && !z.avail_in)))
            code = REJECT_bad_encoding;
    }
    inflateEnd(&z);
    return code;
}

static enum reject_code inflate_body(struct str bytes, struct str encoding, size_t cap,
                                     struct buf *out)
{
    if (is_gzip(bytes)) return inflate_all(bytes, 15 + 16, cap, out);
    /* "deflate" is zlib's format (RFC 9110 8.4.1.2), but some clients send it raw. */
    if (!str_eq_nocase(encoding, STR("deflate"))) return REJECT_N;
    enum reject_code code = inflate_all(bytes, 15, cap, out);
    if (code != REJECT_bad_encoding) return code;
    out->n = 0;
    return inflate_all(bytes, -15, cap, out);
}

enum reject_code body_open(struct str bytes, struct str encoding, size_t limit, struct body *out)
{
    *out = (struct body){.text = bytes};
    if (bytes.n > limit || bytes.n > UINT_MAX) return REJECT_body_too_large;
    encoding = str_trim(encoding);
    bool known = encoding.n == 0 || str_eq_nocase(encoding, STR("identity")) ||
                 str_eq_nocase(encoding, STR("gzip")) || str_eq_nocase(encoding, STR("x-gzip")) ||
                 str_eq_nocase(encoding, STR("deflate"));
    if (!known) return REJECT_bad_encoding;
    size_t cap = limit * LIMIT_INFLATE_FACTOR;
    if (cap >= UINT_MAX) cap = UINT_MAX - 1;
    enum reject_code code = inflate_body(bytes, encoding, cap, &out->inflated);
    if (code != REJECT_N) return code;
    if (out->inflated.p) out->text = buf_view(&out->inflated);
    if (str_begins(out->text, STR("\xef\xbb\xbf"))) out->text = str_sub(out->text, 3, out->text.n);
    return REJECT_N;
}

void body_close(struct body *b)
{
    buf_free(&b->inflated);
    b->text = STR_NONE;
}

bool body_is_lines(struct str text)
{
    struct str rest, first = str_cut(str_trim(text), '\n', &rest);
    first = str_trim(first);
    rest = str_trim(rest);
    if (first.n == 0 || first.p[0] != '{' || rest.n == 0 || rest.p[0] != '{') return false;
    /* Within one JSON text an object stands at a line's begin only after one of these. */
    char last = first.p[first.n - 1];
    return last != ',' && last != ':' && last != '[';
}

bool body_next_line(struct str *rest, struct str *line)
{
    while (rest->n) {
        *line = str_trim(str_cut(*rest, '\n', rest));
        if (line->n) return true;
    }
    return false;
}
