#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "journey/dict_file.h"
#include "journey/index_own.h"
#include "journey/manifest.h"
#include "journey/merge.h"

/* A part that is written takes along the file before it while that is not much larger: each event
 * is written about log4(n) times in all. */
enum { GROWTH = 4, MOST_EVENTS = 64 * 1024 * 1024 };

static const char *site_path(char out[static INDEX_PATH], const struct index *x, uint32_t site,
                             const char *name)
{
    snprintf(out, INDEX_PATH, "%s/%u%s%s", x->dir, site, *name ? "/" : "", name);
    return out; /* the folder's length was checked when the index was opened */
}

/* Writes and syncs the whole of a new file.  ERR_IO. */
static err_code write_file(const struct fs *fs, const char *path, const void *bytes, size_t n,
                           struct err *err)
{
    int fd = fs->open(fs, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return err_set(err, ERR_IO, -fd, "make %s", path);
    int rc = fs_write_all(fs, fd, bytes, n, 0);
    if (rc == 0) rc = fs->datasync(fs, fd);
    int closed = fs->close(fs, fd);
    if (rc == 0) rc = closed;
    return rc < 0 ? err_set(err, ERR_IO, -rc, "write %s", path) : ERR_OK;
}

/* To a temporary name first, then to its own. */
static err_code write_whole(const struct fs *fs, const char *path, const void *bytes, size_t n,
                            struct err *err)
{
    char temp[INDEX_PATH + 8];
    snprintf(temp, sizeof temp, "%s.new", path);
    err_code rc = write_file(fs, temp, bytes, n, err);
    if (rc != ERR_OK) return rc;
    int renamed = fs->rename(fs, temp, path);
    return renamed < 0 ? err_set(err, ERR_IO, -renamed, "rename %s", temp) : ERR_OK;
}

/* --- what a save is made of --- */

struct saved_site { /* as of one instant */
    struct index_site *site;
    uint64_t watermark, bots[BOT_N], keys_refused, values_refused, dict_bytes;
    int64_t watermark_ms;
    struct dict_counts counts;
};

struct save {
    struct index *x;
    struct saved_site *sites;
    size_t n_sites;
    uint64_t seq;
    int64_t received_ms;
    char (*old)[INDEX_PATH]; /* files to remove once the manifest no longer names them */
    size_t n_old;
};

static err_code remember_old(struct save *v, uint32_t site, const char *name, struct err *err)
{
    char(*more)[INDEX_PATH] = realloc(v->old, (v->n_old + 1) * sizeof *more);
    if (!more) return err_set(err, ERR_NOMEM, 0, "list %zu old files", v->n_old);
    v->old = more;
    site_path(more[v->n_old++], v->x, site, name);
    return ERR_OK;
}

/* The next stretch of a site's visible parts that has something not on disk: references to up to
 * MERGE_MAX neighbours of one month.  0: all is on disk. */
static size_t pick(struct save *v, const struct saved_site *t, struct part **parts)
{
    const struct index_site *s = t->site;
    size_t first = 0, end, n = 0;
    uint64_t events;
    pthread_mutex_lock(&v->x->lock);
    while (first < s->n_parts &&
           (s->parts[first]->mapped || s->parts[first]->last_seq > t->watermark))
        first++;
    if (first < s->n_parts) {
        int32_t month = s->parts[first]->month;
        events = s->parts[first]->n_events;
        for (end = first + 1; end < s->n_parts && end - first < MERGE_MAX; end++) {
            const struct part *p = s->parts[end];
            if (p->month != month || p->mapped || p->last_seq > t->watermark ||
                events + p->n_events > MOST_EVENTS)
                break;
            events += p->n_events;
        }
        while (first > 0 && end - first < MERGE_MAX) {
            const struct part *p = s->parts[first - 1];
            if (p->month != month || p->n_events > GROWTH * events ||
                events + p->n_events > MOST_EVENTS)
                break;
            events += p->n_events;
            first--;
        }
        for (; first + n < end; n++) parts[n] = part_take(s->parts[first + n]);
    }
    pthread_mutex_unlock(&v->x->lock);
    return n;
}

/* Writes `from` under a new name and maps it. */
static err_code write_part(struct save *v, struct index_site *s, const struct dict_counts *counts,
                           const struct part *from, struct part **out, struct err *err)
{
    char path[INDEX_PATH], name[INDEX_NAME];
    snprintf(name, sizeof name, "%04d-%02d-%llu.seg", 1970 + from->month / 12, from->month % 12 + 1,
             (unsigned long long)++s->generation);
    site_path(path, v->x, s->id, name);
    err_code rc = write_whole(v->x->fs, path, from->bytes, from->size, err);
    return rc == ERR_OK ? part_map(v->x->fs, path, name, counts, out, err) : rc;
}

static err_code save_stretch(struct save *v, struct saved_site *t, struct part *const *parts,
                             size_t n, struct err *err)
{
    struct index_site *s = t->site;
    struct part *merged = NULL, *written, *old[MERGE_MAX];
    err_code rc = n > 1 ? merge_parts(parts, n, &merged, err) : ERR_OK;
    if (rc == ERR_OK) rc = write_part(v, s, &t->counts, merged ? merged : parts[0], &written, err);
    part_release(merged);
    if (rc != ERR_OK) return rc;
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        if (parts[i]->mapped) rc = remember_old(v, s->id, parts[i]->name, err);
    pthread_mutex_lock(&v->x->lock);
    size_t from = 0;
    while (s->parts[from] != parts[0]) from++; /* only the holder of `rewrite` takes parts away */
    index_replace(s, from, n, written, old);
    pthread_mutex_unlock(&v->x->lock);
    for (size_t i = 0; i < n; i++) part_release(old[i]);
    return rc;
}

static err_code save_parts(struct save *v, struct saved_site *t, struct err *err)
{
    for (;;) {
        struct part *parts[MERGE_MAX];
        size_t n = pick(v, t, parts);
        if (n == 0) return ERR_OK;
        err_code rc = save_stretch(v, t, parts, n, err);
        for (size_t i = 0; i < n; i++) part_release(parts[i]);
        if (rc != ERR_OK) return rc;
    }
}

/* Appends what the dictionaries have gained.  Bytes past the manifest's length are of no account,
 * so a failed attempt is simply written over. */
static err_code save_dicts(struct save *v, struct saved_site *t, struct err *err)
{
    struct index_site *s = t->site;
    struct buf more = {0};
    char path[INDEX_PATH];
    dict_file_write(s->dicts, &s->saved, &t->counts, &more);
    if (more.bad) {
        buf_free(&more);
        return err_set(err, ERR_NOMEM, 0, "write a dictionary");
    }
    t->dict_bytes = s->dict_bytes + more.n;
    if (more.n == 0) return ERR_OK;
    const struct fs *fs = v->x->fs;
    int fd =
        fs->open(fs, site_path(path, v->x, s->id, "dict"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int rc = fd < 0 ? fd : fs_write_all(fs, fd, more.p, more.n, (int64_t)s->dict_bytes);
    if (rc == 0) rc = fs->datasync(fs, fd);
    int closed = fd < 0 ? 0 : fs->close(fs, fd);
    if (rc == 0) rc = closed;
    buf_free(&more);
    return rc < 0 ? err_set(err, ERR_IO, -rc, "write %s", path) : ERR_OK;
}

static err_code save_site(struct save *v, struct saved_site *t, struct err *err)
{
    char path[INDEX_PATH];
    int rc = v->x->fs->mkdir(v->x->fs, site_path(path, v->x, t->site->id, ""));
    if (rc < 0) return err_set(err, ERR_IO, -rc, "make %s", path);
    err_code ok = save_dicts(v, t, err);
    if (ok == ERR_OK) ok = save_parts(v, t, err);
    if (ok != ERR_OK) return ok;
    rc = v->x->fs->syncdir(v->x->fs, path);
    return rc < 0 ? err_set(err, ERR_IO, -rc, "sync %s", path) : ERR_OK;
}

/* --- the manifest, last --- */

static err_code describe(struct save *v, struct arena *a, struct manifest *m, struct err *err)
{
    *m = (struct manifest){.seq = v->seq, .received_ms = v->received_ms, .n_sites = v->n_sites};
    m->sites = ARENA_NEW(a, struct manifest_site, v->n_sites);
    if (!m->sites) return err_set(err, ERR_NOMEM, 0, "write the manifest of the journeys");
    for (size_t i = 0; i < v->n_sites; i++) {
        const struct saved_site *t = &v->sites[i];
        struct manifest_site *to = &m->sites[i];
        *to = (struct manifest_site){.id = t->site->id,
                                     .watermark = t->watermark,
                                     .watermark_ms = t->watermark_ms,
                                     .generation = t->site->generation,
                                     .dict_bytes = t->dict_bytes,
                                     .keys_refused = t->keys_refused,
                                     .values_refused = t->values_refused};
        memcpy(to->bots, t->bots, sizeof to->bots);
        pthread_mutex_lock(&v->x->lock);
        to->parts = ARENA_NEW(a, struct str, t->site->n_parts);
        for (size_t p = 0; to->parts && p < t->site->n_parts; p++) {
            const struct part *part = t->site->parts[p];
            if (part->mapped) to->parts[to->n_parts++] = arena_copy(a, str_of(part->name));
        }
        pthread_mutex_unlock(&v->x->lock);
        if (!to->parts) return err_set(err, ERR_NOMEM, 0, "write the manifest of the journeys");
    }
    return ERR_OK;
}

static err_code save_manifest(struct save *v, struct err *err)
{
    struct manifest m;
    struct arena a;
    struct buf bytes = {0};
    char path[INDEX_PATH];
    arena_init(&a, SIZE_MAX);
    err_code rc = describe(v, &a, &m, err);
    if (rc == ERR_OK) {
        manifest_write(&m, &bytes);
        if (bytes.bad) rc = err_set(err, ERR_NOMEM, 0, "write the manifest of the journeys");
    }
    snprintf(path, sizeof path, "%s/manifest", v->x->dir);
    if (rc == ERR_OK) rc = write_whole(v->x->fs, path, bytes.p, bytes.n, err);
    if (rc == ERR_OK) {
        int synced = v->x->fs->syncdir(v->x->fs, v->x->dir);
        if (synced < 0) rc = err_set(err, ERR_IO, -synced, "sync %s", v->x->dir);
    }
    buf_free(&bytes);
    arena_free(&a);
    return rc;
}

/* What is visible now, of every site. */
static err_code take_stock(struct save *v, struct err *err)
{
    struct index *x = v->x;
    pthread_mutex_lock(&x->lock);
    v->seq = x->seq;
    v->received_ms = x->received_ms;
    v->sites = calloc(x->n_sites + 1, sizeof *v->sites);
    for (size_t i = 0; v->sites && i < x->n_sites; i++) {
        const struct index_site *s = x->sites[i];
        struct saved_site *t = &v->sites[v->n_sites++];
        *t = (struct saved_site){.site = x->sites[i],
                                 .watermark = s->watermark,
                                 .watermark_ms = s->watermark_ms,
                                 .keys_refused = s->keys_refused,
                                 .values_refused = s->values_refused,
                                 .dict_bytes = s->dict_bytes,
                                 .counts = s->counts};
        memcpy(t->bots, s->bots, sizeof t->bots);
    }
    pthread_mutex_unlock(&x->lock);
    return v->sites ? ERR_OK : err_set(err, ERR_NOMEM, 0, "write the journeys");
}

err_code index_save(struct index *x, struct err *err)
{
    struct save v = {.x = x};
    err_code rc = take_stock(&v, err);
    int made = rc == ERR_OK ? x->fs->mkdir(x->fs, x->dir) : 0;
    if (made < 0) rc = err_set(err, ERR_IO, -made, "make %s", x->dir);
    for (size_t i = 0; i < v.n_sites && rc == ERR_OK; i++) rc = save_site(&v, &v.sites[i], err);
    if (rc == ERR_OK) rc = save_manifest(&v, err);
    if (rc == ERR_OK) {
        for (size_t i = 0; i < v.n_sites; i++) {
            v.sites[i].site->saved = v.sites[i].counts;
            v.sites[i].site->dict_bytes = v.sites[i].dict_bytes;
        }
        for (size_t i = 0; i < v.n_old; i++) (void)x->fs->unlink(x->fs, v.old[i]);
    }
    free(v.sites);
    free(v.old);
    return rc;
}
