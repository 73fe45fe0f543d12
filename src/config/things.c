/* things.c: goals, funnels, segments and the like: one JSON document each, with history. */
#include <stdio.h>

#include "config/own.h"

const char *const config_kinds[] = {
    "goals", "funnels", "segments", "annotations", "experiments", "tags", NULL,
};

static err_code kind_check(const char *kind, struct err *err)
{
    for (size_t i = 0; config_kinds[i]; i++)
        if (strcmp(kind, config_kinds[i]) == 0) return ERR_OK;
    return err_named(err, ERR_NOT_FOUND, "not_found", "", "there is no such thing as %.40s", kind);
}

err_code config_list(struct config *c, uint32_t site, const char *kind, json_t **out,
                     struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    err_code rc = kind_check(kind, err);
    if (!rc) rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    json_t *list = NULL;
    rc = DB(c->db, &call.a,
            "SELECT doc FROM things WHERE site = ?1 AND kind = ?2 ORDER BY position, key", &rows,
            err, number_text(site_text, site), str_of(kind));
    if (!rc && !(list = json_array())) rc = err_set(err, ERR_NOMEM, 0, "list %s", kind);
    for (size_t i = 0; !rc && i < rows.n; i++) {
        json_t *doc;
        rc = json_read(rows.cells[i], &doc, err);
        if (!rc && json_array_append_new(list, doc) != 0)
            rc = err_set(err, ERR_NOMEM, 0, "list %s", kind);
    }
    rc = call_end(&call, rc, err);
    if (rc) json_decref(list);
    else *out = list;
    return rc;
}

/* The document's text and, if asked, its tree. */
static err_code find(struct config_call *call, uint32_t site, const char *kind, struct str key,
                     struct str *text, json_t **doc, struct err *err)
{
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    err_code rc = DB(call->c->db, &call->a,
                     "SELECT doc FROM things WHERE site = ?1 AND kind = ?2 AND key = ?3", &rows,
                     err, number_text(site_text, site), str_of(kind), key);
    if (!rc && rows.n == 0)
        rc = err_named(err, ERR_NOT_FOUND, "not_found", "key", "no \"%.*s\" among the %s",
                       STR_FMT(key), kind);
    if (rc) return rc;
    *text = rows.cells[0];
    return doc ? json_read(*text, doc, err) : ERR_OK;
}

err_code config_get(struct config *c, uint32_t site, const char *kind, struct str key, json_t **out,
                    struct err *err)
{
    struct config_call call;
    struct str text;
    err_code rc = kind_check(kind, err);
    if (!rc) rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    rc = find(&call, site, kind, key, &text, out, err);
    return call_end(&call, rc, err);
}

/* "Added to cart!" becomes "added_to_cart"; what has no letters becomes the kind's own name. */
static void slug(struct str name, const char *kind, char out[56])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 48; i++) {
        char ch = name.p[i];
        if (ch >= 'A' && ch <= 'Z') ch = (char)(ch - 'A' + 'a');
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
        if (plain) out[n++] = ch;
        else if (n > 0 && out[n - 1] != '_') out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_') n--;
    out[n] = 0;
    if (n == 0) snprintf(out, 56, "%.*s", (int)strlen(kind) - 1, kind);
}

static err_code is_free(struct config_call *call, uint32_t site, const char *kind, struct str key,
                        bool *is, struct err *err)
{
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    err_code rc =
        DB(call->c->db, &call->a, "SELECT 1 FROM things WHERE site = ?1 AND kind = ?2 AND key = ?3",
           &rows, err, number_text(site_text, site), str_of(kind), key);
    *is = !rc && rows.n == 0;
    return rc;
}

/* Gives a document without a key one made from its name, with a number when that is taken. */
static err_code set_key(struct config_call *call, uint32_t site, const char *kind, json_t *doc,
                        struct err *err)
{
    if (json_object_get(doc, "key")) return ERR_OK;
    const json_t *name = json_object_get(doc, "name");
    char base[56], key[80];
    slug((struct str){json_string_value(name), json_string_length(name)}, kind, base);
    for (unsigned i = 1; i < 10000; i++) {
        bool unused = false;
        snprintf(key, sizeof key, i == 1 ? "%s" : "%s_%u", base, i);
        err_code rc = is_free(call, site, kind, str_of(key), &unused, err);
        if (rc) return rc;
        if (!unused) continue;
        return json_object_set_new(doc, "key", json_string(key)) == 0
                   ? ERR_OK
                   : err_set(err, ERR_NOMEM, 0, "name a document");
    }
    return err_named(err, ERR_CONFLICT, "already_there", "key", "too many named \"%s\"", base);
}

/* What a document means when it does not say: written out, so that whoever reads it need not know.
 */
static err_code set_defaults(const char *kind, json_t *doc, struct err *err)
{
    if (strcmp(kind, "goals") != 0 || json_object_get(doc, "count")) return ERR_OK;
    return json_object_set_new(doc, "count", json_string("session")) == 0
               ? ERR_OK
               : err_set(err, ERR_NOMEM, 0, "add a goal");
}

err_code config_add(struct config *c, uint32_t site, const char *kind, const json_t *doc,
                    const char *who, json_t **out, struct err *err)
{
    err_code rc = kind_check(kind, err);
    if (!rc && !json_is_object(doc))
        rc = err_named(err, ERR_INVALID, "bad_field", "", "one of the %s is an object", kind);
    struct config_call call;
    if (!rc) rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    json_t *new = json_deep_copy(doc);
    struct str text = STR_NONE, key = STR_NONE;
    char site_text[NUMBER_TEXT];
    if (!new) rc = err_set(err, ERR_NOMEM, 0, "add to %s", kind);
    if (!rc) rc = set_defaults(kind, new, err);
    if (!rc) rc = set_key(&call, site, kind, new, err);
    if (!rc) {
        key = str_of(json_string_value(json_object_get(new, "key")));
        rc = key_check(key, "key", err);
    }
    if (!rc) rc = thing_check(kind, new, &call.a, err);
    if (!rc) rc = json_text(&call.a, new, &text, err);
    if (!rc)
        rc = DB(c->db, &call.a,
                "INSERT INTO things (site, kind, key, position, doc)"
                " SELECT CAST(?1 AS BIGINT), CAST(?2 AS TEXT), CAST(?3 AS TEXT),"
                " COALESCE(MAX(position), 0) + 1, CAST(?4 AS TEXT)"
                " FROM things WHERE site = CAST(?1 AS BIGINT) AND kind = CAST(?2 AS TEXT)",
                NULL, err, number_text(site_text, site), str_of(kind), key, text);
    if (rc == ERR_CONFLICT)
        rc = err_named(err, ERR_CONFLICT, "already_there", "key",
                       "\"%.*s\" is among the %s already", STR_FMT(key), kind);
    if (!rc) rc = history_add(&call, site, kind, key, who, "add", STR_NONE, text, err);
    rc = call_end(&call, rc, err);
    if (rc || !out) json_decref(new);
    else *out = new;
    return rc;
}

err_code config_patch(struct config *c, uint32_t site, const char *kind, struct str key,
                      const json_t *patch, const char *who, json_t **out, struct err *err)
{
    struct config_call call;
    err_code rc = kind_check(kind, err);
    if (!rc) rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    struct str before = STR_NONE, after = STR_NONE;
    json_t *doc = NULL, *new = NULL;
    char site_text[NUMBER_TEXT];
    rc = find(&call, site, kind, key, &before, &doc, err);
    if (!rc) rc = json_patched(doc, patch, &new, err);
    /* Elsewhere null takes a member away; a funnel's window has a null of its own: no window. */
    if (!rc && strcmp(kind, "funnels") == 0 && json_is_null(json_object_get(patch, "window_s")) &&
        json_object_set_new(new, "window_s", json_null()) != 0)
        rc = err_set(err, ERR_NOMEM, 0, "change a funnel");
    if (!rc && !json_equal(json_object_get(doc, "key"), json_object_get(new, "key")))
        rc = err_named(err, ERR_INVALID, "bad_field", "key",
                       "a key never changes; make a new one instead");
    if (!rc) rc = thing_check(kind, new, &call.a, err);
    if (!rc) rc = json_text(&call.a, new, &after, err);
    if (!rc)
        rc = DB(c->db, &call.a,
                "UPDATE things SET doc = ?4 WHERE site = ?1 AND kind = ?2 AND key = ?3", NULL, err,
                number_text(site_text, site), str_of(kind), key, after);
    if (!rc) rc = history_add(&call, site, kind, key, who, "patch", before, after, err);
    rc = call_end(&call, rc, err);
    json_decref(doc);
    if (rc || !out) json_decref(new);
    else *out = new;
    return rc;
}

err_code config_delete(struct config *c, uint32_t site, const char *kind, struct str key,
                       const char *who, struct err *err)
{
    struct config_call call;
    err_code rc = kind_check(kind, err);
    if (!rc) rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    struct str before;
    char site_text[NUMBER_TEXT];
    rc = find(&call, site, kind, key, &before, NULL, err);
    if (!rc)
        rc = DB(c->db, &call.a, "DELETE FROM things WHERE site = ?1 AND kind = ?2 AND key = ?3",
                NULL, err, number_text(site_text, site), str_of(kind), key);
    if (!rc) rc = history_add(&call, site, kind, key, who, "delete", before, STR_NONE, err);
    return call_end(&call, rc, err);
}

static err_code history_entry(const struct str cells[5], json_t *list, struct err *err)
{
    json_t *before = NULL, *after = NULL;
    err_code rc = ERR_OK;
    if (cells[3].p) rc = json_read(cells[3], &before, err);
    if (!rc && cells[4].p) rc = json_read(cells[4], &after, err);
    if (rc) {
        json_decref(before);
        return rc;
    }
    json_t *entry =
        json_pack("{s:I, s:s, s:s, s:o?, s:o?}", "at_ms", (json_int_t)cell_number(cells[0]), "who",
                  cells[1].p, "change", cells[2].p, "before", before, "after", after);
    return json_array_append_new(list, entry) == 0 ? ERR_OK
                                                   : err_set(err, ERR_NOMEM, 0, "read the history");
}

err_code config_history(struct config *c, uint32_t site, const char *kind, struct str key,
                        json_t **out, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    err_code rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    json_t *list = json_array();
    if (!list) rc = err_set(err, ERR_NOMEM, 0, "read the history");
    if (!rc)
        rc = DB(c->db, &call.a,
                "SELECT at_ms, who, change, doc_before, doc_after FROM history"
                " WHERE site = ?1 AND kind = ?2 AND key = ?3 ORDER BY id DESC LIMIT 200",
                &rows, err, number_text(site_text, site), str_of(kind), key);
    for (size_t i = 0; !rc && i < rows.n; i++) rc = history_entry(rows.cells + i * 5, list, err);
    rc = call_end(&call, rc, err);
    if (rc) json_decref(list);
    else *out = list;
    return rc;
}
