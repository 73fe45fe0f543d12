#include "import/options.h"

static const char *const format_names[] = {
    [SOURCE_CSV] = "csv",
    [SOURCE_JSONL] = "jsonl",
    [SOURCE_PARQUET] = "parquet",
    [SOURCE_LOG] = "access-log",
};

enum option {
    OPTION_SITE,
    OPTION_DATA,
    OPTION_URL,
    OPTION_TOKEN,
    OPTION_TIME,
    OPTION_VISITOR,
    OPTION_EVENT,
    OPTION_EVENT_IS,
    OPTION_REFERRER,
    OPTION_USER_AGENT,
    OPTION_IP,
    OPTION_VALUE,
    OPTION_CURRENCY,
    OPTION_ORDER_ID,
    OPTION_PROP,
    OPTION_ID,
    OPTION_WHERE,
    OPTION_KNOWN, /* from here on without a value */
    OPTION_BOTS,
    OPTION_QUIET,
    OPTION_HELP,
    N_OPTIONS
};

static const char *const names[N_OPTIONS] = {
    "--site",     "--data",     "--url",        "--token", "--time",  "--visitor",  "--event",
    "--event-is", "--referrer", "--user-agent", "--ip",    "--value", "--currency", "--order-id",
    "--prop",     "--id",       "--where",      "--known", "--bots",  "--quiet",    "--help",
};

#define USAGE(...) err_named(err, ERR_INVALID, "bad_option", "", __VA_ARGS__)

/* "COL", or "COL:unit"; a column whose own name ends in ":ms" is written with the unit behind. */
static void set_time(struct import_options *o, struct str value)
{
    static const struct {
        const char *suffix;
        enum time_unit unit;
    } units[] = {{":s", TIME_S}, {":ms", TIME_MS}, {":us", TIME_US}, {":iso", TIME_ISO}};
    o->mapping.unit = TIME_ANY;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_ends(value, str_of(units[i].suffix))) {
            o->mapping.unit = units[i].unit;
            value.n -= strlen(units[i].suffix);
            break;
        }
    o->mapping.time.name = value;
}

static err_code add_columns(struct mapped *to, size_t *n, size_t room, const char *what,
                            struct str value, struct err *err)
{
    while (value.n) {
        struct str name = str_cut(value, ',', &value);
        if (name.n == 0) continue;
        if (*n == room) return USAGE("more than %zu columns for %s", room, what);
        to[(*n)++].name = name;
    }
    return ERR_OK;
}

static err_code add_where(struct import_options *o, struct str value, struct err *err)
{
    struct mapping *m = &o->mapping;
    struct str is, column = str_cut(value, '=', &is);
    if (column.n == value.n || column.n == 0)
        return USAGE("--where takes COLUMN=VALUE, not %.*s", STR_FMT(value));
    if (m->n_where == MAPPING_MAX_WHERE) return USAGE("more than %d --where", MAPPING_MAX_WHERE);
    m->where[m->n_where].column.name = column;
    m->where[m->n_where++].value = is;
    return ERR_OK;
}

static err_code set(struct import_options *o, enum option option, const char *text, struct err *err)
{
    struct mapping *m = &o->mapping;
    struct str value = str_of(text);
    switch (option) {
    case OPTION_SITE: o->site = text; break;
    case OPTION_DATA: o->data_dir = text; break;
    case OPTION_URL: /* of a server, or a column: only one of them looks like an address */
        if (str_begins(value, STR("http://")) || str_begins(value, STR("https://")))
            o->server = text;
        else m->url.name = value;
        break;
    case OPTION_TOKEN: o->token = text; break;
    case OPTION_TIME: set_time(o, value); break;
    case OPTION_VISITOR: m->visitor.name = value; break;
    case OPTION_EVENT: m->event.name = value; break;
    case OPTION_EVENT_IS: m->event_is = value; break;
    case OPTION_REFERRER: m->referrer.name = value; break;
    case OPTION_USER_AGENT: m->user_agent.name = value; break;
    case OPTION_IP: m->ip.name = value; break;
    case OPTION_VALUE: m->value.name = value; break;
    case OPTION_CURRENCY: m->currency = value; break;
    case OPTION_ORDER_ID: m->order_id.name = value; break;
    case OPTION_PROP:
        return add_columns(m->props, &m->n_props, MAPPING_MAX_PROPS, "--prop", value, err);
    case OPTION_ID:
        m->id_row = str_is(value, "@row");
        return m->id_row ? ERR_OK
                         : add_columns(m->ids, &m->n_ids, MAPPING_MAX_IDS, "--id", value, err);
    case OPTION_WHERE: return add_where(o, value, err);
    case OPTION_KNOWN: m->known = true; break;
    case OPTION_BOTS: o->bots = true; break;
    case OPTION_QUIET: o->quiet = true; break;
    case OPTION_HELP: o->help = true; break;
    case N_OPTIONS: break;
    }
    return ERR_OK;
}

/* Takes argv[*i], and what follows it if that is its value. */
static err_code take_option(struct import_options *o, int argc, char **argv, int *i,
                            struct err *err)
{
    char *word = argv[*i], *equals = strchr(word, '=');
    struct str name = {word, equals ? (size_t)(equals - word) : strlen(word)};
    size_t option = 0;
    if (str_is(name, "-h")) name = STR("--help");
    while (option < N_OPTIONS && !str_is(name, names[option])) option++;
    if (option == N_OPTIONS) return USAGE("there is no option %.*s", STR_FMT(name));
    if (option >= OPTION_KNOWN)
        return equals ? USAGE("%s takes no value", names[option])
                      : set(o, (enum option)option, NULL, err);
    const char *value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
    if (!value || !*value) return USAGE("%s needs a value", names[option]);
    return set(o, (enum option)option, value, err);
}

static bool is_key(const char *s)
{
    for (const char *p = s; *p; p++) {
        char c = *p;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !strchr("-_.", c)) return false;
    }
    return *s && strlen(s) < 100;
}

static err_code check(struct import_options *o, const char *format, struct err *err)
{
    const struct mapping *m = &o->mapping;
    size_t f = 0;
    if (!format) return USAGE("import what?  csv, jsonl, parquet or access-log");
    while (f < sizeof format_names / sizeof *format_names && strcmp(format_names[f], format) != 0)
        f++;
    if (f == sizeof format_names / sizeof *format_names)
        return USAGE("cannot import \"%s\": csv, jsonl, parquet or access-log", format);
    o->format = (enum source_format)f;
    o->protocol = format_names[f];
    if (o->n_files == 0) return USAGE("import which file?  - is standard input");
    if (!o->site) return USAGE("which site?  --site KEY");
    if (!is_key(o->site)) return USAGE("\"%s\" is no key of a site", o->site);
    if (o->server && !o->token) return USAGE("--url of a server needs --token");
    for (size_t i = 0; i < o->n_files; i++)
        if (o->format == SOURCE_PARQUET && strcmp(o->files[i], "-") == 0)
            return USAGE("Parquet cannot be read from standard input");
    if (o->format == SOURCE_LOG) {
        if (!mapping_is_recording(m) || m->n_ids || m->n_where)
            return USAGE(
                "an access log says itself what is what: options that name columns do not fit");
        return ERR_OK;
    }
    if (mapping_is_recording(m)) return ERR_OK;
    if (!m->time.name.n) return USAGE("which column tells when?  --time COLUMN");
    if (!m->visitor.name.n && !m->ip.name.n && !m->user_agent.name.n)
        return USAGE("which column tells who?  --visitor COLUMN");
    if (m->event.name.n && m->event_is.n) return USAGE("--event and --event-is: one of them");
    return ERR_OK;
}

err_code import_options_read(int argc, char **argv, struct import_options *o, struct err *err)
{
    const char *format = NULL;
    bool options_end = false;
    *o = (struct import_options){0};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        err_code code = ERR_OK;
        if (!options_end && strcmp(word, "--") == 0) options_end = true;
        else if (!options_end && word[0] == '-' && word[1])
            code = take_option(o, argc, argv, &i, err);
        else if (!format) format = word;
        else if (o->n_files < IMPORT_MAX_FILES) o->files[o->n_files++] = word;
        else code = USAGE("more than %d files", IMPORT_MAX_FILES);
        if (code) return code;
    }
    return o->help ? ERR_OK : check(o, format, err);
}
