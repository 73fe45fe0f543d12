#include "base/iso8601.h"
#include "import/log_line.h"

/* --- W3C extended (IIS) --- */

enum w3c_column {
    W3C_OTHER,
    W3C_DATE,
    W3C_TIME,
    W3C_METHOD,
    W3C_STEM,
    W3C_QUERY,
    W3C_USER,
    W3C_IP,
    W3C_AGENT,
    W3C_REFERRER,
    W3C_HOST,
    W3C_STATUS,
};

static void read_fields(struct log_format *f, struct str names)
{
    static const struct {
        const char *name;
        enum w3c_column column;
    } known[] = {
        {"date", W3C_DATE},
        {"time", W3C_TIME},
        {"cs-method", W3C_METHOD},
        {"cs-uri-stem", W3C_STEM},
        {"cs-uri", W3C_STEM},
        {"cs-uri-query", W3C_QUERY},
        {"cs-username", W3C_USER},
        {"c-ip", W3C_IP},
        {"cs(User-Agent)", W3C_AGENT},
        {"cs(Referer)", W3C_REFERRER},
        {"cs-host", W3C_HOST},
        {"cs(Host)", W3C_HOST},
        {"sc-status", W3C_STATUS},
    };
    f->n_w3c = 0;
    while (names.n && f->n_w3c < LOG_W3C_COLUMNS) {
        struct str name = str_trim(str_cut(names, ' ', &names));
        if (name.n == 0) continue;
        unsigned char column = W3C_OTHER;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (str_eq_nocase(name, str_of(known[i].name))) column = (unsigned char)known[i].column;
        f->w3c[f->n_w3c++] = column;
    }
}

/* IIS writes spaces as "+". */
static struct str without_plus(struct log_format *f, struct str s)
{
    if (str_find(s, '+') == s.n) return s;
    size_t from = f->scratch.n;
    for (size_t i = 0; i < s.n; i++) buf_char(&f->scratch, s.p[i] == '+' ? ' ' : s.p[i]);
    return f->scratch.bad ? s : (struct str){f->scratch.p + from, s.n};
}

static struct str next_word(struct str *rest)
{
    while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t')) rest->p++, rest->n--;
    size_t n = 0;
    if (rest->n && rest->p[0] == '"') {
        struct str inner = str_sub(*rest, 1, rest->n);
        size_t end = str_find(inner, '"');
        *rest = str_sub(inner, end + 1, inner.n);
        return str_sub(inner, 0, end);
    }
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t') n++;
    struct str word = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return word;
}

enum log_result log_read_w3c(struct log_format *f, struct str line, struct log_line *out)
{
    if (line.n && line.p[0] == '#') {
        if (str_begins(line, STR("#Fields:"))) read_fields(f, str_sub(line, 8, line.n));
        return LOG_DIRECTIVE;
    }
    if (f->n_w3c == 0) return LOG_MALFORMED;
    struct str date = {0}, time = {0}, query = {0};
    int64_t status = 0;
    for (size_t i = 0; i < f->n_w3c; i++) {
        struct str word = next_word(&line);
        if (word.n == 0) return LOG_MALFORMED;
        struct str value = log_dash(word);
        switch ((enum w3c_column)f->w3c[i]) {
        case W3C_DATE: date = value; break;
        case W3C_TIME: time = value; break;
        case W3C_METHOD: out->method = value; break;
        case W3C_STEM: out->target = value; break;
        case W3C_QUERY: query = value; break;
        case W3C_USER: out->user = value; break;
        case W3C_IP: out->ip = value; break;
        case W3C_AGENT: out->user_agent = without_plus(f, value); break;
        case W3C_REFERRER: out->referrer = value; break;
        case W3C_HOST: out->host = value; break;
        case W3C_STATUS:
            if (!str_to_i64(value, &status)) return LOG_MALFORMED;
            break;
        case W3C_OTHER: break;
        }
    }
    if (line.n && str_trim(line).n) return LOG_MALFORMED;
    char at[48];
    if (date.n > 10 || time.n > 16) return LOG_MALFORMED;
    snprintf(at, sizeof at, "%.*sT%.*sZ", STR_FMT(date), STR_FMT(time));
    if (!iso8601_parse(str_of(at), &out->at_ms)) return LOG_MALFORMED;
    if (status < 100 || status > 999) return LOG_MALFORMED;
    out->status = (int)status;
    if (query.n && out->target.n) {
        size_t from = f->scratch.n;
        buf_str(&f->scratch, out->target);
        buf_char(&f->scratch, '?');
        buf_str(&f->scratch, query);
        out->target = (struct str){f->scratch.p + from, f->scratch.n - from};
    }
    return out->method.n && out->target.n ? LOG_OK : LOG_NO_REQUEST;
}

/* --- one JSON object a line --- */

/* The first of `names` (ended by NULL) that is there, as text; "a.b" goes into objects, and of an
 * array the first element is taken (headers of Caddy). */
static struct str text_at(const struct json_node *root, const char *const *names)
{
    for (; *names; names++) {
        const struct json_node *node = root;
        struct str path = str_of(*names);
        while (node && path.n) {
            struct str key = str_cut(path, '.', &path);
            const struct json_node *found = NULL;
            if (node->type == NODE_OBJECT)
                for (JSON_EACH(child, node))
                    if (str_eq_nocase(child->key, key)) found = child;
            node = found;
        }
        if (node && node->type == NODE_ARRAY && node->n > 0) node = node + 1;
        if (node && (node->type == NODE_TEXT || node->type == NODE_NUMBER) && node->text.n)
            return log_dash(node->text);
    }
    return STR_NONE;
}

static bool json_time(struct str s, int64_t *at_ms)
{
    double seconds;
    if (s.n == 0) return false;
    if (iso8601_parse(s, at_ms) || log_time(s, at_ms)) return true;
    if (!str_to_double(s, &seconds) || seconds < 0 || seconds > 1e15) return false;
    *at_ms = (int64_t)(seconds < 1e11 ? seconds * 1000 + 0.5 : seconds); /* s, or ms */
    return true;
}

enum log_result log_read_json(struct log_format *f, struct str line, struct log_line *out)
{
#define AT(...) text_at(root, (const char *const[]){__VA_ARGS__, NULL})
    const struct json_node *root = NULL;
    if (json_reader_value(f->json, str_trim(line), &root) != JSON_FAULT_NONE ||
        root->type != NODE_OBJECT)
        return LOG_MALFORMED;
    struct str at = AT("time_iso8601", "time_local", "msec", "ts", "StartUTC", "time", "timestamp",
                       "@timestamp", "date");
    struct str status = AT("status", "DownstreamStatus", "response", "status_code");
    int64_t code;
    if (!json_time(at, &out->at_ms) || !str_to_i64(status, &code) || code < 100 || code > 999)
        return LOG_MALFORMED;
    out->status = (int)code;
    out->ip = AT("request.client_ip", "request.remote_ip", "remote_addr", "ClientHost", "client_ip",
                 "remote_ip", "clientip", "ip");
    out->user = AT("user_id", "remote_user", "ClientUsername");
    out->host = AT("request.host", "host", "http_host", "RequestHost", "server_name", "vhost");
    out->referrer = AT("request.headers.Referer", "http_referer", "http_referrer",
                       "request_Referer", "referer", "referrer");
    out->user_agent = AT("request.headers.User-Agent", "http_user_agent", "request_User-Agent",
                         "user_agent", "agent");
    out->method = AT("request.method", "request_method", "RequestMethod", "method", "verb");
    out->target = AT("request.uri", "request_uri", "RequestPath", "uri", "path", "url");
    struct str request = AT("request");
    if (out->method.n == 0 || out->target.n == 0)
        return log_split_request(request, out) ? LOG_OK : LOG_NO_REQUEST;
    return LOG_OK;
#undef AT
}
