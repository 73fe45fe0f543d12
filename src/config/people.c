/* people.c: users, roles, sign-in and tokens.  Of every secret only a hash is stored. */
#include <sodium.h>
#include <stdio.h>

#include "config/own.h"

enum {
    SECRET_BYTES = 32,
    HASH_TEXT = 65,
    MIN_PASSWORD = 10,
    MAX_PASSWORD = 1024,
    MAX_ATTEMPTS = 5, /* wrong passwords for one address within ATTEMPTS_MS */
};
static const int64_t LINK_MS = 24 * 3600 * INT64_C(1000);
static const int64_t WEB_SESSION_MS = 30 * 24 * 3600 * INT64_C(1000);
static const int64_t ATTEMPTS_MS = 15 * 60 * INT64_C(1000);

static const char *const role_names[] = {"none", "viewer", "editor", "admin", "owner"};

static enum role role_of(struct str name)
{
    for (size_t i = ROLE_VIEWER; i <= ROLE_OWNER; i++)
        if (str_is(name, role_names[i])) return (enum role)i;
    return ROLE_NONE;
}

/* 256 random bits as 43 characters of URL-safe base64. */
static void make_secret(char out[CONFIG_SECRET])
{
    unsigned char bytes[SECRET_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(out, CONFIG_SECRET, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* The secrets are random, so a plain hash keeps them; only passwords need Argon2id. */
static struct str hash_secret(struct str secret, char out[HASH_TEXT])
{
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)secret.p, secret.n, NULL, 0);
    sodium_bin2hex(out, HASH_TEXT, hash, sizeof hash);
    return str_of(out);
}

static err_code mail_check(struct str mail, struct err *err)
{
    size_t at = str_find(mail, '@');
    bool ok = mail.n >= 3 && mail.n <= 120 && at > 0 && at + 1 < mail.n && str_is_utf8(mail);
    for (size_t i = 0; i < mail.n && ok; i++) ok = (unsigned char)mail.p[i] > ' ';
    return ok ? ERR_OK
              : err_named(err, ERR_INVALID, "bad_field", "email", "this is not a mail address");
}

static err_code find_user(struct config_call *call, struct str mail, struct db_rows *rows,
                          struct err *err)
{
    return DB(call->c->db, &call->a, "SELECT id, role, password FROM users WHERE mail = ?1", rows,
              err, mail);
}

err_code config_user_link(struct config *c, struct str mail, const char *role,
                          char secret[CONFIG_SECRET], struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    int64_t id = 0;
    char id_text[NUMBER_TEXT], at_text[NUMBER_TEXT], hash[HASH_TEXT];
    if (!role) role = "owner";
    err_code rc = mail_check(mail, err);
    if (!rc && role_of(str_of(role)) == ROLE_NONE)
        rc = err_named(err, ERR_INVALID, "bad_field", "role",
                       "a role is viewer, editor, admin or owner");
    if (!rc) rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    int64_t now = clock_now_ms(c->clock);
    rc = find_user(&call, mail, &rows, err);
    if (!rc && rows.n > 0) {
        id = cell_number(rows.cells[0]);
    } else if (!rc) {
        rc = next_number(&call, "user", &id, err);
        if (!rc)
            rc = DB(c->db, &call.a, "INSERT INTO users VALUES (?1, ?2, ?3, NULL, ?4)", NULL, err,
                    number_text(id_text, id), mail, str_of(role), number_text(at_text, now));
    }
    make_secret(secret);
    if (!rc)
        rc = DB(c->db, &call.a, "DELETE FROM links WHERE expires_ms < ?1", NULL, err,
                number_text(at_text, now));
    if (!rc)
        rc = DB(c->db, &call.a, "INSERT INTO links VALUES (?1, ?2, ?3)", NULL, err,
                hash_secret(str_of(secret), hash), number_text(id_text, id),
                number_text(at_text, now + LINK_MS));
    return call_end(&call, rc, err);
}

err_code config_user_password(struct config *c, struct str mail, struct str password,
                              struct err *err)
{
    if (password.n < MIN_PASSWORD || password.n > MAX_PASSWORD)
        return err_named(err, ERR_INVALID, "bad_field", "password",
                         "a password has at least %d characters", MIN_PASSWORD);
    char stored[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(stored, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return err_set(err, ERR_NOMEM, 0, "hash a password");
    struct config_call call;
    struct db_rows rows;
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    rc = DB(c->db, &call.a, "UPDATE users SET password = ?2 WHERE mail = ?1 RETURNING id", &rows,
            err, mail, str_of(stored));
    if (!rc && rows.n == 0)
        rc = err_named(err, ERR_NOT_FOUND, "not_found", "email", "no such user");
    return call_end(&call, rc, err);
}

/* Makes a web session for a user; inside a writing call. */
static err_code open_session(struct config_call *call, struct str user, char session[CONFIG_SECRET],
                             char csrf[CONFIG_SECRET], struct err *err)
{
    char hash[HASH_TEXT], now_text[NUMBER_TEXT], at_text[NUMBER_TEXT];
    int64_t now = clock_now_ms(call->c->clock);
    make_secret(session);
    make_secret(csrf);
    err_code rc = DB(call->c->db, &call->a, "DELETE FROM web_sessions WHERE expires_ms < ?1", NULL,
                     err, number_text(now_text, now));
    if (rc) return rc;
    return DB(call->c->db, &call->a, "INSERT INTO web_sessions VALUES (?1, ?2, ?3, ?4)", NULL, err,
              hash_secret(str_of(session), hash), user, str_of(csrf),
              number_text(at_text, now + WEB_SESSION_MS));
}

static err_code wrong_password(struct err *err)
{
    return err_named(err, ERR_DENIED, "wrong_password", "",
                     "the mail address or the password is not right");
}

/* Counts this attempt; ERR_DENIED when there were too many. */
static err_code count_attempt(struct config *c, struct str mail, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char now_text[NUMBER_TEXT], since_text[NUMBER_TEXT];
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    int64_t now = clock_now_ms(c->clock);
    struct str since = number_text(since_text, now - ATTEMPTS_MS);
    rc = DB(c->db, &call.a, "DELETE FROM attempts WHERE at_ms < ?1", NULL, err, since);
    if (!rc)
        rc = DB(c->db, &call.a, "SELECT COUNT(*) FROM attempts WHERE mail = ?1", &rows, err, mail);
    bool too_many = !rc && cell_number(rows.cells[0]) >= MAX_ATTEMPTS;
    if (!rc && !too_many)
        rc = DB(c->db, &call.a, "INSERT INTO attempts VALUES (?1, ?2)", NULL, err, mail,
                number_text(now_text, now));
    rc = call_end(&call, rc, err);
    if (!rc && too_many)
        rc = err_named(
            err, ERR_DENIED, "too_many_attempts", "",
            "too many wrong passwords; wait a quarter of an hour or ask for a sign-in link");
    return rc;
}

err_code config_sign_in(struct config *c, struct str mail, struct str password,
                        char session[CONFIG_SECRET], char csrf[CONFIG_SECRET], struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char stored[crypto_pwhash_STRBYTES] = "", user[NUMBER_TEXT] = "";
    if (mail.n > 120 || password.n > MAX_PASSWORD) return wrong_password(err);
    /* Counted before it is checked, so that many guesses at once do not slip through together. */
    err_code rc = count_attempt(c, mail, err);
    if (!rc) rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    rc = find_user(&call, mail, &rows, err);
    if (!rc && rows.n > 0 && rows.cells[2].p) {
        snprintf(user, sizeof user, "%.*s", STR_FMT(rows.cells[0]));
        snprintf(stored, sizeof stored, "%.*s", STR_FMT(rows.cells[2]));
    }
    rc = call_end(&call, rc, err);
    if (rc) return rc;
    /* An unknown address costs the same time as a wrong password. */
    static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    bool right = crypto_pwhash_str_verify(stored[0] ? stored : nobody, password.p ? password.p : "",
                                          password.n) == 0;
    if (!right || !stored[0]) return wrong_password(err);
    rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    rc = DB(c->db, &call.a, "DELETE FROM attempts WHERE mail = ?1", NULL, err, mail);
    if (!rc) rc = open_session(&call, str_of(user), session, csrf, err);
    return call_end(&call, rc, err);
}

err_code config_sign_in_link(struct config *c, struct str link_secret, char session[CONFIG_SECRET],
                             char csrf[CONFIG_SECRET], struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char hash[HASH_TEXT];
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    rc = DB(c->db, &call.a, "DELETE FROM links WHERE hash = ?1 RETURNING user_id, expires_ms",
            &rows, err, hash_secret(link_secret, hash));
    if (!rc && (rows.n == 0 || cell_number(rows.cells[1]) < clock_now_ms(c->clock)))
        rc = err_named(
            err, ERR_DENIED, "link_used", "",
            "this sign-in link has been used or is too old; `cairn user add` makes a new one");
    if (!rc) rc = open_session(&call, rows.cells[0], session, csrf, err);
    return call_end(&call, rc, err);
}

static err_code not_signed_in(struct err *err)
{
    return err_named(err, ERR_DENIED, "not_signed_in", "", "sign in first");
}

err_code config_session(struct config *c, struct str session, struct caller *out,
                        char csrf[CONFIG_SECRET], struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char hash[HASH_TEXT];
    err_code rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    rc = DB(c->db, &call.a,
            "SELECT u.id, u.mail, u.role, s.csrf, s.expires_ms FROM web_sessions s"
            " JOIN users u ON u.id = s.user_id WHERE s.hash = ?1",
            &rows, err, hash_secret(session, hash));
    if (!rc && (rows.n == 0 || cell_number(rows.cells[4]) < clock_now_ms(c->clock)))
        rc = not_signed_in(err);
    if (!rc) {
        *out = (struct caller){.user = (uint32_t)cell_number(rows.cells[0]),
                               .owner = role_of(rows.cells[2]) == ROLE_OWNER};
        snprintf(out->name, sizeof out->name, "%.*s", STR_FMT(rows.cells[1]));
        snprintf(csrf, CONFIG_SECRET, "%.*s", STR_FMT(rows.cells[3]));
    }
    return call_end(&call, rc, err);
}

void config_sign_out(struct config *c, struct str session)
{
    struct config_call call;
    char hash[HASH_TEXT];
    if (call_begin(c, true, &call, NULL)) return;
    err_code rc = DB(c->db, &call.a, "DELETE FROM web_sessions WHERE hash = ?1", NULL, NULL,
                     hash_secret(session, hash));
    rc = call_end(&call, rc, NULL);
    (void)rc; /* the cookie is gone in any case; the row expires */
}

enum role config_role(struct config *c, const struct caller *who, uint32_t site)
{
    if (who->owner) return ROLE_OWNER;
    if (who->user == 0) {
        if (who->token_site != site) return ROLE_NONE;
        return who->scopes & SCOPE_WRITE  ? ROLE_EDITOR
               : who->scopes & SCOPE_READ ? ROLE_VIEWER
                                          : ROLE_NONE;
    }
    struct config_call call;
    struct db_rows rows = {0};
    char user_text[NUMBER_TEXT], site_text[NUMBER_TEXT];
    if (call_begin(c, false, &call, NULL)) return ROLE_NONE;
    err_code rc = DB(c->db, &call.a,
                     "SELECT COALESCE(s.role, u.role) FROM users u"
                     " LEFT JOIN user_sites s ON s.user_id = u.id AND s.site = ?2 WHERE u.id = ?1",
                     &rows, NULL, number_text(user_text, who->user), number_text(site_text, site));
    enum role role = !rc && rows.n > 0 ? role_of(rows.cells[0]) : ROLE_NONE;
    rc = call_end(&call, rc, NULL);
    return rc ? ROLE_NONE : role;
}

err_code config_user_site_role(struct config *c, struct str mail, uint32_t site, const char *role,
                               struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    enum role wanted = role_of(str_of(role));
    if (wanted == ROLE_OWNER || (wanted == ROLE_NONE && strcmp(role, "none") != 0))
        return err_named(err, ERR_INVALID, "bad_field", "role",
                         "on a site the role is none, viewer, editor or admin");
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    rc = find_user(&call, mail, &rows, err);
    if (!rc && rows.n == 0)
        rc = err_named(err, ERR_NOT_FOUND, "not_found", "email", "no such user");
    if (!rc)
        rc = DB(c->db, &call.a,
                "INSERT INTO user_sites VALUES (?1, ?2, ?3)"
                " ON CONFLICT (user_id, site) DO UPDATE SET role = excluded.role",
                NULL, err, rows.cells[0], number_text(site_text, site), str_of(role));
    return call_end(&call, rc, err);
}

err_code config_user_delete(struct config *c, struct str mail, struct err *err)
{
    static const char *const of_user[] = {
        "DELETE FROM user_sites WHERE user_id = ?1", "DELETE FROM links WHERE user_id = ?1",
        "DELETE FROM web_sessions WHERE user_id = ?1", "DELETE FROM users WHERE id = ?1"};
    struct config_call call;
    struct db_rows rows, owners;
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    rc = find_user(&call, mail, &rows, err);
    if (!rc && rows.n == 0)
        rc = err_named(err, ERR_NOT_FOUND, "not_found", "email", "no such user");
    if (!rc)
        rc = db_run(c->db, &call.a, "SELECT COUNT(*) FROM users WHERE role = 'owner'", NULL, 0,
                    &owners, err);
    if (!rc && str_is(rows.cells[1], "owner") && cell_number(owners.cells[0]) < 2)
        rc =
            err_named(err, ERR_CONFLICT, "last_owner", "email", "the last owner cannot be removed");
    for (size_t i = 0; !rc && i < sizeof of_user / sizeof *of_user; i++)
        rc = DB(c->db, &call.a, of_user[i], NULL, err, rows.cells[0]);
    return call_end(&call, rc, err);
}

bool config_has_no_password(struct config *c)
{
    struct config_call call;
    struct db_rows rows = {0};
    if (call_begin(c, false, &call, NULL)) return false;
    err_code rc = db_run(c->db, &call.a, "SELECT COUNT(*) FROM users WHERE password IS NOT NULL",
                         NULL, 0, &rows, NULL);
    bool none = !rc && cell_number(rows.cells[0]) == 0;
    rc = call_end(&call, rc, NULL);
    return !rc && none;
}

static err_code sites_of_user(struct config_call *call, struct str user, json_t *list,
                              struct err *err)
{
    struct db_rows rows;
    err_code rc = DB(call->c->db, &call->a,
                     "SELECT s.key, r.role FROM user_sites r JOIN sites s ON s.id = r.site"
                     " WHERE r.user_id = ?1 ORDER BY s.key",
                     &rows, err, user);
    for (size_t i = 0; !rc && i < rows.n; i++)
        if (json_array_append_new(list, json_pack("{s:s, s:s}", "site", rows.cells[i * 2].p, "role",
                                                  rows.cells[i * 2 + 1].p)) != 0)
            rc = err_set(err, ERR_NOMEM, 0, "list users");
    return rc;
}

err_code config_users(struct config *c, json_t **out, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    err_code rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    json_t *list = json_array();
    rc = db_run(c->db, &call.a, "SELECT id, mail, role, password FROM users ORDER BY mail", NULL, 0,
                &rows, err);
    for (size_t i = 0; !rc && i < rows.n; i++) {
        const struct str *cell = rows.cells + i * 4;
        json_t *sites = json_array();
        rc = sites_of_user(&call, cell[0], sites, err);
        json_t *user = json_pack("{s:s, s:s, s:b, s:o}", "mail", cell[1].p, "role", cell[2].p,
                                 "has_password", cell[3].p != NULL, "sites", sites);
        if (json_array_append_new(list, user) != 0 && !rc)
            rc = err_set(err, ERR_NOMEM, 0, "list users");
    }
    rc = call_end(&call, rc, err);
    if (rc) json_decref(list);
    else *out = list;
    return rc;
}

static const struct {
    enum scope bit;
    const char *name;
} scope_names[] = {{SCOPE_READ, "read"}, {SCOPE_WRITE, "write"}, {SCOPE_INGEST, "ingest"}};

err_code config_token_add(struct config *c, uint32_t site, const char *name, unsigned scopes,
                          char secret[CONFIG_SECRET], struct err *err)
{
    struct config_call call;
    char hash[HASH_TEXT], site_text[NUMBER_TEXT], scopes_text[NUMBER_TEXT], at_text[NUMBER_TEXT];
    if (scopes == 0 || scopes > (SCOPE_READ | SCOPE_WRITE | SCOPE_INGEST))
        return err_named(err, ERR_INVALID, "bad_field", "scopes",
                         "a scope is read, write or ingest");
    if (strlen(name) > 100 || !str_is_utf8(str_of(name)))
        return err_named(err, ERR_INVALID, "bad_field", "name",
                         "a name has at most 100 characters");
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    make_secret(secret);
    rc = DB(c->db, &call.a, "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5)", NULL, err,
            hash_secret(str_of(secret), hash), number_text(site_text, site), str_of(name),
            number_text(scopes_text, scopes), number_text(at_text, clock_now_ms(c->clock)));
    return call_end(&call, rc, err);
}

err_code config_token(struct config *c, struct str secret, struct caller *out, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char hash[HASH_TEXT];
    err_code rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    rc = DB(c->db, &call.a, "SELECT site, name, scopes FROM tokens WHERE hash = ?1", &rows, err,
            hash_secret(secret, hash));
    if (!rc && rows.n == 0)
        rc = err_named(err, ERR_DENIED, "bad_token", "", "this token is not known");
    if (!rc) {
        *out = (struct caller){.token_site = (uint32_t)cell_number(rows.cells[0]),
                               .scopes = (unsigned)cell_number(rows.cells[2])};
        snprintf(out->name, sizeof out->name, "token %.*s", STR_FMT(rows.cells[1]));
    }
    return call_end(&call, rc, err);
}

/* A token is named to people by the beginning of its hash: enough to tell, useless to sign in. */
enum { TOKEN_ID = 16 };

err_code config_tokens(struct config *c, uint32_t site, json_t **out, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    err_code rc = call_begin(c, false, &call, err);
    if (rc) return rc;
    json_t *list = json_array();
    rc = DB(c->db, &call.a,
            "SELECT hash, name, scopes, created_ms FROM tokens WHERE site = ?1 ORDER BY "
            "created_ms, hash",
            &rows, err, number_text(site_text, site));
    for (size_t i = 0; !rc && i < rows.n; i++) {
        const struct str *cell = rows.cells + i * 4;
        json_t *scopes = json_array();
        for (size_t k = 0; k < sizeof scope_names / sizeof *scope_names; k++)
            if (cell_number(cell[2]) & scope_names[k].bit)
                json_array_append_new(scopes, json_string(scope_names[k].name));
        json_t *token =
            json_pack("{s:s%, s:s, s:o, s:I}", "id", cell[0].p, (size_t)TOKEN_ID, "name", cell[1].p,
                      "scopes", scopes, "created_ms", (json_int_t)cell_number(cell[3]));
        if (json_array_append_new(list, token) != 0) rc = err_set(err, ERR_NOMEM, 0, "list tokens");
    }
    rc = call_end(&call, rc, err);
    if (rc) json_decref(list);
    else *out = list;
    return rc;
}

err_code config_token_delete(struct config *c, uint32_t site, struct str id, struct err *err)
{
    struct config_call call;
    struct db_rows rows;
    char site_text[NUMBER_TEXT];
    if (id.n != TOKEN_ID) return err_named(err, ERR_NOT_FOUND, "not_found", "", "no such token");
    err_code rc = call_begin(c, true, &call, err);
    if (rc) return rc;
    rc = DB(c->db, &call.a,
            "DELETE FROM tokens WHERE site = ?1 AND substr(hash, 1, 16) = ?2 RETURNING hash", &rows,
            err, number_text(site_text, site), id);
    if (!rc && rows.n == 0) rc = err_named(err, ERR_NOT_FOUND, "not_found", "", "no such token");
    return call_end(&call, rc, err);
}
