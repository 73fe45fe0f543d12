/* Every test runs on SQLite, and on PostgreSQL too when CAIRN_TEST_POSTGRES names a database
 * (scripts/run-tests starts one). */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/db.h"

struct fixture {
    char dir[64], where[512];
    struct clock clock;
    struct config *c;
};

static const char *home = ""; /* "" for SQLite, or the PostgreSQL address */

static void wipe_postgres(void)
{
    struct db *d;
    struct arena a;
    arena_init(&a, 4096);
    assert_int_equal(db_open(home, &d, NULL), ERR_OK);
    assert_int_equal(db_run(d, &a, "DROP SCHEMA IF EXISTS public CASCADE", NULL, 0, NULL, NULL),
                     ERR_OK);
    assert_int_equal(db_run(d, &a, "CREATE SCHEMA public", NULL, 0, NULL, NULL), ERR_OK);
    db_close(d);
    arena_free(&a);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err;
    snprintf(f->dir, sizeof f->dir, "/tmp/cairn-config-XXXXXX");
    if (!f || !mkdtemp(f->dir)) return -1;
    snprintf(f->where, sizeof f->where, "%s/config.db", f->dir);
    if (home[0]) {
        wipe_postgres();
        snprintf(f->where, sizeof f->where, "%s", home);
    }
    f->clock = clock_fixed(INT64_C(1790000000000));
    if (config_open(f->where, &f->clock, &f->c, &err)) {
        print_error("%s\n", err.msg);
        return -1;
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    config_close(f->c);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    int rc = system(command);
    free(f);
    return rc;
}

static json_t *json_of(const char *text)
{
    json_error_t why;
    char quoted[2048];
    size_t i = 0;
    for (; text[i] && i + 1 < sizeof quoted; i++) quoted[i] = text[i] == '\'' ? '"' : text[i];
    quoted[i] = 0;
    json_t *j = json_loads(quoted, 0, &why);
    if (!j) fail_msg("%s: %s", quoted, why.text);
    return j;
}

static uint32_t add_site(struct config *c, const char *text)
{
    json_t *j = json_of(text);
    uint32_t id = 0;
    struct err err;
    if (config_site_add(c, j, "test", &id, &err)) fail_msg("%s (%s)", err.msg, err.field);
    json_decref(j);
    return id;
}

static void a_site_is_seen_at_once_and_after_reopening(void **state)
{
    struct fixture *f = *state;
    uint32_t id = add_site(f->c, "{'key':'shop','domain':'shop.example','timezone':'Europe/"
                                 "Berlin','hosts':['shop.example']}");
    const struct site_table *old = config_sites(f->c);
    json_t *patch = json_of("{'name':'The shop','currency':'CHF','hosts':null}");
    assert_int_equal(config_site_patch(f->c, id, patch, "test", NULL), ERR_OK);
    json_decref(patch);
    /* Whoever holds the old table still reads it. */
    assert_int_equal(site_by_id(old, id)->n_hosts, 1);
    unsigned char id_key[HASH_KEY_BYTES];
    memcpy(id_key, site_by_id(old, id)->id_key, sizeof id_key);
    config_sites_release(f->c, old);

    config_close(f->c);
    assert_int_equal(config_open(f->where, &f->clock, &f->c, NULL), ERR_OK);
    const struct site_table *t = config_sites(f->c);
    const struct site *s = site_by_key(t, STR("shop"));
    assert_non_null(s);
    assert_true(str_is(s->name, "The shop"));
    assert_string_equal(s->currency, "CHF");
    assert_int_equal(s->n_hosts, 0);
    assert_memory_equal(s->id_key, id_key, sizeof id_key);
    assert_null(site_by_key(t, STR("other")));
    config_sites_release(f->c, t);
}

static void what_is_wrong_is_named(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *why, *site, *name, *field;
    } cases[] = {
        {"no key", "{'domain':'a.example'}", "bad_field", "key"},
        {"a key with a slash", "{'key':'a/b'}", "bad_field", "key"},
        {"unknown zone", "{'key':'a','timezone':'Mars/Olympus'}", "unknown_timezone", "timezone"},
        {"currency", "{'key':'a','currency':'euro'}", "bad_currency", "currency"},
        {"hosts", "{'key':'a','hosts':['HTTP://x']}", "bad_field", "hosts"},
        {"template", "{'key':'a','template':'zoo'}", "unknown_template", "template"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *j = json_of(cases[i].site);
        struct err err = {0};
        assert_int_not_equal(config_site_add(f->c, j, "test", NULL, &err), ERR_OK);
        if (strcmp(err.name, cases[i].name) != 0 || strcmp(err.field, cases[i].field) != 0)
            fail_msg("%s: %s at %s", cases[i].why, err.name, err.field);
        json_decref(j);
    }
    json_t *again = json_of("{'key':'shop'}");
    struct err err;
    add_site(f->c, "{'key':'shop'}");
    assert_int_equal(config_site_add(f->c, again, "test", NULL, &err), ERR_CONFLICT);
    assert_string_equal(err.name, "already_there");
    json_decref(again);
}

static void a_goal_keeps_its_history(void **state)
{
    struct fixture *f = *state;
    uint32_t site = add_site(f->c, "{'key':'shop'}");
    json_t *goal =
        json_of("{'name':'Added to "
                "cart!','class':'milestone','rule':{'type':'event','name':'add_to_cart'}}");
    json_t *made = NULL, *changed = NULL, *list = NULL, *history = NULL;
    assert_int_equal(config_add(f->c, site, "goals", goal, "anna@example.org", &made, NULL),
                     ERR_OK);
    assert_string_equal(json_string_value(json_object_get(made, "key")), "added_to_cart");
    assert_string_equal(json_string_value(json_object_get(made, "count")), "session");
    f->clock.set_ms += 1000;
    json_t *patch = json_of("{'count':'visitor'}");
    assert_int_equal(config_patch(f->c, site, "goals", STR("added_to_cart"), patch,
                                  "ben@example.org", &changed, NULL),
                     ERR_OK);
    assert_string_equal(json_string_value(json_object_get(changed, "count")), "visitor");
    assert_int_equal(
        config_delete(f->c, site, "goals", STR("added_to_cart"), "ben@example.org", NULL), ERR_OK);
    assert_int_equal(config_delete(f->c, site, "goals", STR("added_to_cart"), "x", NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(config_list(f->c, site, "goals", &list, NULL), ERR_OK);
    assert_int_equal(json_array_size(list), 0);
    assert_int_equal(config_history(f->c, site, "goals", STR("added_to_cart"), &history, NULL),
                     ERR_OK);
    assert_int_equal(json_array_size(history), 3);
    json_t *newest = json_array_get(history, 0), *middle = json_array_get(history, 1);
    assert_string_equal(json_string_value(json_object_get(newest, "change")), "delete");
    assert_string_equal(json_string_value(json_object_get(middle, "who")), "ben@example.org");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(middle, "before"), "count")), "session");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(middle, "after"), "count")), "visitor");
    assert_true(json_is_null(json_object_get(newest, "after")));
    json_decref(goal), json_decref(made), json_decref(patch), json_decref(changed),
        json_decref(list), json_decref(history);
}

static void a_funnel_may_have_no_window(void **state)
{
    struct fixture *f = *state;
    uint32_t site = add_site(f->c, "{'key':'shop'}");
    json_t *funnel = json_of("{'key':'f','name':'F','window_s':60,'order':'any',"
                             "'steps':[{'event':'a'},{'event':'b'}]}");
    json_t *patch = json_of("{'window_s':null,'order':null}"), *changed = NULL;
    assert_int_equal(config_add(f->c, site, "funnels", funnel, "test", NULL, NULL), ERR_OK);
    assert_int_equal(config_patch(f->c, site, "funnels", STR("f"), patch, "test", &changed, NULL),
                     ERR_OK);
    assert_true(json_is_null(json_object_get(changed, "window_s")));
    assert_null(json_object_get(changed, "order"));
    json_decref(funnel), json_decref(patch), json_decref(changed);
}

static void documents_are_checked(void **state)
{
    struct fixture *f = *state;
    uint32_t site = add_site(f->c, "{'key':'shop'}");
    static const struct {
        const char *why, *kind, *doc, *field;
    } cases[] = {
        {"no name", "goals", "{'class':'macro','rule':{'type':'search'}}", "name"},
        {"class", "goals", "{'name':'a','class':'huge','rule':{'type':'search'}}", "class"},
        {"no rule", "goals", "{'name':'a','class':'macro'}", "rule"},
        {"unknown rule", "goals", "{'name':'a','class':'macro','rule':{'type':'dance'}}",
         "rule.type"},
        {"count", "goals", "{'name':'a','class':'macro','rule':{'type':'search'},'count':'twice'}",
         "count"},
        {"value", "goals",
         "{'name':'a','class':'macro','rule':{'type':'search'},'value':{'fixed':-1}}", "value"},
        {"key", "goals", "{'key':'A B','name':'a','class':'macro','rule':{'type':'search'}}",
         "key"},
        {"one step", "funnels", "{'name':'a','steps':[{'event':'pageview'}]}", "steps"},
        {"no text", "annotations", "{}", "text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *j = json_of(cases[i].doc);
        struct err err = {0};
        assert_int_equal(config_add(f->c, site, cases[i].kind, j, "test", NULL, &err), ERR_INVALID);
        if (strcmp(err.field, cases[i].field) != 0) fail_msg("%s: %s", cases[i].why, err.field);
        json_decref(j);
    }
    json_t *any = json_object();
    assert_int_equal(config_add(f->c, site, "unicorns", any, "test", NULL, NULL), ERR_NOT_FOUND);
    json_decref(any);
}

static void templates_are_valid(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"ecommerce", "saas", "lead", "publisher"};
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        snprintf(text, sizeof text, "{'key':'s%zu','template':'%s'}", i, names[i]);
        uint32_t site = add_site(f->c, text);
        json_t *goals, *funnels;
        assert_int_equal(config_list(f->c, site, "goals", &goals, NULL), ERR_OK);
        assert_int_equal(config_list(f->c, site, "funnels", &funnels, NULL), ERR_OK);
        assert_true(json_array_size(goals) >= 4);
        assert_int_equal(json_array_size(funnels), 1);
        json_decref(goals), json_decref(funnels);
        assert_int_equal(config_apply_template(f->c, site, names[i], "test", NULL),
                         ERR_OK); /* twice is harmless */
    }
}

static void a_sign_in_link_works_once(void **state)
{
    struct fixture *f = *state;
    char link[CONFIG_SECRET], late[CONFIG_SECRET], session[CONFIG_SECRET], csrf[CONFIG_SECRET],
        again[CONFIG_SECRET];
    struct caller who;
    struct err err;
    assert_true(config_has_no_password(f->c));
    assert_int_equal(config_user_link(f->c, STR("anna@example.org"), NULL, link, NULL), ERR_OK);
    assert_int_equal(config_user_link(f->c, STR("anna@example.org"), NULL, late, NULL), ERR_OK);
    assert_int_equal(strlen(link), 43);
    assert_int_equal(config_sign_in_link(f->c, str_of(link), session, csrf, NULL), ERR_OK);
    assert_int_equal(config_sign_in_link(f->c, str_of(link), again, again, &err), ERR_DENIED);
    assert_string_equal(err.name, "link_used");
    assert_int_equal(config_session(f->c, str_of(session), &who, again, NULL), ERR_OK);
    assert_string_equal(again, csrf);
    assert_string_equal(who.name, "anna@example.org");
    assert_true(who.owner);
    f->clock.set_ms += INT64_C(24) * 3600 * 1000 + 1;
    assert_int_equal(config_sign_in_link(f->c, str_of(late), again, again, NULL), ERR_DENIED);
    config_sign_out(f->c, str_of(session));
    assert_int_equal(config_session(f->c, str_of(session), &who, again, NULL), ERR_DENIED);
}

static void passwords_are_throttled(void **state)
{
    struct fixture *f = *state;
    char secret[CONFIG_SECRET], session[CONFIG_SECRET], csrf[CONFIG_SECRET];
    struct err err;
    struct str mail = STR("anna@example.org"), right = STR("correct horse battery");
    assert_int_equal(config_user_link(f->c, mail, "editor", secret, NULL), ERR_OK);
    assert_int_equal(config_user_password(f->c, mail, STR("too short"), &err), ERR_INVALID);
    assert_int_equal(config_user_password(f->c, mail, right, NULL), ERR_OK);
    assert_false(config_has_no_password(f->c));
    assert_int_equal(config_sign_in(f->c, mail, right, session, csrf, NULL), ERR_OK);
    assert_int_equal(config_sign_in(f->c, STR("nobody@example.org"), right, session, csrf, &err),
                     ERR_DENIED);
    assert_string_equal(err.name, "wrong_password");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(config_sign_in(f->c, mail, STR("a wrong password"), session, csrf, &err),
                         ERR_DENIED);
        assert_string_equal(err.name, "wrong_password");
    }
    assert_int_equal(config_sign_in(f->c, mail, right, session, csrf, &err), ERR_DENIED);
    assert_string_equal(err.name, "too_many_attempts");
    f->clock.set_ms += 15 * 60 * 1000 + 1;
    assert_int_equal(config_sign_in(f->c, mail, right, session, csrf, NULL), ERR_OK);
}

static void roles_and_tokens_keep_to_their_site(void **state)
{
    struct fixture *f = *state;
    uint32_t one = add_site(f->c, "{'key':'one'}"), two = add_site(f->c, "{'key':'two'}");
    char secret[CONFIG_SECRET], session[CONFIG_SECRET], csrf[CONFIG_SECRET];
    struct caller who;
    assert_int_equal(
        config_token_add(f->c, one, "importer", SCOPE_INGEST | SCOPE_READ, secret, NULL), ERR_OK);
    assert_int_equal(config_token(f->c, str_of(secret), &who, NULL), ERR_OK);
    assert_int_equal(config_role(f->c, &who, one), ROLE_VIEWER);
    assert_int_equal(config_role(f->c, &who, two), ROLE_NONE);
    json_t *tokens;
    assert_int_equal(config_tokens(f->c, one, &tokens, NULL), ERR_OK);
    struct str id = str_of(json_string_value(json_object_get(json_array_get(tokens, 0), "id")));
    assert_int_equal(config_token_delete(f->c, two, id, NULL), ERR_NOT_FOUND);
    assert_int_equal(config_token_delete(f->c, one, id, NULL), ERR_OK);
    assert_int_equal(config_token(f->c, str_of(secret), &who, NULL), ERR_DENIED);
    json_decref(tokens);

    struct str mail = STR("vera@example.org");
    assert_int_equal(config_user_link(f->c, mail, "viewer", secret, NULL), ERR_OK);
    assert_int_equal(config_user_site_role(f->c, mail, one, "admin", NULL), ERR_OK);
    assert_int_equal(config_user_site_role(f->c, mail, two, "none", NULL), ERR_OK);
    assert_int_equal(config_sign_in_link(f->c, str_of(secret), session, csrf, NULL), ERR_OK);
    assert_int_equal(config_session(f->c, str_of(session), &who, csrf, NULL), ERR_OK);
    assert_int_equal(config_role(f->c, &who, one), ROLE_ADMIN);
    assert_int_equal(config_role(f->c, &who, two), ROLE_NONE);
    json_t *users;
    assert_int_equal(config_users(f->c, &users, NULL), ERR_OK);
    assert_int_equal(json_array_size(json_object_get(json_array_get(users, 0), "sites")), 2);
    json_decref(users);
    assert_int_equal(config_user_delete(f->c, mail, NULL), ERR_OK);
    assert_int_equal(config_session(f->c, str_of(session), &who, csrf, NULL), ERR_DENIED);
}

static void the_last_owner_stays(void **state)
{
    struct fixture *f = *state;
    char secret[CONFIG_SECRET];
    struct err err;
    assert_int_equal(config_user_link(f->c, STR("a@example.org"), "owner", secret, NULL), ERR_OK);
    assert_int_equal(config_user_delete(f->c, STR("a@example.org"), &err), ERR_CONFLICT);
    assert_string_equal(err.name, "last_owner");
    assert_int_equal(config_user_link(f->c, STR("b@example.org"), "owner", secret, NULL), ERR_OK);
    assert_int_equal(config_user_delete(f->c, STR("a@example.org"), NULL), ERR_OK);
}

static void another_process_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct config *other;
    assert_int_equal(config_open(f->where, &f->clock, &other, NULL), ERR_OK);
    add_site(other, "{'key':'new'}");
    const struct site_table *t = config_sites(f->c);
    assert_null(site_by_key(t, STR("new")));
    config_sites_release(f->c, t);
    assert_int_equal(config_poll(f->c, NULL), ERR_OK);
    t = config_sites(f->c);
    assert_non_null(site_by_key(t, STR("new")));
    config_sites_release(f->c, t);
    assert_int_equal(config_version(f->c), config_version(other));
    config_close(other);
}

static void a_damaged_file_is_named(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct config *c;
    struct err err;
    snprintf(path, sizeof path, "%s/broken.db", f->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) fputs("this is no database ", file);
    fclose(file);
    assert_int_equal(config_open(path, &f->clock, &c, &err), ERR_CORRUPT);
}

static void the_file_is_private(void **state)
{
    struct fixture *f = *state;
    struct stat s;
    if (home[0]) return;
    assert_int_equal(stat(f->where, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_site_is_seen_at_once_and_after_reopening),
        T(what_is_wrong_is_named),
        T(a_goal_keeps_its_history),
        T(a_funnel_may_have_no_window),
        T(documents_are_checked),
        T(templates_are_valid),
        T(a_sign_in_link_works_once),
        T(passwords_are_throttled),
        T(roles_and_tokens_keep_to_their_site),
        T(the_last_owner_stays),
        T(another_process_is_noticed),
        T(a_damaged_file_is_named),
        T(the_file_is_private),
    };
    if (sodium_init() < 0) return 1;
    int failed = cmocka_run_group_tests_name("config on SQLite", tests, NULL, NULL);
    const char *postgres = getenv("CAIRN_TEST_POSTGRES");
    if (postgres && postgres[0]) {
        home = postgres;
        failed += cmocka_run_group_tests_name("config on PostgreSQL", tests, NULL, NULL);
    }
    return failed;
}
