#include "base/log.h"
#include "store/schema.h"

enum { DEFAULT_MEMORY_MIB = 512 };

/* The database may touch its own file, its log and its folder for spilling, and nothing else: no
 * network, no extension, no other file.  Exports write through an instance of their own. */
static err_code configure(const char *path, size_t memory_bytes, int threads, duckdb_config config,
                          struct err *err)
{
    const char *slash = strrchr(path, '/');
    struct buf tmp = {0}, memory = {0}, count = {0};
    if (slash) buf_bytes(&tmp, path, (size_t)(slash - path) + 1);
    buf_bytes(&tmp, "tmp", 4);
    if (memory_bytes == 0) memory_bytes = (size_t)DEFAULT_MEMORY_MIB << 20;
    buf_printf(&memory, "%zuB", memory_bytes);
    buf_printf(&count, "%d", threads);
    err_code code = ERR_OK;
    if (tmp.bad || memory.bad || count.bad) code = err_set(err, ERR_NOMEM, 0, "open store");
    const struct {
        const char *name, *value;
    } options[] = {
        {"temp_directory", tmp.p},
        {"memory_limit", memory.p},
        {threads > 0 ? "threads" : NULL, count.p},
        {"enable_external_access", "false"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"allow_unsigned_extensions", "false"},
        {"allow_persistent_secrets", "false"},
        /* A batch of some thousand rows is about a megabyte of log: compressing them into the table
         * pays once there are many of them. */
        /* The encodings of the long-term release: a tenth smaller and a sixth quicker than the
         * default, which older programs could read too. */
        {"storage_compatibility_version", "v1.4.0"},
        {"checkpoint_threshold", "128MiB"},
    };
    for (size_t i = 0; !code && i < sizeof options / sizeof *options; i++)
        if (options[i].name &&
            duckdb_set_config(config, options[i].name, options[i].value) != DuckDBSuccess)
            code = err_set(err, ERR_IO, 0, "DuckDB refuses the option %s=%s", options[i].name,
                           options[i].value);
    buf_free(&tmp);
    buf_free(&memory);
    buf_free(&count);
    return code;
}

static err_code open_database(const char *path, size_t memory_bytes, int threads,
                              duckdb_database *out, struct err *err)
{
    duckdb_config config = NULL;
    char *message = NULL;
    if (duckdb_create_config(&config) != DuckDBSuccess)
        return err_set(err, ERR_NOMEM, 0, "open store %s", path);
    err_code code = configure(path, memory_bytes, threads, config, err);
    if (!code && duckdb_open_ext(path, out, config, &message) != DuckDBSuccess)
        code = duck_fail(err, DUCKDB_ERROR_IO, message, "open the store");
    duckdb_free(message);
    duckdb_destroy_config(&config);
    return code;
}

/* The chunk that store_add fills, of the table's own types. */
static err_code make_chunk(struct store *s, struct err *err)
{
    duckdb_appender a = NULL;
    duckdb_logical_type types[STORE_N_COLUMNS];
    if (duckdb_appender_create(s->writer, NULL, "events", &a) != DuckDBSuccess) {
        err_code code = err_set(err, ERR_IO, 0, "store %s: %s", s->path, duckdb_appender_error(a));
        duckdb_appender_destroy(&a);
        return code;
    }
    for (size_t i = 0; i < STORE_N_COLUMNS; i++) types[i] = duckdb_appender_column_type(a, i);
    s->chunk = duckdb_create_data_chunk(types, STORE_N_COLUMNS);
    for (size_t i = 0; i < STORE_N_COLUMNS; i++) duckdb_destroy_logical_type(&types[i]);
    duckdb_appender_destroy(&a);
    return s->chunk ? ERR_OK : err_set(err, ERR_NOMEM, 0, "open store %s", s->path);
}

static err_code open_parts(struct store *s, struct err *err)
{
    uint64_t watermark = 0;
    err_code code = open_database(s->path, s->memory_bytes, s->threads, &s->db, err);
    if (code) return code;
    if (duckdb_connect(s->db, &s->writer) != DuckDBSuccess)
        return err_set(err, ERR_NOMEM, 0, "connect to store %s", s->path);
    if ((code = store_schema_migrate(s, err))) return code;
    if ((code = duck_run(s->writer, "PRAGMA disable_checkpoint_on_shutdown", err))) return code;
    if ((code = duck_run(s->writer, "SET lock_configuration = true", err))) return code;
    if ((code = make_chunk(s, err))) return code;
    if ((code = duck_number(s->writer, "SELECT watermark FROM meta", &watermark, err))) return code;
    if ((code = duck_number(s->writer, "SELECT identity FROM meta", &s->identity, err)))
        return code;
    atomic_store_explicit(&s->watermark, watermark, memory_order_release);
    return ERR_OK;
}

/* Leaves the files as the last commit left them. */
static void close_parts(struct store *s)
{
    if (s->appender) duckdb_appender_destroy(&s->appender);
    if (s->chunk) duckdb_destroy_data_chunk(&s->chunk);
    if (s->writer) duckdb_disconnect(&s->writer);
    if (s->db) duckdb_close(&s->db);
}

err_code store_open(const char *path, size_t memory_bytes, int threads, struct store **out,
                    struct err *err)
{
    struct store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s || !(s->path = strdup(path))) {
        free(s);
        return err_set(err, ERR_NOMEM, 0, "open store %s", path);
    }
    s->memory_bytes = memory_bytes;
    s->threads = threads;
    pthread_mutex_init(&s->writing, NULL);
    pthread_rwlock_init(&s->use, NULL);
    atomic_init(&s->watermark, 0);
    err_code code = open_parts(s, err);
    if (code) {
        s->spoilt = true;
        store_close(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}

err_code store_reopen(struct store *s, struct err *err)
{
    pthread_rwlock_wrlock(&s->use);
    close_parts(s);
    err_code code = open_parts(s, err);
    if (code) close_parts(s);
    s->spoilt = code != ERR_OK;
    pthread_rwlock_unlock(&s->use);
    return code;
}

err_code store_connect(struct store *s, duckdb_connection *out, struct err *err)
{
    pthread_rwlock_rdlock(&s->use);
    if (s->db && duckdb_connect(s->db, out) == DuckDBSuccess) return ERR_OK;
    *out = NULL;
    bool open = s->db != NULL;
    pthread_rwlock_unlock(&s->use);
    return err_set(err, open ? ERR_NOMEM : ERR_IO, 0, "connect to store %s", s->path);
}

void store_disconnect(struct store *s, duckdb_connection *con)
{
    if (!*con) return;
    duckdb_disconnect(con);
    pthread_rwlock_unlock(&s->use);
}

void store_close(struct store *s)
{
    if (!s) return;
    struct err err;
    /* What failed is not made lasting: the next start reads the log instead. */
    if (!s->spoilt && !s->open && duck_run(s->writer, "CHECKPOINT", &err))
        log_line(LOG_WARN, "store_not_checkpointed", "why=\"%s\"", err.msg);
    close_parts(s);
    pthread_rwlock_destroy(&s->use);
    pthread_mutex_destroy(&s->writing);
    free(s->path);
    free(s);
}

uint64_t store_watermark(const struct store *s)
{
    /* Acquire: whoever sees the number finds its batch in a connection opened afterwards. */
    return atomic_load_explicit(&s->watermark, memory_order_acquire);
}

uint64_t store_identity(const struct store *s)
{
    return s->identity;
}
