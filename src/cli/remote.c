/* remote.c: commands as clients of a running server. */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

static size_t into_buf(char *p, size_t size, size_t n, void *arg)
{
    struct buf *b = arg;
    buf_bytes(b, p, size * n);
    return b->bad ? 0 : size * n;
}

static size_t into_file(char *p, size_t size, size_t n, void *arg)
{
    return fwrite(p, size, n, arg) * size;
}

/* One exchange; the answer's bytes go to write(arg). */
static err_code exchange(struct cli *c, const char *method, const char *path, struct str body,
                         curl_write_callback write, void *arg, int *status, struct err *err)
{
    char url[2048], authorization[256], why[CURL_ERROR_SIZE] = "";
    long code = 0;
    int n = snprintf(url, sizeof url, "%s%s", c->address, path);
    if (n < 0 || (size_t)n >= sizeof url)
        return err_set(err, ERR_INVALID, 0, "the address is too long");
    CURL *curl = curl_easy_init();
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", c->secret);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    struct curl_slist *more =
        headers ? curl_slist_append(headers, "Content-Type: application/json") : NULL;
    more = more ? curl_slist_append(more, "Expect:") : NULL;
    if (!curl || !more) {
        curl_slist_free_all(headers);
        if (curl) curl_easy_cleanup(curl);
        return err_set(err, ERR_NOMEM, 0, "talk to %s", c->address);
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, arg);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    if (strcmp(method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.p ? body.p : "");
    }
    CURLcode bad = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    *status = (int)code;
    if (bad == CURLE_OK) return ERR_OK;
    return err_set(err, ERR_IO, 0, "talk to %s: %s", c->address,
                   *why ? why : curl_easy_strerror(bad));
}

err_code cli_http(struct cli *c, const char *method, const char *path, struct str body, int *status,
                  struct buf *out, struct err *err)
{
    return exchange(c, method, path, body, into_buf, out, status, err);
}

/* The server's own words for what went wrong. */
static err_code read_refusal(int status, struct str text, struct err *err)
{
    json_t *json = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
    const json_t *e = json_object_get(json, "error");
    const char *code = json_string_value(json_object_get(e, "code"));
    const char *message = json_string_value(json_object_get(e, "message"));
    const char *field = json_string_value(json_object_get(e, "field"));
    err_code rc = status == 404                    ? ERR_NOT_FOUND
                  : status == 409                  ? ERR_CONFLICT
                  : status == 401 || status == 403 ? ERR_DENIED
                  : status >= 500                  ? ERR_IO
                                                   : ERR_INVALID;
    if (message) (void)err_named(err, rc, code ? code : "", field ? field : "", "%s", message);
    else (void)err_set(err, rc, 0, "the server answered %d", status);
    json_decref(json);
    return rc;
}

err_code cli_call(struct cli *c, const char *method, const char *path, const json_t *body,
                  json_t **answer, struct err *err)
{
    struct buf out = {0};
    int status = 0;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    if (answer) *answer = NULL;
    err_code rc = cli_http(c, method, path, str_of(text), &status, &out, err);
    if (!rc && (status < 200 || status > 299)) rc = read_refusal(status, buf_view(&out), err);
    if (!rc && answer && out.n > 0) {
        *answer = json_loadb(out.p, out.n, 0, NULL);
        if (!*answer) rc = err_set(err, ERR_CORRUPT, 0, "the answer of %s is not JSON", c->address);
    }
    free(text);
    buf_free(&out);
    return rc;
}

err_code cli_download(struct cli *c, const char *path, const char *file, struct err *err)
{
    bool to_stdout = strcmp(file, "-") == 0;
    FILE *f = to_stdout ? stdout : fopen(file, "we");
    if (!f) return err_set(err, ERR_IO, errno, "make %s", file);
    int status = 0;
    err_code rc = exchange(c, "GET", path, STR_NONE, into_file, f, &status, err);
    bool bad = fflush(f) != 0 || ferror(f);
    if (!to_stdout && fclose(f) != 0) bad = true;
    if (!rc && bad) rc = err_set(err, ERR_IO, errno, "write %s", file);
    if (!rc && status != 200) {
        char head[512] = "";
        FILE *again = to_stdout ? NULL : fopen(file, "re"); /* what came is the refusal */
        size_t n = again ? fread(head, 1, sizeof head - 1, again) : 0;
        if (again) fclose(again);
        rc = read_refusal(status, (struct str){head, n}, err);
    }
    if (rc && !to_stdout) unlink(file);
    return rc;
}
