/* people.c: sign-in, users and tokens. */
#include <stdlib.h>

#include "api/exchange.h"

static struct config *config_of(const struct exchange *x)
{
    return x->api->engine->config;
}

static json_t *json_str(struct str s)
{
    return json_stringn(s.p ? s.p : "", s.n);
}

/* An object of what is stolen by it; NULL becomes ERR_NOMEM. */
static err_code give(struct exchange *x, json_t *answer, struct err *err)
{
    if (!answer) return err_set(err, ERR_NOMEM, 0, "answer");
    x->answer = answer;
    return ERR_OK;
}

/* --- sessions --- */

static void set_cookie(struct exchange *x, const char *session, int64_t max_age_s)
{
    char text[256];
    snprintf(text, sizeof text, "cairn_session=%s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%lld",
             session, is_secure(x->api, x->r) ? "; Secure" : "", (long long)max_age_s);
    http_add_header(x->r, "Set-Cookie", text);
}

static err_code give_session(struct exchange *x, const struct caller *c, const char *csrf,
                             struct err *err)
{
    return give(
        x, json_pack("{s:s, s:s, s:b}", "csrf", csrf, "email", c->name, "owner", (int)c->owner),
        err);
}

err_code run_session_post(struct exchange *x, struct err *err)
{
    enum { COOKIE_S = 14 * 24 * 3600 }; /* the server's own end of a session may come earlier */
    /* A page of another site must not sign its visitor in as somebody else. */
    if (str_is(http_header(x->r, "Sec-Fetch-Site"), "cross-site"))
        return err_named(err, ERR_DENIED, "not_allowed", "", "sign in on the dashboard's own page");
    char session[CONFIG_SECRET], csrf[CONFIG_SECRET];
    struct str mail, password, link;
    err_code rc;
    if (json_object_get(x->body, "link")) {
        rc = body_text(x, "link", &link, err);
        if (!rc) rc = config_sign_in_link(config_of(x), link, session, csrf, err);
    } else {
        rc = body_text(x, "email", &mail, err);
        if (!rc) rc = body_text(x, "password", &password, err);
        if (!rc) rc = config_sign_in(config_of(x), mail, password, session, csrf, err);
    }
    struct caller caller;
    if (!rc) rc = config_session(config_of(x), str_of(session), &caller, csrf, err);
    if (rc) return rc;
    set_cookie(x, session, COOKIE_S);
    return give_session(x, &caller, csrf, err);
}

err_code run_session_get(struct exchange *x, struct err *err)
{
    return give_session(x, &x->caller, x->csrf, err);
}

err_code run_session_delete(struct exchange *x, struct err *err)
{
    (void)err;
    if (x->by_cookie) config_sign_out(config_of(x), http_cookie(x->r, "cairn_session"));
    set_cookie(x, "", 0);
    return ERR_OK;
}

err_code run_session_password(struct exchange *x, struct err *err)
{
    struct str password;
    if (!x->caller.user)
        return err_named(err, ERR_DENIED, "not_allowed", "", "a password is a person's");
    err_code rc = body_text(x, "password", &password, err);
    return rc ? rc : config_user_password(config_of(x), str_of(x->caller.name), password, err);
}

/* --- users --- */

err_code run_users_get(struct exchange *x, struct err *err)
{
    json_t *users;
    err_code rc = config_users(config_of(x), &users, err);
    return rc ? rc : give(x, json_pack("{s:o}", "users", users), err);
}

/* {"email","role"?,"password"?}: adds or finds the user; answers with a one-time link's secret,
 * which is shown once, unless a password was given. */
err_code run_users_post(struct exchange *x, struct err *err)
{
    struct str mail, role = STR("viewer"), password;
    char secret[CONFIG_SECRET];
    err_code rc = body_text(x, "email", &mail, err);
    if (!rc && json_object_get(x->body, "role")) rc = body_text(x, "role", &role, err);
    bool with_password = json_object_get(x->body, "password") != NULL;
    if (!rc && with_password) rc = body_text(x, "password", &password, err);
    if (!rc) rc = config_user_link(config_of(x), mail, role.p, secret, err);
    if (!rc && with_password) rc = config_user_password(config_of(x), mail, password, err);
    if (rc) return rc;
    x->status = 201;
    if (with_password) return give(x, json_pack("{s:o}", "email", json_str(mail)), err);
    return give(x,
                json_pack("{s:o, s:s, s:o}", "email", json_str(mail), "link", secret, "url",
                          json_sprintf("%s/sign-in?link=%s", x->api->options.public_url, secret)),
                err);
}

err_code run_users_delete(struct exchange *x, struct err *err)
{
    return config_user_delete(config_of(x), x->parts[0], err);
}

err_code run_user_role(struct exchange *x, struct err *err)
{
    struct str mail, role;
    err_code rc = body_text(x, "email", &mail, err);
    if (!rc) rc = body_text(x, "role", &role, err);
    if (!rc) rc = config_user_site_role(config_of(x), mail, x->site, role.p, err);
    return rc;
}

/* --- tokens --- */

err_code run_tokens_get(struct exchange *x, struct err *err)
{
    json_t *tokens;
    err_code rc = config_tokens(config_of(x), x->site, &tokens, err);
    return rc ? rc : give(x, json_pack("{s:o}", "tokens", tokens), err);
}

static err_code read_scopes(const json_t *list, unsigned *scopes, struct err *err)
{
    static const struct {
        const char *name;
        unsigned scope;
    } known[] = {{"read", SCOPE_READ}, {"write", SCOPE_WRITE}, {"ingest", SCOPE_INGEST}};
    *scopes = 0;
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v)
    {
        const char *name = json_string_value(v);
        unsigned found = 0;
        for (size_t k = 0; name && k < sizeof known / sizeof *known; k++)
            if (strcmp(name, known[k].name) == 0) found = known[k].scope;
        if (!found)
            return err_named(err, ERR_INVALID, "bad_field", "scopes",
                             "scopes are read, write and ingest");
        *scopes |= found;
    }
    if (*scopes) return ERR_OK;
    return err_named(err, ERR_INVALID, "missing_field", "scopes", "a list of read, write, ingest");
}

/* {"name","scopes":[..]}: the secret is in this answer and nowhere else. */
err_code run_tokens_post(struct exchange *x, struct err *err)
{
    struct str name;
    unsigned scopes;
    char secret[CONFIG_SECRET];
    err_code rc = body_text(x, "name", &name, err);
    if (!rc) rc = read_scopes(json_object_get(x->body, "scopes"), &scopes, err);
    if (!rc) rc = config_token_add(config_of(x), x->site, name.p, scopes, secret, err);
    if (rc) return rc;
    x->status = 201;
    return give(x,
                json_pack("{s:o, s:O, s:s}", "name", json_str(name), "scopes",
                          json_object_get(x->body, "scopes"), "secret", secret),
                err);
}

err_code run_tokens_delete(struct exchange *x, struct err *err)
{
    return config_token_delete(config_of(x), x->site, x->parts[1], err);
}
