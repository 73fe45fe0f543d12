/* sites.c: sites, and what is set up in each: goals, funnels, segments, annotations ... */
#include "api/exchange.h"

static struct config *config_of(const struct exchange *x)
{
    return x->api->engine->config;
}

/* --- sites --- */

err_code run_sites_get(struct exchange *x, struct err *err)
{
    json_t *list = json_array();
    if (!list) return err_set(err, ERR_NOMEM, 0, "list the sites");
    const struct site_table *t = config_sites(config_of(x));
    err_code rc = ERR_OK;
    for (size_t i = 0; !rc && i < t->n; i++) {
        uint32_t id = t->sites[i].id;
        json_t *site;
        if (config_role(config_of(x), &x->caller, id) < ROLE_VIEWER) continue;
        rc = config_site_json(config_of(x), id, &site, err);
        if (!rc && json_array_append_new(list, site) != 0)
            rc = err_set(err, ERR_NOMEM, 0, "list the sites");
    }
    config_sites_release(config_of(x), t);
    x->answer = rc ? NULL : json_pack("{s:O}", "sites", list);
    json_decref(list);
    return rc;
}

err_code run_sites_post(struct exchange *x, struct err *err)
{
    uint32_t id;
    err_code rc = config_site_add(config_of(x), x->body, x->caller.name, &id, err);
    if (!rc) rc = config_site_json(config_of(x), id, &x->answer, err);
    x->status = 201;
    return rc;
}

err_code run_site_get(struct exchange *x, struct err *err)
{
    return config_site_json(config_of(x), x->site, &x->answer, err);
}

err_code run_site_patch(struct exchange *x, struct err *err)
{
    err_code rc = ERR_OK;
    /* "template" is no property of a site: it adds goals and a funnel, as when a site is made. */
    if (json_object_get(x->body, "template")) {
        struct str name;
        rc = body_text(x, "template", &name, err);
        if (!rc) rc = config_apply_template(config_of(x), x->site, name.p, x->caller.name, err);
        if (!rc) json_object_del(x->body, "template");
    }
    if (!rc && (!json_is_object(x->body) || json_object_size(x->body) > 0))
        rc = config_site_patch(config_of(x), x->site, x->body, x->caller.name, err);
    return rc ? rc : config_site_json(config_of(x), x->site, &x->answer, err);
}

/* --- what is set up in a site --- */

err_code run_things_get(struct exchange *x, struct err *err)
{
    json_t *list;
    err_code rc = config_list(config_of(x), x->site, x->route->kind, &list, err);
    if (rc) return rc;
    x->answer = json_pack("{s:o}", x->route->kind, list);
    return x->answer ? ERR_OK : err_set(err, ERR_NOMEM, 0, "list %s", x->route->kind);
}

err_code run_things_post(struct exchange *x, struct err *err)
{
    x->status = 201;
    return config_add(config_of(x), x->site, x->route->kind, x->body, x->caller.name, &x->answer,
                      err);
}

err_code run_thing_get(struct exchange *x, struct err *err)
{
    return config_get(config_of(x), x->site, x->route->kind, x->parts[1], &x->answer, err);
}

err_code run_thing_patch(struct exchange *x, struct err *err)
{
    return config_patch(config_of(x), x->site, x->route->kind, x->parts[1], x->body, x->caller.name,
                        &x->answer, err);
}

err_code run_thing_delete(struct exchange *x, struct err *err)
{
    return config_delete(config_of(x), x->site, x->route->kind, x->parts[1], x->caller.name, err);
}

err_code run_thing_history(struct exchange *x, struct err *err)
{
    json_t *list;
    err_code rc = config_history(config_of(x), x->site, x->route->kind, x->parts[1], &list, err);
    if (rc) return rc;
    x->answer = json_pack("{s:o}", "history", list);
    return x->answer ? ERR_OK : err_set(err, ERR_NOMEM, 0, "history");
}
