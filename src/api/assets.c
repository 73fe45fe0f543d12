#include "api/assets.h"

#include <stdlib.h>

const struct asset *asset_find(const struct asset_table *t, struct str path)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(path, str_of(t->files[mid].path));
        if (order == 0) return &t->files[mid];
        if (order < 0) high = mid;
        else low = mid + 1;
    }
    return NULL;
}

/* Addresses of the dashboard's screens (web/src/lib/address.ts): all are one page. */
static bool is_screen(struct str path)
{
    return str_is(path, "/") || str_is(path, "/s") || str_begins(path, STR("/s/")) ||
           str_is(path, "/sign-in") || str_begins(path, STR("/sign-in/"));
}

const struct asset *asset_for(const struct asset_table *t, struct str path)
{
    const struct asset *f = asset_find(t, path);
    if (f) return f;
    if (is_screen(path)) return asset_find(t, STR("/index.html"));
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    static const char *const behind[] = {"/index.html", ".html"};
    for (size_t i = 0; !f && i < sizeof behind / sizeof *behind; i++) {
        char name[256];
        int n = snprintf(name, sizeof name, "%.*s%s", STR_FMT(path), behind[i]);
        if (n > 0 && (size_t)n < sizeof name) f = asset_find(t, (struct str){name, (size_t)n});
    }
    return f;
}

/* Whether Accept-Encoding names `coding` and does not refuse it with q=0. */
static bool takes(struct str accept, struct str coding)
{
    while (accept.n > 0) {
        struct str rest, weight;
        struct str name = str_cut(str_cut(accept, ',', &rest), ';', &weight);
        accept = rest;
        if (!str_eq_nocase(str_trim(name), coding)) continue;
        double q = 1;
        weight = str_trim(weight);
        if (str_begins(weight, STR("q=")) && !str_to_double(str_sub(weight, 2, weight.n), &q))
            return false;
        return q > 0;
    }
    return false;
}

void asset_answer(const struct asset *f, struct http_request *r)
{
    struct str accept = http_header(r, "Accept-Encoding"), body = f->plain;
    const char *coding = NULL, *suffix = "";
    if (f->brotli.n > 0 && takes(accept, STR("br"))) {
        body = f->brotli;
        coding = "br";
        suffix = "b";
    } else if (f->gzip.n > 0 && takes(accept, STR("gzip"))) {
        body = f->gzip;
        coding = "gzip";
        suffix = "g";
    }
    char etag[80];
    struct str bare = str_of(f->etag); /* "hash" with its quotes */
    snprintf(etag, sizeof etag, "%.*s%s\"", STR_FMT(str_sub(bare, 0, bare.n - 1)), suffix);
    bool script =
        str_is(str_of(f->path), "/cairn.js") || str_begins(str_of(f->path), STR("/cairn/"));
    http_add_header(r, "ETag", etag);
    http_add_header(r, "Vary", "Accept-Encoding");
    http_add_header(r, "Cache-Control",
                    f->immutable ? "public, max-age=31536000, immutable"
                    : script     ? "public, max-age=3600"
                                 : "no-cache");
    /* Any site may load the tracker and its modules; nothing in them depends on who asks. */
    if (script) {
        http_add_header(r, "Access-Control-Allow-Origin", "*");
        http_add_header(r, "Cross-Origin-Resource-Policy", "cross-origin");
    }
    if (str_contains(http_header(r, "If-None-Match"), str_of(etag))) {
        http_answer_static(r, 304, NULL, STR_NONE);
        return;
    }
    if (coding) http_add_header(r, "Content-Encoding", coding);
    http_answer_static(r, 200, f->type, body);
}
