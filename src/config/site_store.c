/* site_store.c: the sites table, and the snapshots of it that recording reads. */
#include <sodium.h>
#include <stdio.h>

#include "config/own.h"

/* Owns everything its table points to; counted, so that a reader keeps an old one while it works.
 */
struct site_snapshot {
    struct site_table table; /* first: a reader's pointer to it is a pointer to the snapshot */
    struct arena arena;
    size_t readers; /* and one for being the current one; guarded by config.snapshot_lock */
};

static void snapshot_free(struct site_snapshot *s)
{
    arena_free(&s->arena);
    free(s);
}

const struct site_table *config_sites(struct config *c)
{
    pthread_mutex_lock(&c->snapshot_lock);
    struct site_snapshot *s = c->sites;
    s->readers++;
    pthread_mutex_unlock(&c->snapshot_lock);
    return &s->table;
}

static void let_go(struct config *c, struct site_snapshot *s)
{
    pthread_mutex_lock(&c->snapshot_lock);
    bool last = --s->readers == 0;
    pthread_mutex_unlock(&c->snapshot_lock);
    if (last) snapshot_free(s);
}

void config_sites_release(struct config *c, const struct site_table *t)
{
    let_go(c, (struct site_snapshot *)(uintptr_t)t);
}

void sites_close(struct config *c)
{
    if (c->sites) let_go(c, c->sites);
    c->sites = NULL;
}

static struct str text_of(struct arena *a, const json_t *doc, const char *name)
{
    const json_t *v = json_object_get(doc, name);
    return arena_copy(a, (struct str){json_string_value(v), json_string_length(v)});
}

static err_code read_site(struct arena *a, const struct str cells[4], struct site *out,
                          struct err *err)
{
    json_t *doc;
    err_code rc = json_read(cells[2], &doc, err);
    if (rc) return rc;
    *out = (struct site){
        .id = (uint32_t)cell_number(cells[0]),
        .key = arena_copy(a, cells[1]),
        .name = text_of(a, doc, "name"),
        .domain = text_of(a, doc, "domain"),
        .timezone = text_of(a, doc, "timezone"),
        .simulated = json_is_true(json_object_get(doc, "simulated")),
        .exclude_dnt = !json_is_false(json_object_get(doc, "exclude_dnt")),
    };
    snprintf(out->currency, sizeof out->currency, "%s",
             json_string_value(json_object_get(doc, "currency")));
    const json_t *hosts = json_object_get(doc, "hosts");
    out->n_hosts = json_array_size(hosts);
    out->hosts = ARENA_NEW(a, struct str, out->n_hosts);
    for (size_t i = 0; i < out->n_hosts && out->hosts; i++) {
        const json_t *h = json_array_get(hosts, i);
        out->hosts[i] = arena_copy(a, (struct str){json_string_value(h), json_string_length(h)});
    }
    json_decref(doc);
    size_t n = 0;
    if (sodium_hex2bin(out->id_key, sizeof out->id_key, cells[3].p, cells[3].n, NULL, &n, NULL) !=
            0 ||
        n != sizeof out->id_key)
        return err_set(err, ERR_CORRUPT, 0, "the id key of site %u", out->id);
    return ERR_OK;
}

err_code sites_reload(struct config *c, struct err *err)
{
    struct site_snapshot *s = calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NOMEM, 0, "read the sites");
    arena_init(&s->arena, CONFIG_ARENA);
    struct db_rows rows;
    err_code rc = db_run(c->db, &s->arena, "SELECT id, key, doc, id_key FROM sites ORDER BY id",
                         NULL, 0, &rows, err);
    struct site *sites = rc ? NULL : ARENA_NEW(&s->arena, struct site, rows.n);
    if (!rc && !sites) rc = err_set(err, ERR_NOMEM, 0, "read %zu sites", rows.n);
    for (size_t i = 0; !rc && i < rows.n; i++)
        rc = read_site(&s->arena, rows.cells + i * 4, &sites[i], err);
    if (rc) {
        snapshot_free(s);
        return rc;
    }
    s->table = (struct site_table){sites, rows.n};
    s->readers = 1;
    pthread_mutex_lock(&c->snapshot_lock);
    struct site_snapshot *before = c->sites;
    c->sites = s;
    pthread_mutex_unlock(&c->snapshot_lock);
    if (before) let_go(c, before);
    return ERR_OK;
}

static err_code set_default(json_t *doc, const char *name, const char *value)
{
    if (json_object_get(doc, name)) return ERR_OK;
    return json_object_set_new(doc, name, json_string(value)) == 0 ? ERR_OK : ERR_NOMEM;
}

err_code config_site_add(struct config *c, const json_t *site, const char *who, uint32_t *id,
                         struct err *err)
{
    if (!json_is_object(site))
        return err_named(err, ERR_INVALID, "bad_field", "", "a site is an object");
    json_t *doc = json_deep_copy(site);
    json_object_del(doc, "template");
    const char *key = json_string_value(json_object_get(doc, "key"));
    err_code rc = doc ? ERR_OK : err_set(err, ERR_NOMEM, 0, "add a site");
    if (!rc) rc = key_check(str_of(key), "key", err);
    if (!rc && (set_default(doc, "name", key) || set_default(doc, "timezone", "UTC") ||
                set_default(doc, "currency", "EUR") || set_default(doc, "domain", "")))
        rc = err_set(err, ERR_NOMEM, 0, "add a site");
    if (!rc) rc = site_check(doc, err);
    struct config_call call;
    if (!rc) rc = call_begin(c, true, &call, err);
    if (rc) {
        json_decref(doc);
        return rc;
    }
    int64_t number = 0;
    struct str text = STR_NONE;
    unsigned char id_key[HASH_KEY_BYTES];
    char hex[2 * HASH_KEY_BYTES + 1], id_text[NUMBER_TEXT], at_text[NUMBER_TEXT];
    randombytes_buf(id_key, sizeof id_key);
    sodium_bin2hex(hex, sizeof hex, id_key, sizeof id_key);
    rc = next_number(&call, "site", &number, err);
    if (!rc) rc = json_text(&call.a, doc, &text, err);
    if (!rc)
        rc = DB(c->db, &call.a, "INSERT INTO sites VALUES (?1, ?2, ?3, ?4, ?5)", NULL, err,
                number_text(id_text, number), str_of(key), text, str_of(hex),
                number_text(at_text, clock_now_ms(c->clock)));
    if (rc == ERR_CONFLICT)
        rc = err_named(err, ERR_CONFLICT, "already_there", "key", "there is a site \"%s\" already",
                       key);
    if (!rc)
        rc = history_add(&call, (uint32_t)number, "site", str_of(key), who, "add", STR_NONE, text,
                         err);
    if (!rc)
        rc = sites_reload(c, err); /* before the commit: whoever sees the version sees the site */
    rc = call_end(&call, rc, err);
    if (!rc && id) *id = (uint32_t)number;
    json_decref(doc);
    const char *template = json_string_value(json_object_get(site, "template"));
    if (!rc && template) rc = config_apply_template(c, (uint32_t)number, template, who, err);
    return rc;
}

static err_code site_doc(struct config_call *call, uint32_t id, struct db_rows *rows, json_t **doc,
                         struct err *err)
{
    char id_text[NUMBER_TEXT];
    err_code rc = DB(call->c->db, &call->a, "SELECT key, doc FROM sites WHERE id = ?1", rows, err,
                     number_text(id_text, id));
    if (!rc && rows->n == 0) rc = err_named(err, ERR_NOT_FOUND, "unknown_site", "", "no such site");
    return rc ? rc : json_read(rows->cells[1], doc, err);
}

err_code config_site_patch(struct config *c, uint32_t id, const json_t *patch, const char *who,
                           struct err *err)
{
    struct config_call call;
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    struct db_rows rows;
    json_t *before = NULL, *after = NULL;
    struct str text = STR_NONE;
    char id_text[NUMBER_TEXT];
    rc = site_doc(&call, id, &rows, &before, err);
    if (!rc) rc = json_patched(before, patch, &after, err);
    if (!rc && !json_equal(json_object_get(before, "key"), json_object_get(after, "key")))
        rc = err_named(err, ERR_INVALID, "bad_field", "key", "a site's key never changes");
    if (!rc) rc = site_check(after, err);
    if (!rc) rc = json_text(&call.a, after, &text, err);
    if (!rc)
        rc = DB(c->db, &call.a, "UPDATE sites SET doc = ?2 WHERE id = ?1", NULL, err,
                number_text(id_text, id), text);
    if (!rc)
        rc = history_add(&call, id, "site", rows.cells[0], who, "patch", rows.cells[1], text, err);
    if (!rc) rc = sites_reload(c, err);
    json_decref(before);
    json_decref(after);
    return call_end(&call, rc, err);
}

err_code config_site_json(struct config *c, uint32_t id, json_t **out, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    err_code rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    rc = site_doc(&call, id, &rows, out, err);
    return call_end(&call, rc, err);
}
