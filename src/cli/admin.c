/* admin.c: site add, user add, token add.
 *
 * With --url they ask that server.  Otherwise they open the configuration themselves, also beside a
 * running server: it looks for changes once a second. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

static const char who[] = "command line";

/* Whether to go through HTTP: only when the configuration is on another machine. */
static bool elsewhere(const struct cli *c)
{
    return *option_text(&c->options, "url") != 0;
}

/* The running server's public address is not known here: its own, or the default one. */
static const char *base_address(const struct cli *c)
{
    return c->remote ? c->address : "http://127.0.0.1:8722";
}

/* --- site add --- */

static json_t *site_document(const struct cli *c)
{
    static const char *const fields[] = {"domain", "name", "timezone", "currency", "template"};
    json_t *doc = json_pack("{s:s}", "key", c->options.words[0]);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = option_text(&c->options, fields[i]);
        if (*value) json_object_set_new(doc, fields[i], json_string(value));
    }
    return doc;
}

int site_command(struct cli *c)
{
    struct err err = {0};
    struct config *config = NULL;
    uint32_t id;
    if (!option_given(&c->options, "domain")) {
        fputs("cairn: --domain says on which domain the site is\n", stderr);
        return EXIT_USAGE;
    }
    json_t *doc = site_document(c);
    err_code rc;
    if (c->remote) { /* the server itself: its next request knows the site */
        rc = cli_call(c, "POST", "/api/v1/sites", doc, NULL, &err);
    } else {
        rc = cli_config_open(c, &config, &err);
        if (!rc) rc = config_site_add(config, doc, who, &id, &err);
        config_close(config);
    }
    json_decref(doc);
    if (rc) return cli_fail(&err);
    printf("<script defer src=\"%s/cairn.js\" data-site=\"%s\"></script>\n", base_address(c),
           c->options.words[0]);
    return EXIT_DONE;
}

/* --- user add --- */

/* The first line of standard input. */
static err_code read_password(char out[1024], struct err *err)
{
    if (!fgets(out, 1024, stdin))
        return err_set(err, ERR_INVALID, 0, "no password on standard input");
    out[strcspn(out, "\r\n")] = 0;
    return ERR_OK;
}

static err_code add_user(struct cli *c, const char *mail, const char *role, const char *password,
                         char link[CONFIG_SECRET], struct err *err)
{
    struct config *config = NULL;
    err_code rc = cli_config_open(c, &config, err);
    if (!rc) rc = config_user_link(config, str_of(mail), role, link, err);
    if (!rc && *password) rc = config_user_password(config, str_of(mail), str_of(password), err);
    config_close(config);
    return rc;
}

static err_code add_user_there(struct cli *c, const char *mail, const char *role,
                               const char *password, char link[CONFIG_SECRET], struct err *err)
{
    json_t *answer = NULL, *body = json_pack("{s:s, s:s}", "email", mail, "role", role);
    if (*password) json_object_set_new(body, "password", json_string(password));
    err_code rc = cli_call(c, "POST", "/api/v1/users", body, &answer, err);
    const char *secret = json_string_value(json_object_get(answer, "link"));
    snprintf(link, CONFIG_SECRET, "%s", secret ? secret : "");
    json_decref(answer);
    json_decref(body);
    return rc;
}

int user_command(struct cli *c)
{
    struct err err = {0};
    char password[1024] = "", link[CONFIG_SECRET] = "";
    const char *mail = c->options.words[0], *role = option_text(&c->options, "role");
    bool from_stdin = option_flag(&c->options, "password-stdin");
    err_code rc = from_stdin ? read_password(password, &err) : ERR_OK;
    if (!rc) rc = (elsewhere(c) ? add_user_there : add_user)(c, mail, role, password, link, &err);
    if (rc) return cli_fail(&err);
    if (!from_stdin) printf("%s/sign-in?link=%s\n", base_address(c), link);
    return EXIT_DONE;
}

/* --- token add --- */

static err_code read_scopes(const char *text, unsigned *scopes, json_t *names, struct err *err)
{
    struct str list = str_of(text), rest;
    for (*scopes = 0; list.n > 0; list = rest) {
        struct str name = str_trim(str_cut(list, ',', &rest));
        if (str_is(name, "read")) *scopes |= SCOPE_READ;
        else if (str_is(name, "write")) *scopes |= SCOPE_WRITE;
        else if (str_is(name, "ingest")) *scopes |= SCOPE_INGEST;
        else
            return err_named(err, ERR_INVALID, "bad_option", "scope",
                             "--scope is read, write, ingest, with commas between, not \"%s\"",
                             text);
        json_array_append_new(names, json_stringn(name.p, name.n));
    }
    return ERR_OK;
}

int token_command(struct cli *c)
{
    struct err err = {0};
    struct config *config = NULL;
    unsigned scopes;
    uint32_t site;
    char secret[CONFIG_SECRET] = "", path[600];
    const char *key = option_text(&c->options, "site"), *name = option_text(&c->options, "name");
    json_t *names = json_array(), *answer = NULL;
    err_code rc = read_scopes(option_text(&c->options, "scope"), &scopes, names, &err);
    if (!rc && elsewhere(c)) {
        snprintf(path, sizeof path, "/api/v1/sites/%.500s/tokens", key);
        json_t *body = json_pack("{s:s, s:O}", "name", name, "scopes", names);
        rc = cli_call(c, "POST", path, body, &answer, &err);
        const char *text = json_string_value(json_object_get(answer, "secret"));
        snprintf(secret, sizeof secret, "%s", text ? text : "");
        json_decref(body);
        json_decref(answer);
    } else if (!rc) {
        rc = cli_config_open(c, &config, &err);
        if (!rc) rc = cli_site(config, key, &site, &err);
        if (!rc) rc = config_token_add(config, site, name, scopes, secret, &err);
        config_close(config);
    }
    json_decref(names);
    if (rc) return cli_fail(&err);
    printf("%s\n", secret);
    return EXIT_DONE;
}
