#include "import/sink.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <time.h>

#include "event/limits.h"

enum {
    BATCH_EVENTS = 5000,
    BATCH_BYTES = 6 * 1024 * 1024,
    TRIES = 120, /* at most a minute of a server that has too much to do */
    WAIT_MS = 500,
};
_Static_assert((int)BATCH_EVENTS <= (int)LIMIT_EVENTS, "a batch must be taken");

struct sink {
    struct sink_target to;
    struct buf batch;
    struct {
        uint64_t row, line;
    } rows[BATCH_EVENTS];
    size_t n;
    struct arena arena;
    CURL *curl;
    struct curl_slist *headers;
    struct buf answer;
};

static err_code open_http(struct sink *s, struct err *err)
{
    struct buf bearer = {0};
    buf_printf(&bearer, "Authorization: Bearer %s", s->to.secret);
    s->curl = curl_easy_init();
    if (s->curl && !bearer.bad) s->headers = curl_slist_append(NULL, bearer.p);
    if (s->headers) {
        struct curl_slist *more =
            curl_slist_append(s->headers, "Content-Type: application/x-ndjson");
        more = more ? curl_slist_append(more, "Expect:") : NULL;
        if (!more) curl_slist_free_all(s->headers);
        s->headers = more;
    }
    buf_free(&bearer);
    return s->headers ? ERR_OK
                      : err_set(err, ERR_NOMEM, 0, "prepare requests to %s", s->to.address);
}

err_code sink_open(const struct sink_target *t, struct sink **out, struct err *err)
{
    struct sink *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return err_set(err, ERR_NOMEM, 0, "open the import");
    s->to = *t;
    arena_init(&s->arena, LIMIT_REQUEST_ARENA);
    err_code code = t->engine ? ERR_OK : open_http(s, err);
    if (code) sink_close(s);
    else *out = s;
    return code;
}

struct buf *sink_batch(struct sink *s)
{
    return &s->batch;
}

void sink_added(struct sink *s, const struct row *row)
{
    buf_char(&s->batch, '\n');
    s->rows[s->n].row = row->number;
    s->rows[s->n++].line = row->line;
}

bool sink_full(const struct sink *s)
{
    return s->n == BATCH_EVENTS || s->batch.n >= BATCH_BYTES;
}

static err_code wait_a_little(const struct sink *s, struct err *err)
{
    const struct timespec t = {.tv_nsec = WAIT_MS * 1000000L};
    nanosleep(&t, NULL);
    return *s->to.stop ? err_set(err, ERR_CANCELLED, 0, "stopped") : ERR_OK;
}

static err_code flush_engine(struct sink *s, struct sink_result *result,
                             err_code (*refused)(void *, uint64_t, uint64_t, const char *,
                                                 const char *, struct err *),
                             void *arg, struct err *err)
{
    struct accept_request r = {
        .body = buf_view(&s->batch),
        .site = s->to.site,
        .origin_kind = s->to.bots ? ORIGIN_IMPORT_BOTS : ORIGIN_IMPORT,
        .trusted = true,
        .any_age_duplicates = true,
        .max_body = LIMIT_BATCH_BODY,
        .protocol = s->to.protocol,
    };
    struct accept_result got;
    err_code code = ERR_OK;
    for (int i = 0;; i++) {
        arena_reset(&s->arena);
        accept_events(s->to.engine->accept, &r, &s->arena, &got);
        if (got.status != 503 && got.status != 429) break;
        if (i == TRIES)
            return err_set(err, ERR_IO, 0, "the events cannot be kept: is the disk full?");
        if ((code = wait_a_little(s, err))) return code;
    }
    if (got.whole_refused)
        return err_set(err, ERR_INVALID, 0, "a batch of %zu events was refused: %s", s->n,
                       got.whole < REJECT_N ? reject_names[got.whole] : "no reason given");
    for (size_t i = 0; !code && i < got.n_rejected; i++) {
        const struct reject *j = &got.rejected[i];
        if (j->index < s->n)
            code = refused(arg, s->rows[j->index].row, s->rows[j->index].line,
                           reject_names[j->code], j->field, err);
    }
    if (!code) code = journal_sync(s->to.engine->journal, err);
    *result = (struct sink_result){got.accepted, got.duplicates, got.n_rejected};
    return code;
}

/* --- over HTTP --- */

static size_t take_answer(char *p, size_t size, size_t n, void *arg)
{
    struct sink *s = arg;
    if (s->answer.n + n * size > LIMIT_BATCH_BODY) return 0;
    buf_bytes(&s->answer, p, n * size);
    return s->answer.bad ? 0 : n * size;
}

static int ask_to_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return *((struct sink *)arg)->to.stop > 1; /* asked twice: the batch under way may end */
}

/* One exchange; `body` NULL is a GET.  `*status` 0: the server could not be reached, which is tried
 * again like a server that is busy, because it may be starting anew. */
static err_code exchange(struct sink *s, const char *path, const struct buf *body, long *status,
                         struct err *err)
{
    struct buf url = {0};
    struct str address = str_of(s->to.address);
    while (str_ends(address, STR("/"))) address.n--;
    buf_printf(&url, "%.*s%s", STR_FMT(address), path);
    if (url.bad) return err_set(err, ERR_NOMEM, 0, "ask %s", s->to.address);
    buf_clear(&s->answer);
    curl_easy_reset(s->curl);
    curl_easy_setopt(s->curl, CURLOPT_URL, url.p);
    curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
    curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, ask_to_stop);
    curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
    curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(s->curl, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (body) {
        curl_easy_setopt(s->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, body->p);
        curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->n);
    }
    CURLcode rc = curl_easy_perform(s->curl);
    *status = 0;
    if (rc == CURLE_OK) curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, status);
    buf_free(&url);
    if (rc == CURLE_ABORTED_BY_CALLBACK) return err_set(err, ERR_CANCELLED, 0, "stopped");
    if (rc != CURLE_OK)
        (void)err_set(err, ERR_IO, 0, "%s: %s", s->to.address, curl_easy_strerror(rc));
    return ERR_OK;
}

static err_code refused_whole(long status, const json_t *answer, struct err *err)
{
    const json_t *e = json_object_get(answer, "error");
    const char *code = json_string_value(json_object_get(e, "code"));
    const char *message = json_string_value(json_object_get(e, "message"));
    err_code kind = status == 401 || status == 403 ? ERR_DENIED
                    : status == 404                ? ERR_NOT_FOUND
                                                   : ERR_IO;
    return err_named(err, kind, code ? code : "", "", "the server answered %ld: %s", status,
                     message ? message : "no reason given");
}

static err_code flush_http(struct sink *s, struct sink_result *result,
                           err_code (*refused)(void *, uint64_t, uint64_t, const char *,
                                               const char *, struct err *),
                           void *arg, struct err *err)
{
    struct buf path = {0};
    long status = 0;
    buf_printf(&path, "/api/v1/sites/%s/events?import=%s%s", s->to.site_key, s->to.protocol,
               s->to.bots ? "&bots=1" : "");
    err_code code = path.bad ? err_set(err, ERR_NOMEM, 0, "import") : ERR_OK;
    for (int i = 0; !code; i++) {
        code = exchange(s, path.p, &s->batch, &status, err);
        if (code || (status != 0 && status != 429 && status != 503)) break;
        if (i == TRIES) code = status ? refused_whole(status, NULL, err) : ERR_IO;
        else code = wait_a_little(s, err);
    }
    buf_free(&path);
    if (code) return code;
    json_t *answer = json_loadb(s->answer.p ? s->answer.p : "", s->answer.n, 0, NULL);
    const json_t *rejected = json_object_get(answer, "rejected"), *one;
    if ((status != 202 && status != 400) || !json_is_array(rejected)) {
        code = refused_whole(status, answer, err);
        goto out;
    }
    size_t i;
    json_array_foreach(rejected, i, one)
    {
        json_int_t at = json_integer_value(json_object_get(one, "index"));
        const char *why = json_string_value(json_object_get(one, "code"));
        const char *field = json_string_value(json_object_get(one, "field"));
        if (at < 0 || (size_t)at >= s->n) continue;
        code = refused(arg, s->rows[at].row, s->rows[at].line, why ? why : "", field ? field : "",
                       err);
        if (code) goto out;
    }
    result->recorded = (uint64_t)json_integer_value(json_object_get(answer, "accepted"));
    result->duplicates = (uint64_t)json_integer_value(json_object_get(answer, "duplicates"));
    result->refused = json_array_size(rejected);
    if (result->recorded + result->duplicates + result->refused != s->n)
        code =
            err_set(err, ERR_IO, 0, "the server answered for other than the %zu events sent", s->n);
out:
    json_decref(answer);
    return code;
}

err_code sink_flush(struct sink *s, struct sink_result *result,
                    err_code (*refused)(void *arg, uint64_t row, uint64_t line, const char *code,
                                        const char *field, struct err *err),
                    void *arg, struct err *err)
{
    *result = (struct sink_result){0};
    if (s->n == 0) return ERR_OK;
    if (s->batch.bad) return err_set(err, ERR_NOMEM, 0, "a batch of %zu events", s->n);
    err_code code = s->to.engine ? flush_engine(s, result, refused, arg, err)
                                 : flush_http(s, result, refused, arg, err);
    if (code) return code;
    s->n = 0;
    buf_clear(&s->batch);
    return ERR_OK;
}

err_code sink_get(struct sink *s, const char *path, json_t **out, struct err *err)
{
    long status;
    *out = NULL;
    err_code code = exchange(s, path, NULL, &status, err);
    if (code) return code;
    if (status == 0) return ERR_IO;
    *out = json_loadb(s->answer.p ? s->answer.p : "", s->answer.n, 0, NULL);
    if (status == 200 && *out) return ERR_OK;
    code = refused_whole(status, *out, err);
    json_decref(*out);
    *out = NULL;
    return code;
}

void sink_close(struct sink *s)
{
    if (!s) return;
    curl_slist_free_all(s->headers);
    if (s->curl) curl_easy_cleanup(s->curl);
    buf_free(&s->batch);
    buf_free(&s->answer);
    arena_free(&s->arena);
    free(s);
}
