/* config.h: sites, goals, funnels, users, tokens: everything that is set up rather than recorded.
 *
 * SQLite (config.db in the data folder, WAL) by default, PostgreSQL through libpq when given a
 * connection string; one small SQL dialect serves both (db.h).  Every change to a goal or rule
 * keeps its history: who, when, what.  Calls are safe from any thread. */
#ifndef CAIRN_CONFIG_CONFIG_H
#define CAIRN_CONFIG_CONFIG_H

#include <jansson.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "config/site.h"

struct config;

/* `where`: a path of a SQLite file, made if absent and migrated, or "postgresql://...". */
MUST_CHECK err_code config_open(const char *where, const struct clock *clock, struct config **out,
                                struct err *err);
void config_close(struct config *c); /* NULL is allowed */

/* --- sites --- */

/* JSON shapes are API.md's.  A new site takes key, domain, name?, timezone?, currency?, template?.
 */
const struct site_table *config_sites(struct config *c); /* take; release each */
void config_sites_release(struct config *c, const struct site_table *t);
MUST_CHECK err_code config_site_add(struct config *c, const json_t *site, const char *who,
                                    uint32_t *id, struct err *err);
MUST_CHECK err_code config_site_patch(struct config *c, uint32_t id, const json_t *patch,
                                      const char *who, struct err *err);
MUST_CHECK err_code config_site_json(struct config *c, uint32_t id, json_t **out, struct err *err);

/* --- things of a site: goals, funnels, segments, annotations ... --- */

/* Each is a JSON document with a "key" unique in its kind and site.  `kind` is one of config_kinds.
 * Goals and rules are checked with event/rule.h before they are stored. */
extern const char *const config_kinds[]; /* "goals", "funnels", "segments", ... ends with NULL */
MUST_CHECK err_code config_list(struct config *c, uint32_t site, const char *kind, json_t **out,
                                struct err *err); /* a new array, in order of position, then key */
MUST_CHECK err_code config_get(struct config *c, uint32_t site, const char *kind, struct str key,
                               json_t **out, struct err *err); /* ERR_NOT_FOUND */
MUST_CHECK err_code config_add(struct config *c, uint32_t site, const char *kind, const json_t *doc,
                               const char *who, json_t **out, struct err *err); /* ERR_CONFLICT */
MUST_CHECK err_code config_patch(struct config *c, uint32_t site, const char *kind, struct str key,
                                 const json_t *patch, const char *who, json_t **out,
                                 struct err *err);
MUST_CHECK err_code config_delete(struct config *c, uint32_t site, const char *kind, struct str key,
                                  const char *who, struct err *err);
/* [{"at_ms","who","change":"add|patch|delete","before","after"}], newest first. */
MUST_CHECK err_code config_history(struct config *c, uint32_t site, const char *kind,
                                   struct str key, json_t **out, struct err *err);
uint64_t config_version(struct config *c); /* grows with every change */
/* Notices changes that another process made (a command, another node) and publishes them. */
MUST_CHECK err_code config_poll(struct config *c, struct err *err);

/* --- people and programs --- */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_EDITOR, ROLE_ADMIN, ROLE_OWNER };
enum scope { SCOPE_READ = 1, SCOPE_WRITE = 2, SCOPE_INGEST = 4 };

struct caller {          /* who asks, after authentication */
    uint32_t user;       /* 0 for a token */
    char name[128];      /* mail address or token's name, for the history */
    bool owner;          /* of the whole installation: every role on every site */
    uint32_t token_site; /* a token's site; 0 for a user */
    unsigned scopes;     /* a token's */
};
enum role config_role(struct config *c, const struct caller *who, uint32_t site);

/* A one-time sign-in link's secret for `mail` (made as a user with that role if new), valid 24 h,
 * used once.  `secret` gets 43 characters and a 0. */
enum { CONFIG_SECRET = 44 };
MUST_CHECK err_code config_user_link(struct config *c, struct str mail, const char *role,
                                     char secret[CONFIG_SECRET],
                                     struct err *err); /* role NULL: owner */
MUST_CHECK err_code config_user_password(struct config *c, struct str mail, struct str password,
                                         struct err *err); /* Argon2id; 10 characters at least */
/* Signs in; wrong or throttled: ERR_DENIED, name "wrong_password" or "too_many_attempts". `session`
 * goes into the cookie, `csrf` to the page. */
MUST_CHECK err_code config_sign_in(struct config *c, struct str mail, struct str password,
                                   char session[CONFIG_SECRET], char csrf[CONFIG_SECRET],
                                   struct err *err);
MUST_CHECK err_code config_sign_in_link(struct config *c, struct str link_secret,
                                        char session[CONFIG_SECRET], char csrf[CONFIG_SECRET],
                                        struct err *err);
MUST_CHECK err_code config_session(struct config *c, struct str session, struct caller *out,
                                   char csrf[CONFIG_SECRET], struct err *err);
void config_sign_out(struct config *c, struct str session);
MUST_CHECK err_code config_token_add(struct config *c, uint32_t site, const char *name,
                                     unsigned scopes, char secret[CONFIG_SECRET], struct err *err);
MUST_CHECK err_code config_token(struct config *c, struct str secret, struct caller *out,
                                 struct err *err);

/* What Set up shows: [{"mail","role","has_password","sites":[{"site":key,"role"}]}];
 * [{"id","name","scopes":["read",..],"created_ms"}] where id names the token without its secret. */
MUST_CHECK err_code config_users(struct config *c, json_t **out, struct err *err);
MUST_CHECK err_code config_tokens(struct config *c, uint32_t site, json_t **out, struct err *err);
MUST_CHECK err_code config_token_delete(struct config *c, uint32_t site, struct str id,
                                        struct err *err);
/* The role on one site, instead of the one on all; "none" takes it away. */
MUST_CHECK err_code config_user_site_role(struct config *c, struct str mail, uint32_t site,
                                          const char *role, struct err *err);
MUST_CHECK err_code config_user_delete(struct config *c, struct str mail, struct err *err);
/* True while nobody can sign in yet: then `serve` prints a link. */
bool config_has_no_password(struct config *c);

/* Goals, a funnel and a segment set for "ecommerce", "saas", "lead", "publisher"; ERR_NOT_FOUND. */
MUST_CHECK err_code config_apply_template(struct config *c, uint32_t site, const char *name,
                                          const char *who, struct err *err);

#endif
