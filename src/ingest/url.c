#include "ingest/url.h"

#include <stdlib.h>

#include "event/sources.h"
#include "ingest/query.h"

static bool is_scheme(struct str s)
{
    if (s.n == 0) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return true;
}

static bool is_host(struct str s)
{
    if (s.n == 0 || s.p[0] == '.' || s.p[s.n - 1] == '.') return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '.' && s.p[i - 1] == '.') return false;
        if (c <= ' ' || c == 0x7f || strchr("\"#%<>?@\\^`{|}/", c)) return false;
    }
    return true;
}

/* In lower case, copied only when it is not yet. */
static struct str lower(struct str s, struct arena *a)
{
    size_t i = 0;
    while (i < s.n && !(s.p[i] >= 'A' && s.p[i] <= 'Z')) i++;
    if (i == s.n) return s;
    char *p = arena_alloc(a, s.n);
    if (!p) return STR_NONE;
    for (i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
    return (struct str){p, s.n};
}

static size_t find_last(struct str s, char c)
{
    for (size_t i = s.n; i-- > 0;)
        if (s.p[i] == c) return i;
    return s.n;
}

/* "user:pass@host:port" to host and port. */
static bool split_authority(struct str authority, struct arena *a, struct url *out)
{
    size_t at = find_last(authority, '@');
    if (at < authority.n) authority = str_sub(authority, at + 1, authority.n);
    size_t close = authority.n && authority.p[0] == '[' ? str_find(authority, ']') : 0;
    if (close == authority.n && close) return false;
    struct str after = str_sub(authority, close, authority.n);
    size_t colon = close + str_find(after, ':');
    out->port = str_sub(authority, colon + 1, authority.n);
    struct str host = str_sub(authority, 0, colon);
    if (host.n > 1 && host.p[host.n - 1] == '.') host.n--;
    for (size_t i = 0; i < out->port.n; i++)
        if (out->port.p[i] < '0' || out->port.p[i] > '9') return false;
    if (out->port.n > 5 || !is_host(host)) return false;
    out->host = lower(host, a);
    return out->host.p != NULL;
}

/* Splits "path?query#fragment". */
static void split_target(struct str target, struct url *out)
{
    struct str before = str_cut(target, '#', &out->fragment);
    out->path = str_cut(before, '?', &out->query);
    if (out->path.n == 0) out->path = STR("/");
}

bool url_split(struct str text, struct arena *a, struct url *out)
{
    *out = (struct url){0};
    text = str_trim(text);
    size_t colon = str_find(text, ':');
    struct str scheme = str_sub(text, 0, colon);
    if (!is_scheme(scheme) || !str_begins(str_sub(text, colon, text.n), STR("://"))) return false;
    out->scheme = lower(scheme, a);
    struct str rest = str_sub(text, colon + 3, text.n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#') end++;
    if (!out->scheme.p || !split_authority(str_sub(rest, 0, end), a, out)) return false;
    split_target(str_sub(rest, end, rest.n), out);
    return true;
}

/* --- cleaning --- */

/* Parameters that carry a secret or name a person; sorted, lower case. */
static const char *const sensitive[] = {
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_ke",
    "_kx",
    "_openstat",
    "_sid",
    "access_token",
    "accesstoken",
    "api_key",
    "apikey",
    "auth",
    "auth_token",
    "authorization",
    "authtoken",
    "cftoken",
    "client_secret",
    "credential",
    "credentials",
    "csrf",
    "csrf_token",
    "csrftoken",
    "cvc",
    "cvv",
    "e-mail",
    "email",
    "emailaddress",
    "hsctatracking",
    "iban",
    "id_token",
    "jsessionid",
    "jwt",
    "login_token",
    "mail",
    "mc_eid",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "oly_anon_id",
    "oly_enc_id",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "phone",
    "phonenumber",
    "phpsessid",
    "pwd",
    "refresh_token",
    "reset_token",
    "s_cid_email",
    "secret",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "ssn",
    "token",
    "user_email",
    "useremail",
    "vero_conv",
    "vero_id",
    "wickedid",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "xsrf_token",
};

static int compare_name(const void *key, const void *entry)
{
    const struct str *name = key;
    return str_cmp(*name, str_of(*(const char *const *)entry));
}

/* "anna@example.org", also percent-encoded. */
static bool looks_like_mail(struct str v)
{
    for (size_t i = 1; i < v.n; i++) {
        size_t sign = v.p[i] == '@'                                                            ? 1
                      : v.n - i > 3 && v.p[i] == '%' && v.p[i + 1] == '4' && v.p[i + 2] == '0' ? 3
                                                                                               : 0;
        if (!sign) continue;
        struct str host = str_sub(v, i + sign, v.n);
        size_t dot = str_find(host, '.');
        if (dot > 0 && dot + 1 < host.n) return true;
    }
    return false;
}

static void take_utm(struct str name, struct str raw, struct arena *a, struct url_campaign *c)
{
    if (raw.n == 0 || !str_begins(name, STR("utm_"))) return;
    name = str_sub(name, 4, name.n);
    struct str *to = str_is(name, "source")     ? &c->source
                     : str_is(name, "medium")   ? &c->medium
                     : str_is(name, "campaign") ? &c->campaign
                     : str_is(name, "term")     ? &c->term
                     : str_is(name, "content")  ? &c->content
                                                : NULL;
    if (!to || to->n) return; /* the first one counts */
    struct str v = str_trim(query_decode(raw, a));
    if (str_is_utf8(v) && v.n && !memchr(v.p, 0, v.n)) *to = v;
}

/* True when the parameter may be stored. */
static bool keep_parameter(struct str pair, struct arena *a, struct url_campaign *c)
{
    struct str raw, name = lower(str_cut(pair, '=', &raw), a);
    if (str_find(name, '%') < name.n || str_find(name, '+') < name.n)
        name = lower(query_decode(name, a), a);
    name = str_trim(name);
    const struct click_id *click = click_id_named(name);
    if (click) {
        if (c && !c->click_id_kind && raw.n) c->click_id_kind = click->name;
        return false;
    }
    if (c) take_utm(name, raw, a, c);
    if (bsearch(&name, sensitive, sizeof sensitive / sizeof *sensitive, sizeof *sensitive,
                compare_name))
        return false;
    return !looks_like_mail(raw);
}

/* The query without what must not be kept; borrowed when nothing goes. */
static struct str clean_query(struct str query, struct arena *a, struct url_campaign *c)
{
    char *out = NULL;
    size_t n = 0;
    for (struct str rest = query; rest.n;) {
        const char *begin = rest.p;
        struct str pair = str_cut(rest, '&', &rest);
        bool keep = pair.n > 0 && keep_parameter(pair, a, c);
        if (!keep && !out) {
            out = arena_alloc(a, query.n + 1);
            if (!out) return STR_NONE;
            n = (size_t)(begin - query.p);
            memcpy(out, query.p, n);
        }
        if (!keep || !out) continue;
        memcpy(out + n, pair.p, pair.n);
        n += pair.n;
        out[n++] = '&'; /* the query had one here too, or this is where the last one stood */
        if (rest.n == 0) n--;
    }
    if (!out) return query.p ? query : STR("");
    while (n && out[n - 1] == '&') n--;
    return (struct str){out, n};
}

/* The path without ";jsessionid=..". */
static struct str clean_path(struct str path)
{
    size_t semicolon = str_find(path, ';');
    struct str after = str_sub(path, semicolon, path.n);
    bool session = after.n >= 12 && str_eq_nocase(str_sub(after, 0, 12), STR(";jsessionid="));
    return session && semicolon > 0 ? str_sub(path, 0, semicolon) : path;
}

/* A single-page app's route with its '#', or nothing. */
static struct str route_of(struct str fragment)
{
    if (!str_begins(fragment, STR("/")) && !str_begins(fragment, STR("!/"))) return STR_NONE;
    size_t end = 0;
    while (end < fragment.n && !strchr("?&#", fragment.p[end])) end++;
    return (struct str){fragment.p - 1, end + 1};
}

static struct str trim_end(struct str s)
{
    while (s.n && s.p[s.n - 1] == ' ') s.n--;
    return s;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) return true;
    return false;
}

/* The parts as one text again. */
static struct str join(const struct url *u, bool relative, struct str route, struct arena *a)
{
    const struct str parts[] = {
        relative ? STR_NONE : u->scheme,
        relative ? STR_NONE : STR("://"),
        relative ? STR_NONE : u->host,
        u->port.n ? STR(":") : STR_NONE,
        u->port,
        u->path,
        u->query.n ? STR("?") : STR_NONE,
        u->query,
        route,
    };
    size_t n = 0, size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) size += parts[i].n;
    char *p = arena_alloc(a, size);
    for (size_t i = 0; p && i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].n) memcpy(p + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    return (struct str){p, n};
}

bool url_clean(struct str text, struct str host, struct arena *a, struct url *out,
               struct str *clean, struct url_campaign *campaign)
{
    text = str_trim(text);
    if (campaign) *campaign = (struct url_campaign){0};
    if (has_control(text)) return false;
    bool relative = str_begins(text, STR("/")) && !str_begins(text, STR("//"));
    if (relative) {
        *out = (struct url){.host = host};
        split_target(text, out);
    } else if (!url_split(text, a, out)) {
        return false;
    }
    out->query = clean_query(out->query, a, campaign);
    out->path = clean_path(out->path);
    struct str route = route_of(out->fragment);
    out->fragment = STR_NONE;
    if (!out->query.p) return false;
    /* What stood behind a space may be gone: no space is left at the end. */
    route = trim_end(route);
    if (route.n == 0) out->query = trim_end(out->query);
    if (route.n == 0 && out->query.n == 0) out->path = trim_end(out->path);
    *clean = join(out, relative, route, a);
    if (!clean->p || route.n == 0) return clean->p != NULL;
    char *path = arena_printf(a, "%.*s%.*s", STR_FMT(out->path), STR_FMT(route));
    out->path = str_of(path);
    return path != NULL;
}

struct str url_bare_host(struct str host)
{
    return host.n > 4 && str_begins(host, STR("www.")) ? str_sub(host, 4, host.n) : host;
}

bool url_host_within(struct str host, struct str domain)
{
    host = url_bare_host(host);
    domain = url_bare_host(domain);
    if (domain.n == 0 || host.n < domain.n) return false;
    if (!str_eq_nocase(str_sub(host, host.n - domain.n, host.n), domain)) return false;
    return host.n == domain.n || host.p[host.n - domain.n - 1] == '.';
}
