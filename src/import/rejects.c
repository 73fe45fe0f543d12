#include "import/rejects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json_reader.h"

static err_code failed(const struct rejects *r, struct err *err)
{
    return err_set(err, ERR_IO, errno, "write %s: %s", r->path, strerror(errno));
}

err_code rejects_open(struct rejects *r, const char *path, uint64_t bytes, struct err *err)
{
    *r = (struct rejects){.path = strdup(path), .bytes = bytes};
    if (!r->path) return err_set(err, ERR_NOMEM, 0, "open %s", path);
    if (bytes == 0) {
        if (unlink(path) != 0 && errno != ENOENT) return failed(r, err);
    } else if (truncate(path, (off_t)bytes) != 0) {
        return failed(r, err);
    }
    return ERR_OK;
}

err_code rejects_add(struct rejects *r, uint64_t row, uint64_t line, const char *code,
                     const char *field, struct err *err)
{
    if (r->n == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct rejected *more = realloc(r->waiting, room * sizeof *more);
        if (!more) return err_set(err, ERR_NOMEM, 0, "remember %zu refused rows", room);
        r->waiting = more;
        r->room = room;
    }
    struct rejected *w = &r->waiting[r->n++];
    *w = (struct rejected){.row = row, .line = line};
    snprintf(w->code, sizeof w->code, "%s", code);
    snprintf(w->field, sizeof w->field, "%s", field);
    return ERR_OK;
}

static int by_row(const void *a, const void *b)
{
    const struct rejected *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

err_code rejects_flush(struct rejects *r, struct err *err)
{
    if (r->n == 0) return ERR_OK;
    if (!r->file && !(r->file = fopen(r->path, "a"))) return failed(r, err);
    qsort(r->waiting, r->n, sizeof *r->waiting, by_row);
    struct buf b = {0};
    for (size_t i = 0; i < r->n; i++) {
        const struct rejected *w = &r->waiting[i];
        buf_printf(&b, "{\"row\":%" PRIu64, w->row);
        if (w->line) buf_printf(&b, ",\"line\":%" PRIu64, w->line);
        buf_z(&b, ",\"code\":");
        json_write_text(&b, str_of(w->code));
        if (w->field[0] && str_is_utf8(str_of(w->field))) {
            buf_z(&b, ",\"field\":");
            json_write_text(&b, str_of(w->field));
        }
        buf_z(&b, "}\n");
    }
    err_code code = b.bad ? err_set(err, ERR_NOMEM, 0, "write %s", r->path) : ERR_OK;
    if (!code && (fwrite(b.p, 1, b.n, r->file) != b.n || fflush(r->file) != 0))
        code = failed(r, err);
    if (!code) {
        r->bytes += b.n;
        r->n = 0;
    }
    buf_free(&b);
    return code;
}

void rejects_close(struct rejects *r)
{
    if (r->file) fclose(r->file);
    free(r->path);
    free(r->waiting);
    *r = (struct rejects){0};
}
