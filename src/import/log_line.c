#include "import/log_line.h"

#include "base/iso8601.h"

static const struct json_limits limits = {
    .max_depth = 8, .max_members = 256, .max_nodes = 4096, .max_bytes = 1024 * 1024};

err_code log_open(struct log_format *f, struct err *err)
{
    *f = (struct log_format){0};
    return json_reader_open(&limits, &f->json, err);
}

void log_close(struct log_format *f)
{
    json_reader_close(f->json);
    buf_free(&f->scratch);
    *f = (struct log_format){0};
}

struct str log_dash(struct str s)
{
    return str_is(s, "-") ? STR_NONE : s;
}

static bool two_digits(const char *p, int *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

bool log_time(struct str s, int64_t *at_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, century, year, hour, minute, second, zone_h = 0, zone_m = 0, month = 0;
    if (s.n < 20 || s.p[2] != '/' || s.p[6] != '/' || s.p[11] != ':' || s.p[14] != ':' ||
        s.p[17] != ':')
        return false;
    while (month < 12 && memcmp(months + 3 * month, s.p + 3, 3) != 0) month++;
    if (month == 12 || !two_digits(s.p, &day) || !two_digits(s.p + 7, &century) ||
        !two_digits(s.p + 9, &year) || !two_digits(s.p + 12, &hour) ||
        !two_digits(s.p + 15, &minute) || !two_digits(s.p + 18, &second))
        return false;
    year += century * 100;
    int32_t days = iso8601_day(year, month + 1, day);
    int y, m, d;
    iso8601_date(days, &y, &m, &d);
    if (d != day || m != month + 1 || hour > 23 || minute > 59 || second > 60) return false;
    struct str zone = str_trim(str_sub(s, 20, s.n));
    int sign = 1;
    if (zone.n == 5 && (zone.p[0] == '+' || zone.p[0] == '-')) {
        sign = zone.p[0] == '-' ? -1 : 1;
        if (!two_digits(zone.p + 1, &zone_h) || !two_digits(zone.p + 3, &zone_m)) return false;
    } else if (zone.n > 0) {
        return false;
    }
    *at_ms = ((int64_t)days * 86400 + hour * 3600 + minute * 60 + second -
              sign * (zone_h * 3600 + zone_m * 60)) *
             1000;
    return true;
}

bool log_split_request(struct str request, struct log_line *out)
{
    struct str rest, method = str_cut(request, ' ', &rest);
    if (method.n == 0 || method.n > 20 || rest.n == 0) return false;
    for (size_t i = 0; i < method.n; i++) {
        char c = method.p[i];
        if (!((c >= 'A' && c <= 'Z') || c == '-' || c == '_')) return false;
    }
    /* The target may hold spaces where clients are careless; the protocol stands after the last. */
    size_t end = rest.n;
    for (size_t i = rest.n; i-- > 0;)
        if (rest.p[i] == ' ') {
            if (str_begins(str_sub(rest, i + 1, rest.n), STR("HTTP/"))) end = i;
            break;
        }
    out->method = method;
    out->target = str_sub(rest, 0, end);
    return out->target.n > 0;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* A quoted text at the beginning of `*rest`, which moves past it: \" and \\ as Apache writes them,
 * \x22 as nginx does.  Decoded into the scratch, which has room for the whole line. */
static bool take_quoted(struct log_format *f, struct str *rest, struct str *out)
{
    if (rest->n == 0 || rest->p[0] != '"') return false;
    bool escaped = false;
    size_t i = 1;
    for (; i < rest->n && rest->p[i] != '"'; i++)
        if (rest->p[i] == '\\' && i + 1 < rest->n) escaped = true, i++;
    if (i >= rest->n) return false;
    struct str raw = str_sub(*rest, 1, i);
    *rest = str_sub(*rest, i + 1, rest->n);
    if (!escaped) {
        *out = raw;
        return true;
    }
    size_t from = f->scratch.n;
    for (size_t k = 0; k < raw.n; k++) {
        char c = raw.p[k];
        if (c == '\\' && k + 3 < raw.n && raw.p[k + 1] == 'x' && hex(raw.p[k + 2]) >= 0 &&
            hex(raw.p[k + 3]) >= 0) {
            c = (char)(hex(raw.p[k + 2]) * 16 + hex(raw.p[k + 3]));
            k += 3;
        } else if (c == '\\' && k + 1 < raw.n) {
            c = raw.p[++k];
            if (c == 'n' || c == 't' || c == 'r') c = ' ';
        }
        buf_char(&f->scratch, c);
    }
    *out = (struct str){f->scratch.p + from, f->scratch.n - from};
    return !f->scratch.bad;
}

static void skip_spaces(struct str *s)
{
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t')) s->p++, s->n--;
}

/* "[vhost[:port] ]address identity user" before the time in brackets. */
static bool read_who(struct str head, struct log_line *out)
{
    struct str word[8], rest = str_trim(head);
    size_t n = 0;
    while (rest.n && n < 8) {
        word[n++] = str_cut(rest, ' ', &rest);
        skip_spaces(&rest);
    }
    if (n < 3 || n == 8) return false;
    /* With a host in front there is one word more; the user's name may have spaces, an address not.
     */
    bool host_first = false;
    if (n >= 4) {
        bool looks_ip = true;
        for (size_t i = 0; i < word[0].n; i++) {
            char c = word[0].p[i];
            looks_ip = looks_ip && (hex(c) >= 0 || c == '.' || c == ':');
        }
        host_first = !looks_ip || !(str_is(word[1], "-") || str_is(word[2], "-"));
    }
    size_t at = host_first ? 1 : 0;
    if (host_first) {
        struct str rest_of, host = word[0].p[0] == '[' ? word[0] : str_cut(word[0], ':', &rest_of);
        out->host = log_dash(host);
    }
    out->ip = log_dash(word[at]);
    out->user = log_dash(
        (struct str){word[at + 2].p, word[n - 1].n + (size_t)(word[n - 1].p - word[at + 2].p)});
    return true;
}

static enum log_result read_plain(struct log_format *f, struct str line, struct log_line *out)
{
    size_t open = str_find(line, '[');
    /* An IPv6 host may stand in brackets in front: the time's bracket has a space before it. */
    while (open < line.n && (open == 0 || line.p[open - 1] != ' ')) {
        size_t next = str_find(str_sub(line, open + 1, line.n), '[');
        open += 1 + next;
    }
    if (open >= line.n || !read_who(str_sub(line, 0, open), out)) return LOG_MALFORMED;
    struct str rest = str_sub(line, open + 1, line.n), request, bytes;
    struct str time = str_cut(rest, ']', &rest);
    if (!log_time(time, &out->at_ms)) return LOG_MALFORMED;
    skip_spaces(&rest);
    if (!take_quoted(f, &rest, &request)) return LOG_MALFORMED;
    skip_spaces(&rest);
    int64_t status;
    if (!str_to_i64(str_cut(rest, ' ', &rest), &status) || status < 100 || status > 999)
        return LOG_MALFORMED;
    out->status = (int)status;
    skip_spaces(&rest);
    bytes = str_cut(rest, ' ', &rest);
    (void)bytes;
    skip_spaces(&rest);
    struct str text;
    if (take_quoted(f, &rest, &text)) {
        out->referrer = log_dash(text);
        skip_spaces(&rest);
        if (take_quoted(f, &rest, &text)) out->user_agent = log_dash(text);
    }
    return log_split_request(request, out) ? LOG_OK : LOG_NO_REQUEST;
}

enum log_result log_read(struct log_format *f, struct str line, struct log_line *out)
{
    *out = (struct log_line){0};
    buf_clear(&f->scratch);
    if (!buf_reserve(&f->scratch, line.n + 1)) return LOG_MALFORMED;
    switch (f->kind) {
    case LOG_PLAIN: return read_plain(f, line, out);
    case LOG_W3C: return log_read_w3c(f, line, out);
    case LOG_JSON: return log_read_json(f, line, out);
    }
    return LOG_MALFORMED;
}

bool log_detect(struct log_format *f, struct str head)
{
    static const enum log_kind kinds[] = {LOG_PLAIN, LOG_W3C, LOG_JSON};
    size_t best = 0;
    enum log_kind found = LOG_PLAIN;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct str rest = head, line;
        size_t good = 0;
        f->kind = kinds[k];
        f->n_w3c = 0;
        for (int i = 0; i < 200 && rest.n; i++) {
            struct log_line out;
            line = str_cut(rest, '\n', &rest);
            if (line.n && line.p[line.n - 1] == '\r') line.n--;
            enum log_result r = log_read(f, line, &out);
            good += r == LOG_OK || r == LOG_NO_REQUEST;
        }
        if (good > best) best = good, found = kinds[k];
    }
    f->kind = found;
    f->n_w3c = 0;
    return best > 0;
}
