#include "config/config.h"

#include "config/own.h"
#include "config/schema.h"

static err_code read_version(struct config *c, uint64_t *out, struct err *err)
{
    struct arena a;
    struct db_rows rows;
    arena_init(&a, 4096);
    err_code rc =
        db_run(c->db, &a, "SELECT value FROM counters WHERE name = 'version'", NULL, 0, &rows, err);
    if (!rc && rows.n == 0)
        rc = err_set(err, ERR_CORRUPT, 0, "the configuration has lost its version");
    if (!rc) *out = (uint64_t)cell_number(rows.cells[0]);
    arena_free(&a);
    return rc;
}

err_code config_open(const char *where, const struct clock *clock, struct config **out,
                     struct err *err)
{
    struct config *c = calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NOMEM, 0, "open the configuration");
    c->clock = clock;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->snapshot_lock, NULL);
    err_code rc = db_open(where, &c->db, err);
    if (!rc) rc = schema_migrate(c->db, err);
    uint64_t version = 0;
    if (!rc) rc = read_version(c, &version, err);
    if (!rc) rc = sites_reload(c, err);
    if (rc) {
        config_close(c);
        return rc;
    }
    atomic_store(&c->version, version);
    *out = c;
    return ERR_OK;
}

void config_close(struct config *c)
{
    if (!c) return;
    sites_close(c);
    db_close(c->db);
    pthread_mutex_destroy(&c->snapshot_lock);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

uint64_t config_version(struct config *c)
{
    return atomic_load(&c->version);
}

err_code config_poll(struct config *c, struct err *err)
{
    pthread_mutex_lock(&c->lock);
    uint64_t version = 0;
    err_code rc = read_version(c, &version, err);
    if (!rc && version != atomic_load(&c->version)) {
        rc = sites_reload(c, err);
        if (!rc) atomic_store(&c->version, version);
    }
    pthread_mutex_unlock(&c->lock);
    return rc;
}
