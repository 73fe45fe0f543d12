#include "ingest/ua.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "ingest/ua_tables.h"

enum { SHARDS = 16, SETS = 64, WAYS = 4, MATCH_LIMIT = 100000 };

struct cached {
    uint64_t hash; /* 0: free */
    struct agent agent;
};

struct ua {
    pcre2_code **browsers, **systems, **bots;
    pcre2_match_context *limits;
    struct shard {
        pthread_mutex_t lock;            /* guards the slots; nothing is called under it */
        struct cached slots[SETS][WAYS]; /* an agent may be in any way of its set */
        unsigned next;                   /* the way that is given up next */
    } shards[SHARDS];
};

static pcre2_code *compile(const char *regex, struct err *err)
{
    int code;
    PCRE2_SIZE at;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);
    if (!re) {
        PCRE2_UCHAR why[120] = "";
        pcre2_get_error_message(code, why, sizeof why);
        (void)err_set(err, ERR_INVALID, 0, "user agent rule \"%s\": %s", regex, (const char *)why);
        return NULL;
    }
    (void)pcre2_jit_compile(re, PCRE2_JIT_COMPLETE); /* without a JIT it is interpreted */
    return re;
}

static err_code compile_rules(const struct ua_rule *rules, size_t n, pcre2_code ***out,
                              struct err *err)
{
    *out = calloc(n + 1, sizeof **out);
    if (!*out) return err_set(err, ERR_NOMEM, 0, "user agent rules");
    for (size_t i = 0; i < n; i++)
        if (!((*out)[i] = compile(rules[i].regex, err))) return err->code;
    return ERR_OK;
}

static void free_rules(pcre2_code **list)
{
    for (size_t i = 0; list && list[i]; i++) pcre2_code_free(list[i]);
    free(list);
}

void ua_close(struct ua *u)
{
    if (!u) return;
    free_rules(u->browsers);
    free_rules(u->systems);
    free_rules(u->bots);
    pcre2_match_context_free(u->limits);
    for (size_t i = 0; i < SHARDS; i++) pthread_mutex_destroy(&u->shards[i].lock);
    free(u);
}

err_code ua_open(struct ua **out, struct err *err)
{
    struct err own;
    if (!err) err = &own;
    struct ua *u = calloc(1, sizeof *u);
    if (!u) return err_set(err, ERR_NOMEM, 0, "open the user agent rules");
    for (size_t i = 0; i < SHARDS; i++) pthread_mutex_init(&u->shards[i].lock, NULL);
    u->limits = pcre2_match_context_create(NULL);
    u->bots = calloc(ua_n_bot_regexes + 1, sizeof *u->bots);
    err_code code = u->limits && u->bots ? ERR_OK : err_set(err, ERR_NOMEM, 0, "user agent rules");
    if (!code) code = compile_rules(ua_browser_rules, ua_n_browser_rules, &u->browsers, err);
    if (!code) code = compile_rules(ua_os_rules, ua_n_os_rules, &u->systems, err);
    for (size_t i = 0; i < ua_n_bot_regexes && !code; i++)
        if (!(u->bots[i] = compile(ua_bot_regexes[i], err))) code = err->code;
    if (code) {
        ua_close(u);
        return code;
    }
    pcre2_set_match_limit(u->limits, MATCH_LIMIT);
    *out = u;
    return ERR_OK;
}

/* --- one user agent --- */

static bool matches(const struct ua *u, const pcre2_code *re, struct str text,
                    pcre2_match_data *found)
{
    return pcre2_match(re, (PCRE2_SPTR)text.p, text.n, 0, 0, found, u->limits) > 0;
}

static struct str group(struct str text, pcre2_match_data *found, uint32_t i)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);
    if (i >= pcre2_get_ovector_count(found) || at[2 * i] == PCRE2_UNSET) return STR_NONE;
    return str_sub(text, at[2 * i], at[2 * i + 1]);
}

static void add(char *name, struct str s)
{
    size_t used = strlen(name), room = AGENT_NAME - 1 - used;
    if (s.n > room) s.n = room;
    if (s.n) memcpy(name + used, s.p, s.n);
    name[used + s.n] = 0;
}

/* The rule's name with its "$1" filled in, or the first group. */
static void name_of(const struct ua_rule *rule, struct str text, pcre2_match_data *found,
                    char *name)
{
    name[0] = 0;
    if (!rule->name) add(name, group(text, found, 1));
    for (const char *p = rule->name; p && *p; p++) {
        if (p[0] == '$' && p[1] >= '1' && p[1] <= '9')
            add(name, group(text, found, (uint32_t)(*++p - '0')));
        else add(name, (struct str){p, 1});
    }
    struct str whole = str_trim(str_of(name));
    while (whole.n && !str_is_utf8(whole)) whole.n--; /* cut in the middle, or bytes of a liar */
    memmove(name, whole.p, whole.n);
    name[whole.n] = 0;
    if (strcmp(name, "Other") == 0) name[0] = 0;
}

static void first_name(const struct ua *u, const struct ua_rule *rules, pcre2_code *const *codes,
                       size_t n, struct str text, pcre2_match_data *found, char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (!matches(u, codes[i], text, found)) continue;
        name_of(&rules[i], text, found, name);
        return;
    }
}

static bool has_any(struct str text, const char *const *needles)
{
    for (; *needles; needles++)
        if (str_contains(text, str_of(*needles))) return true;
    return false;
}

static const char *device_of(struct str t)
{
    static const char *const tv[] = {
        "SmartTV",  "Smart-TV",  "SMART-TV",   "SmartTv", "AppleTV", "Apple TV",
        "GoogleTV", "Google TV", "Android TV", "HbbTV",   "BRAVIA",  "NetCast",
        "Web0S",    "CrKey",     "Roku",       " AFT",    "VIDAA",   "PlayStation",
        "Xbox",     "Nintendo",  "; TV;",      NULL};
    static const char *const tablet[] = {"iPad",    "Kindle",   "PlayBook", "Nexus 7",
                                         "Nexus 9", "Nexus 10", "SM-T",     NULL};
    static const char *const mobile[] = {"Mobi",          "iPhone",     "iPod",     "Android",
                                         "Windows Phone", "BlackBerry", "BB10",     "MIDP",
                                         "Opera Mini",    "Symbian",    "IEMobile", NULL};
    static const char *const desktop[] = {"Windows", "Macintosh", "Mac OS X", "X11",
                                          "CrOS",    "Linux",     NULL};
    if (has_any(t, tv)) return "tv";
    bool tablet_pc = str_contains(t, STR("Tablet PC")); /* Windows on a desk, in its own words */
    bool says_tablet = str_contains(t, STR("Tablet")) || str_contains(t, STR("tablet"));
    bool phone = str_contains(t, STR("Mobile")) && !str_contains(t, STR("iPad"));
    if (has_any(t, tablet) || (says_tablet && !tablet_pc)) return "tablet";
    if (str_contains(t, STR("Android")) && !phone && !str_contains(t, STR("Opera M")))
        return "tablet";
    if (has_any(t, mobile)) return "mobile";
    return has_any(t, desktop) ? "desktop" : "other";
}

static int chromium_of(struct str t)
{
    static const char *const names[] = {"Chrome/", "Chromium/"};
    for (size_t i = 0; i < 2; i++) {
        const char *at = memmem(t.p, t.n, names[i], strlen(names[i]));
        if (!at) continue;
        int version = 0;
        at += strlen(names[i]);
        for (; at < t.p + t.n && *at >= '0' && *at <= '9' && version < 100000; at++)
            version = version * 10 + (*at - '0');
        return version;
    }
    return 0;
}

static bool is_bot(const struct ua *u, struct str text, pcre2_match_data *found)
{
    /* Robots tell where to read about them ("+http://..."); browsers have no such address. */
    if (str_contains(text, STR("http://")) || str_contains(text, STR("https://"))) return true;
    for (size_t i = 0; i < ua_n_bot_texts; i++)
        if (str_contains(text, str_of(ua_bot_texts[i]))) return true;
    for (size_t i = 0; i < ua_n_bot_regexes; i++)
        if (matches(u, u->bots[i], text, found)) return true;
    return false;
}

static void classify(const struct ua *u, struct str text, struct agent *out)
{
    static const char *const headless[] = {"Headless", "PhantomJS", "Puppeteer", "Playwright",
                                           "Selenium", "WebDriver", "Cypress",   NULL};
    *out = (struct agent){.device = "other", .is_bot = true};
    if (text.n == 0) return;
    pcre2_match_data *found = pcre2_match_data_create(10, NULL);
    if (!found) return;
    first_name(u, ua_browser_rules, u->browsers, ua_n_browser_rules, text, found, out->browser);
    first_name(u, ua_os_rules, u->systems, ua_n_os_rules, text, found, out->os);
    out->device = device_of(text);
    out->is_headless = has_any(text, headless);
    out->is_bot = is_bot(u, text, found);
    out->chromium = chromium_of(text);
    pcre2_match_data_free(found);
}

void ua_find(struct ua *u, struct str text, struct agent *out)
{
    text = str_trim(text);
    if (text.n > UA_MAX) text.n = UA_MAX;
    if (text.n == 0) {
        classify(u, text, out);
        return;
    }
    uint64_t hash = hash_fast(text);
    if (hash == 0) hash = 1;
    struct shard *s = &u->shards[hash % SHARDS];
    struct cached *set = s->slots[hash / SHARDS % SETS];
    bool hit = false;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < WAYS && !hit; i++) {
        hit = set[i].hash == hash;
        if (hit) *out = set[i].agent;
    }
    pthread_mutex_unlock(&s->lock);
    if (hit) return;
    classify(u, text, out);
    pthread_mutex_lock(&s->lock);
    set[s->next++ % WAYS] = (struct cached){hash, *out};
    pthread_mutex_unlock(&s->lock);
}
