#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "journey/dict_file.h"
#include "journey/index_own.h"
#include "journey/manifest.h"

enum { MANIFEST_MEMORY = 256 * 1024 * 1024 };

/* The whole of a file, or its first `most` bytes; buf_free is the caller's in any case. */
static err_code read_file(const struct fs *fs, const char *path, uint64_t most, struct buf *out,
                          struct err *err)
{
    int fd = fs->open(fs, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd == -ENOENT) return err_set(err, ERR_NOT_FOUND, 0, "there is no %s", path);
    if (fd < 0) return err_set(err, ERR_IO, -fd, "open %s", path);
    int64_t size = fs->size(fs, fd);
    err_code rc = ERR_OK;
    if (size < 0) {
        rc = err_set(err, ERR_IO, (int)-size, "ask the size of %s", path);
    } else {
        size_t n = most < (uint64_t)size ? (size_t)most : (size_t)size;
        ssize_t got = buf_reserve(out, n) ? fs_read_all(fs, fd, out->p, n, 0) : 0;
        if (out->bad) rc = err_set(err, ERR_NOMEM, 0, "read %s", path);
        if (got < 0) rc = err_set(err, ERR_IO, (int)-got, "read %s", path);
        if (rc == ERR_OK) out->n = (size_t)got;
    }
    (void)fs->close(fs, fd);
    return rc;
}

static bool file_path(char out[static INDEX_PATH], const struct index *x, uint32_t site,
                      const char *name)
{
    int n = snprintf(out, INDEX_PATH, "%s/%u/%s", x->dir, site, name);
    return n > 0 && n < INDEX_PATH;
}

/* --- one site --- */

static err_code load_dicts(struct index *x, const struct manifest_site *from, struct index_site *s,
                           struct err *err)
{
    char path[INDEX_PATH];
    struct buf bytes = {0};
    if (from->dict_bytes == 0) return ERR_OK;
    if (!file_path(path, x, s->id, "dict")) return err_set(err, ERR_IO, ENAMETOOLONG, "open dict");
    err_code rc = read_file(x->fs, path, from->dict_bytes, &bytes, err);
    if (rc == ERR_OK && bytes.n < from->dict_bytes)
        rc = err_set(err, ERR_CORRUPT, 0, "the dictionary file has been cut short");
    if (rc == ERR_OK) rc = dict_file_read(buf_view(&bytes), s->dicts, err);
    buf_free(&bytes);
    return rc;
}

static err_code load_parts(struct index *x, const struct manifest_site *from, struct index_site *s,
                           const char **bad, char name[static INDEX_NAME], struct err *err)
{
    for (size_t i = 0; i < from->n_parts; i++) {
        char path[INDEX_PATH];
        struct part *part;
        snprintf(name, INDEX_NAME, "%.*s", STR_FMT(from->parts[i]));
        *bad = name;
        if (!file_path(path, x, s->id, name))
            return err_set(err, ERR_IO, ENAMETOOLONG, "open %s", name);
        err_code rc = part_map(x->fs, path, name, &s->counts, &part, err);
        if (rc != ERR_OK) return rc;
        if (part->site != s->id || part->last_seq > s->watermark) {
            part_release(part);
            return err_set(err, ERR_CORRUPT, 0, "%s belongs elsewhere", name);
        }
        rc = index_insert(s, part, err);
        if (rc != ERR_OK) {
            part_release(part);
            return rc;
        }
    }
    return ERR_OK;
}

/* Renames a bad file to DIR/bad-SITE-NAME, so that somebody can look at it; the last one of a name
 * is kept. */
static void set_aside(const struct index *x, uint32_t site, const char *name)
{
    char from[INDEX_PATH], to[INDEX_PATH];
    int n = snprintf(to, sizeof to, "%s/bad-%u-%s", x->dir, site, name);
    if (n > 0 && n < INDEX_PATH && file_path(from, x, site, name))
        (void)x->fs->rename(x->fs, from, to);
}

static void take_over(struct index_site *s, const struct manifest_site *from)
{
    s->watermark = s->fed_seq = from->watermark;
    s->watermark_ms = from->watermark_ms;
    s->generation = from->generation;
    s->dict_bytes = from->dict_bytes;
    s->keys_refused = s->dicts->keys_refused = from->keys_refused;
    s->values_refused = s->dicts->values_refused = from->values_refused;
    memcpy(s->bots, from->bots, sizeof s->bots);
    memcpy(s->fed_bots, from->bots, sizeof s->fed_bots);
}

static err_code load_site(struct index *x, const struct manifest_site *from, struct err *err)
{
    struct index_site *s;
    char name[INDEX_NAME];
    const char *bad = "dict";
    err_code rc = index_site_new(x, from->id, 0, &s, err);
    if (rc != ERR_OK) return rc;
    rc = load_dicts(x, from, s, err);
    if (rc == ERR_OK) {
        dicts_counts(s->dicts, &s->counts);
        s->saved = s->counts;
        take_over(s, from);
        rc = load_parts(x, from, s, &bad, name, err);
    }
    if (rc == ERR_OK || rc == ERR_NOMEM) return rc;
    log_line(LOG_ERROR, "journeys_set_aside", "site=%u file=%s why=\"%s\"", from->id, bad,
             err->msg);
    set_aside(x, from->id, bad);
    uint64_t generation = from->generation;
    rc = index_drop_site(x, from->id, err);
    s->generation = generation;
    return rc;
}

/* --- all of them --- */

struct cleaning {
    const struct index *x;
    uint32_t site;
    const struct manifest_site *listed; /* NULL: nothing of the folder is */
};

static int remove_unlisted(void *arg, const char *name)
{
    const struct cleaning *c = arg;
    char path[INDEX_PATH];
    bool keep = c->listed && strcmp(name, "dict") == 0;
    for (size_t i = 0; c->listed && i < c->listed->n_parts && !keep; i++)
        keep = str_is(c->listed->parts[i], name);
    if (!keep && file_path(path, c->x, c->site, name)) (void)c->x->fs->unlink(c->x->fs, path);
    return 0;
}

struct cleaning_all {
    const struct index *x;
    const struct manifest *m;
};

/* What a crash left: files that were written, but never became part of the index. */
static int clean_folder(void *arg, const char *name)
{
    const struct cleaning_all *all = arg;
    char path[INDEX_PATH];
    int64_t id;
    if (!str_to_i64(str_of(name), &id) || id < 0 || id > UINT32_MAX) return 0;
    struct cleaning c = {all->x, (uint32_t)id, NULL};
    for (size_t i = 0; i < all->m->n_sites; i++)
        if (all->m->sites[i].id == c.site) c.listed = &all->m->sites[i];
    if (file_path(path, c.x, c.site, "")) (void)c.x->fs->list(c.x->fs, path, remove_unlisted, &c);
    return 0;
}

void index_forget(struct index *x, uint32_t site)
{
    char path[INDEX_PATH];
    struct cleaning c = {x, site, NULL};
    if (file_path(path, x, site, "")) (void)x->fs->list(x->fs, path, remove_unlisted, &c);
}

err_code index_load(struct index *x, struct err *err)
{
    char path[INDEX_PATH], aside[INDEX_PATH];
    struct buf bytes = {0};
    struct manifest m = {0};
    struct arena a;
    if (strlen(x->dir) + INDEX_NAME + 32 > INDEX_PATH)
        return err_set(err, ERR_IO, ENAMETOOLONG, "open %s", x->dir);
    int made = x->fs->mkdir(x->fs, x->dir);
    if (made < 0) return err_set(err, ERR_IO, -made, "make %s", x->dir);
    arena_init(&a, MANIFEST_MEMORY);
    snprintf(path, sizeof path, "%s/manifest", x->dir);
    err_code rc = read_file(x->fs, path, UINT64_MAX, &bytes, err);
    if (rc == ERR_OK) rc = manifest_read(buf_view(&bytes), &a, &m, err);
    if (rc == ERR_CORRUPT || rc == ERR_IO) {
        log_line(LOG_ERROR, "journeys_set_aside", "file=manifest why=\"%s\"", err->msg);
        snprintf(aside, sizeof aside, "%s/bad-manifest", x->dir);
        (void)x->fs->rename(x->fs, path, aside);
        m = (struct manifest){0};
    }
    if (rc != ERR_NOMEM) {
        struct cleaning_all all = {x, &m};
        (void)x->fs->list(x->fs, x->dir, clean_folder, &all);
        x->seq = m.seq;
        x->received_ms = m.received_ms;
        rc = ERR_OK;
    }
    for (size_t i = 0; i < m.n_sites && rc == ERR_OK; i++) rc = load_site(x, &m.sites[i], err);
    buf_free(&bytes);
    arena_free(&a);
    return rc;
}
