#include "import/input.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 256 * 1024, LZMA_MEMORY = 512 << 20 };

enum packing { PLAIN, GZIP, XZ, ZSTD };

struct input {
    int fd;
    const char *path;
    enum packing packing;
    uint64_t size, taken; /* of the file, and read from it */
    uint64_t offset;      /* uncompressed bytes handed out */
    bool raw_end, member_end;
    size_t raw_from, raw_n;
    z_stream z;
    lzma_stream x;
    ZSTD_DStream *zstd;
    unsigned char raw[RAW_BYTES];
};

static err_code fill(struct input *in, struct err *err)
{
    if (in->raw_from < in->raw_n || in->raw_end) return ERR_OK;
    ssize_t n;
    do n = read(in->fd, in->raw, RAW_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0) return err_set(err, ERR_IO, errno, "read %s: %s", in->path, strerror(errno));
    in->raw_from = 0;
    in->raw_n = (size_t)n;
    in->raw_end = n == 0;
    in->taken += (uint64_t)n;
    return ERR_OK;
}

/* A pipe may hand over its first byte alone. */
static err_code fill_magic(struct input *in, struct err *err)
{
    while (in->raw_n < 6 && !in->raw_end) {
        ssize_t n = read(in->fd, in->raw + in->raw_n, RAW_BYTES - in->raw_n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_set(err, ERR_IO, errno, "read %s: %s", in->path, strerror(errno));
        in->raw_n += (size_t)n;
        in->raw_end = n == 0;
        in->taken += (uint64_t)n;
    }
    return ERR_OK;
}

static err_code start_packing(struct input *in, struct err *err)
{
    const unsigned char *m = in->raw;
    bool ok = true;
    if (in->raw_n >= 2 && m[0] == 0x1f && m[1] == 0x8b) {
        in->packing = GZIP;
        ok = inflateInit2(&in->z, 15 + 16) == Z_OK;
    } else if (in->raw_n >= 6 && memcmp(m,
                                        "\xfd"
                                        "7zXZ\0",
                                        6) == 0) {
        in->packing = XZ;
        ok = lzma_stream_decoder(&in->x, LZMA_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
    } else if (in->raw_n >= 4 && memcmp(m, "\x28\xb5\x2f\xfd", 4) == 0) {
        in->packing = ZSTD;
        in->zstd = ZSTD_createDStream();
        ok = in->zstd != NULL;
    }
    return ok ? ERR_OK : err_set(err, ERR_NOMEM, 0, "open %s", in->path);
}

err_code input_open(const char *path, struct input **out, struct err *err)
{
    struct input *in = calloc(1, sizeof *in);
    struct stat st;
    *out = NULL;
    if (!in) return err_set(err, ERR_NOMEM, 0, "open %s", path);
    in->path = path;
    in->x = (lzma_stream)LZMA_STREAM_INIT;
    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) {
        err_code code = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
        free(in);
        return err_set(err, code, errno, "open %s: %s", path, strerror(errno));
    }
    err_code code = ERR_OK;
    if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode))
        code = err_set(err, ERR_IO, EISDIR, "%s is a folder", path);
    else if (S_ISREG(st.st_mode)) in->size = (uint64_t)st.st_size;
    if (!code) code = fill_magic(in, err);
    if (!code) code = start_packing(in, err);
    if (code) input_close(in);
    else *out = in;
    return code;
}

static err_code damaged(struct input *in, struct err *err)
{
    return err_set(err, ERR_CORRUPT, 0, "%s: the compressed bytes are damaged near byte %llu",
                   in->path, (unsigned long long)(in->taken - (in->raw_n - in->raw_from)));
}

static err_code read_gzip(struct input *in, unsigned char *to, size_t n, size_t *got,
                          struct err *err)
{
    in->z.next_in = in->raw + in->raw_from;
    in->z.avail_in = (uInt)(in->raw_n - in->raw_from);
    in->z.next_out = to;
    in->z.avail_out = (uInt)n;
    if (in->member_end) { /* the next member, or bytes of padding that gzip ignores too */
        if (in->z.avail_in == 0 || *in->z.next_in != 0x1f) {
            in->raw_from = in->raw_n;
            return ERR_OK;
        }
        inflateReset(&in->z);
        in->member_end = false;
    }
    int r = inflate(&in->z, Z_NO_FLUSH);
    in->raw_from = in->raw_n - in->z.avail_in;
    *got = n - in->z.avail_out;
    if (r == Z_STREAM_END) in->member_end = true;
    return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR ? ERR_OK : damaged(in, err);
}

static err_code read_xz(struct input *in, unsigned char *to, size_t n, size_t *got, struct err *err)
{
    in->x.next_in = in->raw + in->raw_from;
    in->x.avail_in = in->raw_n - in->raw_from;
    in->x.next_out = to;
    in->x.avail_out = n;
    lzma_ret r = lzma_code(&in->x, in->raw_end ? LZMA_FINISH : LZMA_RUN);
    in->raw_from = in->raw_n - in->x.avail_in;
    *got = n - in->x.avail_out;
    if (r == LZMA_STREAM_END) in->member_end = true;
    return r == LZMA_OK || r == LZMA_STREAM_END || r == LZMA_BUF_ERROR ? ERR_OK : damaged(in, err);
}

static err_code read_zstd(struct input *in, unsigned char *to, size_t n, size_t *got,
                          struct err *err)
{
    ZSTD_inBuffer from = {in->raw, in->raw_n, in->raw_from};
    ZSTD_outBuffer out = {to, n, 0};
    size_t r = ZSTD_decompressStream(in->zstd, &out, &from);
    if (ZSTD_isError(r)) return damaged(in, err);
    in->raw_from = from.pos;
    *got = out.pos;
    in->member_end = r == 0;
    return ERR_OK;
}

static err_code read_some(struct input *in, unsigned char *to, size_t n, size_t *got,
                          struct err *err)
{
    switch (in->packing) {
    case GZIP: return read_gzip(in, to, n, got, err);
    case XZ: return read_xz(in, to, n, got, err);
    case ZSTD: return read_zstd(in, to, n, got, err);
    case PLAIN: break;
    }
    *got = in->raw_n - in->raw_from < n ? in->raw_n - in->raw_from : n;
    memcpy(to, in->raw + in->raw_from, *got);
    in->raw_from += *got;
    return ERR_OK;
}

err_code input_read(struct input *in, void *to, size_t n, size_t *got, struct err *err)
{
    *got = 0;
    if (n > RAW_BYTES) n = RAW_BYTES;
    while (n > 0) {
        err_code code = fill(in, err);
        if (code) return code;
        bool at_end = in->raw_end && in->raw_from == in->raw_n;
        if (at_end && (in->packing == PLAIN || in->member_end)) return ERR_OK;
        if ((code = read_some(in, to, n, got, err))) return code;
        if (*got > 0) break;
        if (at_end && !in->member_end)
            return err_set(err, ERR_CORRUPT, 0, "%s: the compressed bytes stop early", in->path);
    }
    in->offset += *got;
    return ERR_OK;
}

err_code input_skip_to(struct input *in, uint64_t offset, struct err *err)
{
    char skipped[16 * 1024];
    while (in->offset < offset) {
        size_t got, n = sizeof skipped;
        if (offset - in->offset < n) n = (size_t)(offset - in->offset);
        err_code code = input_read(in, skipped, n, &got, err);
        if (code) return code;
        if (got == 0)
            return err_set(err, ERR_INVALID, 0, "%s ends before byte %llu", in->path,
                           (unsigned long long)offset);
    }
    return ERR_OK;
}

double input_share(const struct input *in)
{
    if (in->size == 0) return -1;
    return (double)(in->taken - (in->raw_n - in->raw_from)) / (double)in->size;
}

void input_close(struct input *in)
{
    if (!in) return;
    if (in->packing == GZIP) inflateEnd(&in->z);
    lzma_end(&in->x);
    ZSTD_freeDStream(in->zstd);
    if (in->fd > STDIN_FILENO) close(in->fd);
    free(in);
}
