/* templates.c: goals and a funnel for common kinds of site, as the JSON the API takes. */
#include "config/own.h"

struct template
{
    const char *name;
    const char *goals[12];
    const char *funnel;
};

#define EVENT_GOAL(key, name, class, event, more)                                                  \
    "{\"key\":\"" key "\",\"name\":\"" name                                                        \
    "\",\"class\":\"" class "\",\"rule\":{\"type\":\"event\",\"name\":\"" event                    \
                            "\"},\"count\":\"session\"" more "}"

static const struct template templates[] = {
    {"ecommerce",
     {EVENT_GOAL("purchase", "Bought something", "macro", "purchase",
                 ",\"value\":{\"from\":\"event\"}"),
      EVENT_GOAL("view_item", "Looked at a product", "milestone", "view_item", ""),
      EVENT_GOAL("add_to_cart", "Added to cart", "milestone", "add_to_cart", ""),
      EVENT_GOAL("begin_checkout", "Began the checkout", "milestone", "begin_checkout", ""),
      EVENT_GOAL("add_payment_info", "Gave payment details", "milestone", "add_payment_info", ""),
      EVENT_GOAL("sign_up", "Signed up for the newsletter", "secondary", "sign_up", ""),
      EVENT_GOAL("add_to_wishlist", "Put on the wish list", "secondary", "add_to_wishlist", ""),
      "{\"key\":\"search\",\"name\":\"Searched the "
      "site\",\"class\":\"secondary\",\"rule\":{\"type\":\"search\"}}"},
     "{\"key\":\"checkout\",\"name\":\"From product to "
     "purchase\",\"steps\":[{\"goal\":\"view_item\"},"
     "{\"goal\":\"add_to_cart\"},{\"goal\":\"begin_checkout\"},{\"goal\":\"purchase\"}]}"},
    {"saas",
     {EVENT_GOAL("subscribe", "Became a customer", "macro", "purchase",
                 ",\"value\":{\"from\":\"event\"}"),
      EVENT_GOAL("sign_up", "Signed up", "milestone", "sign_up", ""),
      "{\"key\":\"pricing\",\"name\":\"Saw the "
      "prices\",\"class\":\"milestone\",\"rule\":{\"type\":\"destination\","
      "\"match\":\"begins\",\"path\":\"/pricing\"}}",
      EVENT_GOAL("login", "Signed in", "secondary", "login", ""),
      "{\"key\":\"docs\",\"name\":\"Read the "
      "documentation\",\"class\":\"secondary\",\"rule\":{\"type\":"
      "\"destination\",\"match\":\"begins\",\"path\":\"/docs\"}}"},
     "{\"key\":\"trial\",\"name\":\"From prices to customer\",\"steps\":[{\"goal\":\"pricing\"},"
     "{\"goal\":\"sign_up\"},{\"goal\":\"subscribe\"}]}"},
    {"lead",
     {EVENT_GOAL("lead", "Sent an enquiry", "macro", "generate_lead",
                 ",\"value\":{\"from\":\"event\"}"),
      "{\"key\":\"form_start\",\"name\":\"Began the "
      "form\",\"class\":\"milestone\",\"rule\":{\"type\":\"form\","
      "\"stage\":\"start\"}}",
      "{\"key\":\"download\",\"name\":\"Downloaded a "
      "file\",\"class\":\"secondary\",\"rule\":{\"type\":\"download\"}}",
      "{\"key\":\"engaged\",\"name\":\"Stayed for a "
      "minute\",\"class\":\"secondary\",\"rule\":{\"type\":\"engaged\","
      "\"at_least_s\":60}}"},
     "{\"key\":\"enquiry\",\"name\":\"From visit to enquiry\",\"steps\":[{\"event\":\"pageview\"},"
     "{\"goal\":\"form_start\"},{\"goal\":\"lead\"}]}"},
    {"publisher",
     {EVENT_GOAL("subscribe", "Subscribed", "macro", "purchase", ",\"value\":{\"from\":\"event\"}"),
      EVENT_GOAL("sign_up", "Signed up for the newsletter", "milestone", "sign_up", ""),
      "{\"key\":\"read\",\"name\":\"Read to the "
      "end\",\"class\":\"milestone\",\"rule\":{\"type\":\"scroll\","
      "\"at_least\":90}}",
      "{\"key\":\"three_pages\",\"name\":\"Opened three "
      "pages\",\"class\":\"secondary\",\"rule\":{\"type\":\"pages\","
      "\"at_least\":3}}",
      EVENT_GOAL("share", "Shared an article", "secondary", "share", "")},
     "{\"key\":\"reader\",\"name\":\"From reader to subscriber\",\"steps\":[{\"goal\":\"read\"},"
     "{\"goal\":\"sign_up\"},{\"goal\":\"subscribe\"}]}"},
};

static err_code add(struct config *c, uint32_t site, const char *kind, const char *text,
                    const char *who, struct err *err)
{
    json_t *doc;
    err_code rc = json_read(str_of(text), &doc, err);
    if (rc) return rc;
    rc = config_add(c, site, kind, doc, who, NULL, err);
    json_decref(doc);
    return rc == ERR_CONFLICT ? ERR_OK : rc; /* what is there already stays as it is */
}

err_code config_apply_template(struct config *c, uint32_t site, const char *name, const char *who,
                               struct err *err)
{
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        const struct template *t = &templates[i];
        if (strcmp(t->name, name) != 0) continue;
        err_code rc = ERR_OK;
        for (size_t g = 0; !rc && t->goals[g]; g++)
            rc = add(c, site, "goals", t->goals[g], who, err);
        return rc ? rc : add(c, site, "funnels", t->funnel, who, err);
    }
    return err_named(err, ERR_NOT_FOUND, "unknown_template", "template",
                     "the templates are ecommerce, saas, lead and publisher");
}
