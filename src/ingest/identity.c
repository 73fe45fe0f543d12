#include "ingest/identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/zone.h"
#include "event/session.h"
#include "ingest/seen.h"

enum { SALT_FILE_VERSION = 1, SALT_FILE_BYTES = 64, PATH_BYTES = 4096 };

struct salts {
    uint32_t site;
    struct str timezone; /* the one `zone` was opened with; owned */
    struct zone *zone;
    int32_t day;                    /* of `now` */
    int64_t day_end_ms, rotated_ms; /* the local midnights after and before now */
    unsigned char now[HASH_KEY_BYTES], previous[HASH_KEY_BYTES];
    bool has_previous;
    struct seen
        evening; /* visitors of the day's last half hour, for the sessions open at midnight */
    struct seen yesterday; /* `evening` of the day before */
    struct seen aliases;   /* today's id to yesterday's, while that session lasts */
    struct salts *next;
};

struct identity {
    pthread_mutex_t lock; /* guards all below but for files; rank: below every other lock */
    struct salts *sites;
    pthread_mutex_t files; /* one writer of salt files; taken before `lock` */
    char dir[PATH_BYTES];
};

err_code identity_open(const char *dir, struct identity **out, struct err *err)
{
    if (sodium_init() < 0) return err_set(err, ERR_IO, 0, "start the random generator");
    struct identity *x = calloc(1, sizeof *x);
    if (!x) return err_set(err, ERR_NOMEM, 0, "open identities");
    if (snprintf(x->dir, sizeof x->dir, "%s", dir) >= (int)sizeof x->dir) {
        free(x);
        return err_set(err, ERR_INVALID, 0, "the folder's name is too long");
    }
    int n = fs_real.mkdir(&fs_real, dir);
    if (n < 0) {
        free(x);
        return err_set(err, ERR_IO, -n, "make %s", dir);
    }
    pthread_mutex_init(&x->lock, NULL);
    pthread_mutex_init(&x->files, NULL);
    *out = x;
    return ERR_OK;
}

static void salts_free(struct salts *s)
{
    zone_close(s->zone);
    seen_clear(&s->evening);
    seen_clear(&s->yesterday);
    seen_clear(&s->aliases);
    free((char *)(uintptr_t)s->timezone.p);
    sodium_memzero(s, sizeof *s);
    free(s);
}

void identity_close(struct identity *x)
{
    if (!x) return;
    for (struct salts *s = x->sites, *next; s; s = next) {
        next = s->next;
        salts_free(s);
    }
    pthread_mutex_destroy(&x->lock);
    pthread_mutex_destroy(&x->files);
    free(x);
}

/* --- hashes --- */

/* Fields with their lengths before them, so that no two lists of fields make the same message. */
static uint64_t hash_fields(const unsigned char key[HASH_KEY_BYTES], const struct str *fields,
                            size_t n)
{
    char small[1024], *message = small;
    size_t size = 0, at = 0;
    for (size_t i = 0; i < n; i++) size += 4 + fields[i].n;
    struct buf large = {0};
    if (size > sizeof small) {
        if (!buf_reserve(&large, size)) return hash_sip(key, fields[n - 1]);
        message = large.p;
    }
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) message[at++] = (char)(fields[i].n >> 8 * k);
        if (fields[i].n) memcpy(message + at, fields[i].p, fields[i].n);
        at += fields[i].n;
    }
    uint64_t h = hash_sip(key, (struct str){message, at});
    sodium_memzero(message, at);
    buf_free(&large);
    return h;
}

/* The bytes of an address that count. */
static size_t address_bytes(struct str ip, unsigned char out[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:192.0.2.1 */
    char text[64];
    if (ip.n == 0 || ip.n >= sizeof text) return 0;
    memcpy(text, ip.p, ip.n);
    text[ip.n] = 0;
    if (inet_pton(AF_INET, text, out) == 1) return 4;
    if (inet_pton(AF_INET6, text, out) != 1) return 0;
    if (memcmp(out, mapped, sizeof mapped) != 0) return 8;
    memmove(out, out + 12, 4);
    return 4;
}

uint64_t identity_hash(const unsigned char key[HASH_KEY_BYTES], struct str domain, struct str ip,
                       struct str user_agent)
{
    unsigned char address[16];
    size_t n = address_bytes(ip, address);
    const struct str fields[] = {domain, {(const char *)address, n}, user_agent};
    uint64_t h = hash_fields(key, fields, 3);
    sodium_memzero(address, sizeof address);
    return h;
}

uint64_t identity_visitor(const struct site *site, enum id_kind kind, struct str id)
{
    const struct str fields[] = {kind == ID_KNOWN ? STR("known") : STR("consented"), id};
    return hash_fields(site->id_key, fields, 2);
}

uint64_t identity_event(const struct site *site, struct str id)
{
    const struct str fields[] = {STR("event"), id};
    uint64_t h = hash_fields(site->id_key, fields, 2);
    return h ? h : 1;
}

/* --- salt files --- */

static void salt_path(const struct identity *x, uint32_t site, const char *suffix,
                      char out[PATH_BYTES + 32])
{
    snprintf(out, PATH_BYTES + 32, "%s/salt-%" PRIu32 "%s", x->dir, site, suffix);
}

/* What the file of a site has; one that cannot be read counts as absent: then a new day begins. */
static bool salt_read(const struct identity *x, struct salts *s)
{
    char path[PATH_BYTES + 32], bytes[SALT_FILE_BYTES];
    salt_path(x, s->site, "", path);
    int fd = fs_real.open(&fs_real, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return false;
    ssize_t n = fs_read_all(&fs_real, fd, bytes, sizeof bytes, 0);
    fs_real.close(&fs_real, fd);
    struct cursor c = cursor_of((struct str){bytes, n > 0 ? (size_t)n : 0});
    bool known = cursor_u8(&c) == SALT_FILE_VERSION;
    s->has_previous = cursor_u8(&c) != 0;
    s->day = (int32_t)cursor_u32(&c);
    s->rotated_ms = (int64_t)cursor_u64(&c);
    struct str now = cursor_bytes(&c, HASH_KEY_BYTES), previous = cursor_bytes(&c, HASH_KEY_BYTES);
    if (known && !c.bad) {
        memcpy(s->now, now.p, HASH_KEY_BYTES);
        memcpy(s->previous, previous.p, HASH_KEY_BYTES);
    }
    sodium_memzero(bytes, sizeof bytes);
    return known && !c.bad;
}

static int write_file(const char *path, const char *temporary, struct str bytes)
{
    int fd = fs_real.open(&fs_real, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fd;
    int code = fs_write_all(&fs_real, fd, bytes.p, bytes.n, 0);
    if (code == 0) code = fs_real.datasync(&fs_real, fd);
    fs_real.close(&fs_real, fd);
    return code == 0 ? fs_real.rename(&fs_real, temporary, path) : code;
}

/* Writes what the site's salts are now; callers hold no lock. */
static void salt_write(struct identity *x, uint32_t site)
{
    pthread_mutex_lock(&x->files);
    struct buf b = {0};
    pthread_mutex_lock(&x->lock);
    const struct salts *s = x->sites;
    while (s && s->site != site) s = s->next;
    if (s) {
        buf_u8(&b, SALT_FILE_VERSION);
        buf_u8(&b, s->has_previous);
        buf_u32(&b, (uint32_t)s->day);
        buf_u64(&b, (uint64_t)s->rotated_ms);
        buf_bytes(&b, s->now, HASH_KEY_BYTES);
        buf_bytes(&b, s->previous, HASH_KEY_BYTES);
    }
    pthread_mutex_unlock(&x->lock);
    if (s && !b.bad) {
        char path[PATH_BYTES + 32], temporary[PATH_BYTES + 32];
        salt_path(x, site, "", path);
        salt_path(x, site, ".new", temporary);
        int code = write_file(path, temporary, buf_view(&b));
        /* The salt in memory still serves; only a restart today would begin the day anew. */
        if (code < 0)
            log_line(LOG_ERROR, "salt_not_kept", "site=%" PRIu32 " errno=%d", site, -code);
        sodium_memzero(b.p, b.n);
    }
    buf_free(&b);
    pthread_mutex_unlock(&x->files);
}

/* --- days --- */

static void set_day(struct salts *s, int32_t day)
{
    s->day = day;
    s->rotated_ms = zone_day_start_ms(s->zone, day);
    s->day_end_ms = zone_day_start_ms(s->zone, day + 1);
}

static void forget_previous(struct salts *s)
{
    sodium_memzero(s->previous, sizeof s->previous);
    s->has_previous = false;
    seen_clear(&s->yesterday);
}

/* Brings the salts to the day of `now_ms`; true when the file must be written. */
static bool turn(struct salts *s, int64_t now_ms)
{
    bool changed = false;
    if (now_ms >= s->day_end_ms) {
        int32_t today = zone_day(s->zone, now_ms);
        forget_previous(s);
        seen_clear(&s->aliases);
        if (today == s->day + 1) { /* else nobody can have been here at midnight */
            memcpy(s->previous, s->now, sizeof s->previous);
            s->has_previous = true;
            s->yesterday = s->evening;
            s->evening = (struct seen){0};
        }
        seen_clear(&s->evening);
        randombytes_buf(s->now, sizeof s->now);
        set_day(s, today);
        changed = true;
    }
    if (s->has_previous && now_ms - s->rotated_ms >= IDENTITY_PREVIOUS_MS) {
        forget_previous(s);
        changed = true;
    }
    return changed;
}

/* The site's salts, made or read on first use.  The lock is held, also while a site's file is read,
 * once in the life of the process: two threads must not make two salts for one day. */
static err_code salts_of(struct identity *x, const struct site *site, int64_t now_ms,
                         struct salts **out, bool *changed, struct err *err)
{
    *changed = false;
    struct salts *s = x->sites;
    while (s && s->site != site->id) s = s->next;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) return err_set(err, ERR_NOMEM, 0, "salts of a site");
        s->site = site->id;
        s->next = x->sites;
        x->sites = s;
    }
    if (!s->zone || !str_eq(s->timezone, site->timezone)) {
        struct zone *zone;
        char *name = malloc(site->timezone.n + 1);
        if (!name) return err_set(err, ERR_NOMEM, 0, "salts of a site");
        err_code code = zone_open(site->timezone, &zone, err);
        if (code) {
            free(name);
            return code;
        }
        bool first = !s->zone;
        zone_close(s->zone);
        s->zone = zone;
        if (site->timezone.n) memcpy(name, site->timezone.p, site->timezone.n);
        free((char *)(uintptr_t)s->timezone.p);
        s->timezone = (struct str){name, site->timezone.n};
        int32_t today = zone_day(zone, now_ms);
        if (first && !salt_read(x, s)) {
            randombytes_buf(s->now, sizeof s->now);
            s->day = today;
            *changed = true;
        }
        if (s->day > today) s->day = today; /* the clock or the zone went back */
        set_day(s, s->day);
    }
    if (turn(s, now_ms)) *changed = true;
    *out = s;
    return ERR_OK;
}

/* Yesterday's id for a session that was open at midnight and still is, else today's. */
static uint64_t continued(struct salts *s, uint64_t today, const struct site *site, struct str ip,
                          struct str user_agent, int64_t now_ms)
{
    struct seen_entry *alias = seen_find(&s->aliases, today);
    if (alias) {
        if (now_ms - alias->last_ms > SESSION_IDLE_MS) {
            alias->last_ms = INT64_MIN / 2; /* that session is over: from now on today's id */
            return today;
        }
        alias->last_ms = now_ms;
        return alias->value;
    }
    if (!s->has_previous) return today;
    uint64_t before = identity_hash(s->previous, site->domain, ip, user_agent);
    const struct seen_entry *e = seen_find(&s->yesterday, before);
    if (!e || now_ms - e->last_ms > SESSION_IDLE_MS) return today;
    alias = seen_add(&s->aliases, today);
    if (!alias) return today;
    alias->value = before;
    alias->last_ms = now_ms;
    return before;
}

err_code identity_day(struct identity *x, const struct site *site, struct str ip,
                      struct str user_agent, int64_t now_ms, uint64_t *visitor, struct err *err)
{
    struct salts *s;
    bool changed;
    pthread_mutex_lock(&x->lock);
    err_code code = salts_of(x, site, now_ms, &s, &changed, err);
    if (code == ERR_OK) {
        uint64_t today = identity_hash(s->now, site->domain, ip, user_agent);
        *visitor = continued(s, today, site, ip, user_agent, now_ms);
        if (s->day_end_ms - now_ms <= SESSION_IDLE_MS) {
            struct seen_entry *e = seen_add(&s->evening, *visitor);
            if (e) e->last_ms = now_ms;
        }
    }
    pthread_mutex_unlock(&x->lock);
    if (changed) salt_write(x, site->id);
    return code;
}

err_code identity_past_day(struct identity *x, const struct site *site, struct str ip,
                           struct str user_agent, int64_t at_ms, int64_t now_ms, bool import,
                           uint64_t *visitor, struct err *err)
{
    struct salts *s;
    bool changed;
    unsigned char base[HASH_KEY_BYTES], key[HASH_KEY_BYTES];
    int32_t day = 0, today = 0;
    pthread_mutex_lock(&x->lock);
    err_code code = salts_of(x, site, now_ms, &s, &changed, err);
    if (code == ERR_OK) {
        today = s->day;
        day = zone_day(s->zone, at_ms);
        memcpy(base, import ? site->id_key : s->now, sizeof base);
    }
    pthread_mutex_unlock(&x->lock);
    if (changed) salt_write(x, site->id);
    if (code) return code;
    if (!import && day == today) return identity_day(x, site, ip, user_agent, now_ms, visitor, err);
    for (int half = 0; half < 2; half++) {
        const char message[] = {'d',
                                'a',
                                'y',
                                (char)half,
                                (char)day,
                                (char)(day >> 8),
                                (char)(day >> 16),
                                (char)(day >> 24)};
        uint64_t h = hash_sip(base, (struct str){message, sizeof message});
        for (int i = 0; i < 8; i++) key[half * 8 + i] = (unsigned char)(h >> 8 * i);
    }
    *visitor = identity_hash(key, site->domain, ip, user_agent);
    sodium_memzero(base, sizeof base);
    sodium_memzero(key, sizeof key);
    return ERR_OK;
}

void identity_tick(struct identity *x, int64_t now_ms)
{
    for (uint32_t after = UINT32_MAX;
         ;) { /* one due site at a time: files are written without the lock */
        bool due = false;
        uint32_t site = 0;
        pthread_mutex_lock(&x->lock);
        for (struct salts *s = x->sites; s && !due; s = s->next) {
            if (!s->zone || s->site == after || !turn(s, now_ms)) continue;
            due = true;
            site = s->site;
        }
        pthread_mutex_unlock(&x->lock);
        if (!due) return;
        salt_write(x, site);
        after = site;
    }
}
