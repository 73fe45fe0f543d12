#include <inttypes.h>
#include <stdio.h>

#include "config/own.h"

err_code call_begin(struct config *c, bool write, struct config_call *call, struct err *err)
{
    *call = (struct config_call){.c = c, .write = write};
    arena_init(&call->a, CONFIG_ARENA);
    pthread_mutex_lock(&c->lock);
    err_code rc = write ? db_begin(c->db, err) : ERR_OK;
    if (rc) {
        pthread_mutex_unlock(&c->lock);
        arena_free(&call->a);
    }
    return rc;
}

err_code call_end(struct config_call *call, err_code rc, struct err *err)
{
    struct config *c = call->c;
    if (call->write) {
        struct db_rows rows = {0};
        if (!rc)
            rc = db_run(
                c->db, &call->a,
                "UPDATE counters SET value = value + 1 WHERE name = 'version' RETURNING value",
                NULL, 0, &rows, err);
        if (!rc) rc = db_commit(c->db, err);
        if (rc) db_rollback(c->db);
        else atomic_store(&c->version, (uint64_t)cell_number(rows.cells[0]));
    }
    pthread_mutex_unlock(&c->lock);
    arena_free(&call->a);
    return rc;
}

struct str number_text(char buffer[NUMBER_TEXT], int64_t v)
{
    int n = snprintf(buffer, NUMBER_TEXT, "%" PRId64, v);
    return (struct str){buffer, (size_t)n};
}

int64_t cell_number(struct str cell)
{
    int64_t v;
    return cell.p && str_to_i64(cell, &v) ? v : 0;
}

err_code next_number(struct config_call *call, const char *counter, int64_t *out, struct err *err)
{
    struct db_rows rows;
    err_code rc = DB(call->c->db, &call->a,
                     "UPDATE counters SET value = value + 1 WHERE name = ?1 RETURNING value", &rows,
                     err, str_of(counter));
    if (!rc) *out = cell_number(rows.cells[0]);
    return rc;
}

err_code history_add(struct config_call *call, uint32_t site, const char *kind, struct str key,
                     const char *who, const char *change, struct str before, struct str after,
                     struct err *err)
{
    char id_text[NUMBER_TEXT], site_text[NUMBER_TEXT], at_text[NUMBER_TEXT];
    int64_t id;
    err_code rc = next_number(call, "history", &id, err);
    if (rc) return rc;
    return DB(call->c->db, &call->a,
              "INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", NULL, err,
              number_text(id_text, id), number_text(site_text, site), str_of(kind), key,
              number_text(at_text, clock_now_ms(call->c->clock)), str_of(who), str_of(change),
              before, after);
}

err_code json_text(struct arena *a, const json_t *doc, struct str *out, struct err *err)
{
    char *text = json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (!text) return err_set(err, ERR_NOMEM, 0, "write JSON");
    *out = arena_copy(a, str_of(text));
    free(text);
    return out->p ? ERR_OK : err_set(err, ERR_NOMEM, 0, "write JSON");
}

err_code json_read(struct str text, json_t **out, struct err *err)
{
    json_error_t why;
    *out = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    return *out ? ERR_OK : err_set(err, ERR_CORRUPT, 0, "stored JSON: %s", why.text);
}

err_code json_patched(const json_t *doc, const json_t *patch, json_t **out, struct err *err)
{
    if (!json_is_object(patch))
        return err_named(err, ERR_INVALID, "bad_field", "", "a change is an object");
    json_t *to = json_deep_copy(doc);
    const char *name;
    json_t *value;
    bool ok = to != NULL;
    json_object_foreach((json_t *)patch, name, value)
    {
        if (json_is_null(value)) json_object_del(to, name);
        else ok = ok && json_object_set_new(to, name, json_deep_copy(value)) == 0;
    }
    if (!ok) {
        json_decref(to);
        return err_set(err, ERR_NOMEM, 0, "change a document");
    }
    *out = to;
    return ERR_OK;
}

err_code key_check(struct str key, const char *field, struct err *err)
{
    bool ok = key.n >= 1 && key.n <= 64;
    for (size_t i = 0; i < key.n && ok; i++) {
        char c = key.p[i];
        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }
    if (ok) return ERR_OK;
    return err_named(err, ERR_INVALID, "bad_field", field,
                     "a key has 1 to 64 of the characters a-z, 0-9, - and _");
}
