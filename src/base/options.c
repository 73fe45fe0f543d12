#include "base/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/bytes.h"

enum option_source { FROM_DEFAULT, FROM_FILE, FROM_ENV, FROM_ARGS };

void options_init(struct options *o, const struct option *const tables[], size_t n_tables)
{
    assert(n_tables <= OPTIONS_MAX_TABLES);
    *o = (struct options){0};
    size_t n = 0;
    for (size_t t = 0; t < n_tables; t++) {
        o->tables[t] = tables[t];
        for (const struct option *d = tables[t]; d->name; d++) n++;
    }
    assert(n <= OPTIONS_MAX_VALUES);
    (void)n;
}

void options_free(struct options *o)
{
    for (size_t i = 0; i < OPTIONS_MAX_VALUES; i++) free(o->values[i]);
    *o = (struct options){0};
}

/* The place of an option over all tables, or -1. */
static int find(const struct options *o, struct str name, const struct option **def)
{
    int place = 0;
    for (size_t t = 0; t < OPTIONS_MAX_TABLES && o->tables[t]; t++)
        for (const struct option *d = o->tables[t]; d->name; d++, place++)
            if (str_is(name, d->name)) {
                *def = d;
                return place;
            }
    return -1;
}

/* "64M" as a number; false when it is none or does not fit. */
static bool read_number(enum option_kind kind, struct str s, int64_t *out)
{
    static const char letters[] = "KMG";
    unsigned shift = 0;
    if (kind == OPTION_BYTES && s.n > 0) {
        const char *at = memchr(letters, toupper((unsigned char)s.p[s.n - 1]), sizeof letters - 1);
        if (at) {
            shift = 10 * (unsigned)(at - letters + 1);
            s.n--;
        }
    }
    return str_to_i64(s, out) && !__builtin_mul_overflow(*out, INT64_C(1) << shift, out);
}

static bool is_yes(struct str s)
{
    return str_is(s, "yes") || str_is(s, "true") || str_is(s, "1") || str_is(s, "on");
}

static bool is_no(struct str s)
{
    return str_is(s, "no") || str_is(s, "false") || str_is(s, "0") || str_is(s, "off");
}

/* Where the value stands goes into messages: "--listen", "CAIRN_LISTEN", "cairn.conf line 3". */
static err_code set(struct options *o, int place, const struct option *d, struct str value,
                    enum option_source from, const char *where, struct err *err)
{
    int64_t n;
    switch (d->kind) {
    case OPTION_TEXT: break;
    case OPTION_FLAG:
        if (!is_yes(value) && !is_no(value))
            return err_named(err, ERR_INVALID, "bad_option", d->name,
                             "%s: %s is yes or no, not \"%.*s\"", where, d->name, STR_FMT(value));
        break;
    case OPTION_NUMBER:
    case OPTION_BYTES:
        if (!read_number(d->kind, value, &n) || n < d->min || n > d->max)
            return err_named(err, ERR_INVALID, "bad_option", d->name,
                             "%s: %s is a number from %" PRId64 " to %" PRId64 ", not \"%.*s\"",
                             where, d->name, d->min, d->max, STR_FMT(value));
        break;
    }
    if (o->values[place] && o->from[place] > (int)from) return ERR_OK;
    char *copy = malloc(value.n + 1);
    if (!copy) return err_set(err, ERR_NOMEM, 0, "%s", where);
    if (value.n) memcpy(copy, value.p, value.n);
    copy[value.n] = 0;
    free(o->values[place]);
    o->values[place] = copy;
    o->from[place] = (int)from;
    return ERR_OK;
}

err_code options_args(struct options *o, int argc, char **argv, struct err *err)
{
    bool only_words = false;
    for (int i = 0; i < argc; i++) {
        struct str arg = str_of(argv[i]), value;
        if (only_words || arg.n < 2 || arg.p[0] != '-') { /* "-" is standard input */
            if (o->n_words == OPTIONS_MAX_WORDS)
                return err_named(err, ERR_INVALID, "bad_option", "", "more than %d words",
                                 OPTIONS_MAX_WORDS);
            o->words[o->n_words++] = argv[i];
            continue;
        }
        if (str_is(arg, "--")) {
            only_words = true;
            continue;
        }
        if (str_is(arg, "--help") || str_is(arg, "-h")) {
            o->help = true;
            continue;
        }
        const struct option *d;
        struct str name =
            str_begins(arg, STR("--")) ? str_cut(str_sub(arg, 2, arg.n), '=', &value) : STR_NONE;
        int place = find(o, name, &d);
        if (place < 0)
            return err_named(err, ERR_INVALID, "unknown_option", "", "there is no option %s",
                             argv[i]);
        bool with_value = name.n + 2 < arg.n;
        if (!with_value && d->kind == OPTION_FLAG) {
            value = STR("yes");
        } else if (!with_value) {
            if (++i == argc)
                return err_named(err, ERR_INVALID, "bad_option", d->name, "--%s needs %s behind it",
                                 d->name, d->unit);
            value = str_of(argv[i]);
        }
        char where[80];
        snprintf(where, sizeof where, "--%s", d->name);
        err_code rc = set(o, place, d, value, FROM_ARGS, where, err);
        if (rc) return rc;
    }
    return ERR_OK;
}

/* CAIRN_IDLE_TIMEOUT for "idle-timeout". */
static void env_name(const char *name, char out[80])
{
    size_t n = (size_t)snprintf(out, 80, "CAIRN_%s", name);
    for (size_t i = 6; i < n && i < 79; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

err_code options_env(struct options *o, struct err *err)
{
    int place = 0;
    for (size_t t = 0; t < OPTIONS_MAX_TABLES && o->tables[t]; t++)
        for (const struct option *d = o->tables[t]; d->name; d++, place++) {
            char name[80];
            env_name(d->name, name);
            const char *value = getenv(name);
            if (!value || !*value) continue;
            err_code rc = set(o, place, d, str_of(value), FROM_ENV, name, err);
            if (rc) return rc;
        }
    return ERR_OK;
}

static bool is_named(const struct option *table, struct str name)
{
    for (const struct option *d = table; d && d->name; d++)
        if (str_is(name, d->name)) return true;
    return false;
}

err_code options_lines(struct options *o, struct str text, const char *name,
                       const struct option *also, struct err *err)
{
    for (size_t line = 1; text.n > 0; line++) {
        struct str rest, value;
        struct str whole = str_trim(str_cut(text, '\n', &rest));
        text = rest;
        if (whole.n == 0 || whole.p[0] == '#') continue;
        char where[300];
        snprintf(where, sizeof where, "%.200s line %zu", name, line);
        struct str key = str_trim(str_cut(whole, '=', &value));
        if (str_find(whole, '=') == whole.n)
            return err_named(err, ERR_INVALID, "bad_option", "", "%s: a line is name = value",
                             where);
        const struct option *d;
        int place = find(o, key, &d);
        if (place < 0 && is_named(also, key)) continue;
        if (place < 0)
            return err_named(err, ERR_INVALID, "unknown_option", "",
                             "%s: there is no option \"%.*s\"", where, STR_FMT(key));
        if (memchr(whole.p, 0, whole.n))
            return err_named(err, ERR_INVALID, "bad_option", d->name, "%s: a byte 0", where);
        err_code rc = set(o, place, d, str_trim(value), FROM_FILE, where, err);
        if (rc) return rc;
    }
    return ERR_OK;
}

err_code options_file(struct options *o, const char *path, const struct option *also,
                      struct err *err)
{
    enum { MAX_BYTES = 1 << 20 };
    FILE *f = fopen(path, "re");
    if (!f) return err_set(err, ERR_IO, errno, "open %s", path);
    struct buf b = {0};
    size_t n;
    while (buf_reserve(&b, 4096) && b.n < MAX_BYTES && (n = fread(b.p + b.n, 1, 4096, f)) > 0)
        b.n += n;
    bool bad = ferror(f) || b.bad || b.n >= MAX_BYTES;
    fclose(f);
    err_code rc = bad ? err_set(err, ERR_IO, 0, "read %s", path)
                      : options_lines(o, buf_view(&b), path, also, err);
    buf_free(&b);
    return rc;
}

static const char *value_of(const struct options *o, const char *name, const struct option **def)
{
    int place = find(o, str_of(name), def);
    assert(place >= 0);
    return o->values[place] ? o->values[place] : (*def)->fallback;
}

const char *option_text(const struct options *o, const char *name)
{
    const struct option *d;
    return value_of(o, name, &d);
}

int64_t option_number(const struct options *o, const char *name)
{
    const struct option *d;
    struct str text = str_of(value_of(o, name, &d));
    int64_t n = 0;
    bool ok = read_number(d->kind, text, &n); /* checked when it was set; defaults are ours */
    assert(ok || text.n == 0);
    (void)ok;
    return n;
}

bool option_flag(const struct options *o, const char *name)
{
    return is_yes(str_of(option_text(o, name)));
}

bool option_given(const struct options *o, const char *name)
{
    const struct option *d;
    int place = find(o, str_of(name), &d);
    return place >= 0 && o->values[place];
}

/* --- for people --- */

static void print_range(const struct option *d, FILE *to)
{
    if (*d->fallback) fprintf(to, " Default %s.", d->fallback);
    if (d->kind == OPTION_NUMBER || d->kind == OPTION_BYTES)
        fprintf(to, " From %" PRId64 " to %" PRId64 ".", d->min, d->max);
}

void options_help(const struct option *table, FILE *to)
{
    for (const struct option *d = table; d->name; d++) {
        int n = fprintf(to, "  --%s%s%s", d->name, *d->unit ? " " : "", d->unit);
        fprintf(to, "%*s%s", n < 28 ? 28 - n : 2, "", d->help);
        if (*d->fallback && d->kind != OPTION_FLAG) fprintf(to, " (%s)", d->fallback);
        fputc('\n', to);
    }
}

void options_sample(const struct option *table, FILE *to)
{
    for (const struct option *d = table; d->name; d++) {
        fprintf(to, "\n# %s", d->help);
        print_range(d, to);
        fprintf(to, "\n#%s = %s\n", d->name,
                *d->fallback             ? d->fallback
                : d->kind == OPTION_FLAG ? "no"
                                         : "");
    }
}

void options_man(const struct option *table, FILE *to)
{
    for (const struct option *d = table; d->name; d++) {
        fputs(".TP\n.B \\-\\-", to);
        for (const char *c = d->name; *c; c++) fputs(*c == '-' ? "\\-" : (char[]){*c, 0}, to);
        if (*d->unit) fprintf(to, " \\fI%s\\fR", d->unit);
        fprintf(to, "\n%s", d->help);
        print_range(d, to);
        fputc('\n', to);
    }
}
