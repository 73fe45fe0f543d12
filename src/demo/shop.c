#include "demo/shop.h"

#include <math.h>

#include "demo/people.h"

struct product {
    const char *id, *name, *category;
    int64_t price_minor;
    double share; /* of product views */
};

/* The same as tracker/demo-shop/products.js; tests/demo.test.mjs compares them. */
static const struct product products[] = {
    {"ridge-boots", "Ridge boots", "Footwear", 14900, .21},
    {"tarn-jacket", "Tarn jacket", "Clothing", 21900, .15},
    {"beck-pack", "Beck pack 28", "Packs", 9800, .12},
    {"cairn-stove", "Hearth stove", "Camp", 6450, .09},
    {"fell-tent", "Fell tent", "Camp", 38900, .10},
    {"wool-socks", "Wool socks", "Footwear", 1800, .11},
    {"trail-poles", "Trail poles", "Hike", 7900, .06},
    {"dusk-lantern", "Dusk lantern", "Camp", 3400, .05},
    {"steel-flask", "Steel flask", "Hike", 2900, .04},
    {"storm-gloves", "Storm gloves", "Clothing", 4500, .03},
    {"ridge-hat", "Ridge hat", "Clothing", 3200, .02},
    {"map-case", "Map case", "Hike", 1950, .02},
};
enum { N_PRODUCTS = sizeof products / sizeof *products };

#define HOST "fell-and-ford.example"

/* What one visit has done so far. */
struct walk {
    const struct shop_options *o;
    const struct visit *visit;
    const struct person *person;
    const struct way_in *way;
    err_code (*each)(void *arg, const struct event *e, const struct shop_progress *p);
    void *arg;
    const struct shop_progress *progress;
    uint64_t r; /* the visit's random stream */
    int64_t at_ms;
    uint64_t visitor;
    bool first_view, bot;
    const struct product *on; /* the product whose page is open, or NULL */
    const struct product *cart[8];
    size_t n_cart;
    bool size_guide, delivery, video, wish, signed_up, searched, shared, guide;
    char path[96], url[160], referrer[160], title[96];
};

static struct event base_event(struct walk *w, const char *name)
{
    const struct person *p = w->person;
    struct event e = {
        .site = w->o->site,
        .visitor = w->visitor,
        .at_ms = w->at_ms,
        .received_at_ms = w->at_ms,
        .id_kind = p->consented ? ID_CONSENTED : ID_DAY,
        .kind = event_kind_of(str_of(name)),
        .origin = ORIGIN_IMPORT,
        .bot_reason = w->bot ? BOT_USER_AGENT : BOT_NONE,
        .simulated = true,
    };
    e.text[TEXT_NAME] = str_of(name);
    e.text[TEXT_URL] = str_of(w->url);
    e.text[TEXT_HOST] = STR(HOST);
    e.text[TEXT_PATH] = str_of(w->path);
    e.text[TEXT_TITLE] = str_of(w->title);
    e.text[TEXT_DEVICE] = str_of(p->machine->device);
    e.text[TEXT_BROWSER] = str_of(p->machine->browser);
    e.text[TEXT_OS] = str_of(p->machine->os);
    e.text[TEXT_SCREEN] = str_of(p->machine->screen);
    e.text[TEXT_COUNTRY] = str_of(p->place->country);
    e.text[TEXT_LANGUAGE] = str_of(p->place->language);
    e.text[TEXT_TIMEZONE] = str_of(p->place->timezone);
    e.text[TEXT_PROTOCOL] = STR("demo");
    return e;
}

static err_code emit(struct walk *w, const struct event *e)
{
    return e->at_ms < w->o->until_ms ? w->each(w->arg, e, w->progress) : ERR_OK;
}

static bool chance(struct walk *w, double p)
{
    return rand_unit(&w->r) < p;
}

/* Lets time pass: exponential around a mean. */
static void wait_s(struct walk *w, double mean_s)
{
    w->at_ms += 400 + (int64_t)(-log(1 - rand_unit(&w->r)) * mean_s * 1000);
}

static err_code happen(struct walk *w, const char *name, const char *props)
{
    struct event e = base_event(w, name);
    e.text[TEXT_PROPS] = str_of(props);
    wait_s(w, 4);
    e.at_ms = e.received_at_ms = w->at_ms;
    return emit(w, &e);
}

/* The engaged time on the page that is left: what the tracker sends when it is hidden. */
static err_code leave_page(struct walk *w, double mean_s)
{
    wait_s(w, mean_s);
    struct event e = base_event(w, "engagement");
    double engaged = -log(1 - rand_unit(&w->r)) * mean_s * 700;
    e.engaged_ms = (uint32_t)(engaged < 600000 ? engaged : 600000);
    e.scroll_percent = (uint8_t)(10 * (2 + (int)(rand_unit(&w->r) * 9)));
    return emit(w, &e);
}

static err_code open_page(struct walk *w, const char *path, const char *title)
{
    snprintf(w->referrer, sizeof w->referrer, "%s", w->url);
    snprintf(w->path, sizeof w->path, "%s", path);
    snprintf(w->url, sizeof w->url, "https://" HOST "%s", path);
    snprintf(w->title, sizeof w->title, "%s", title);
    struct event e = base_event(w, "pageview");
    if (w->first_view) {
        e.text[TEXT_REFERRER] = str_of(w->way->referrer);
        e.text[TEXT_REFERRER_HOST] = str_of(w->way->referrer_host);
        e.text[TEXT_SOURCE] = str_of(w->way->source);
        e.text[TEXT_MEDIUM] = str_of(w->way->medium);
        e.text[TEXT_CAMPAIGN] = str_of(w->way->campaign);
        e.text[TEXT_CLICK_ID_KIND] = str_of(w->way->click_id_kind);
        w->first_view = false;
    } else {
        e.text[TEXT_REFERRER] = str_of(w->referrer);
    }
    return emit(w, &e);
}

static err_code open_product(struct walk *w)
{
    double u = rand_unit(&w->r);
    size_t i = 0;
    while (i + 1 < N_PRODUCTS && (u -= products[i].share) >= 0) i++;
    w->on = &products[i];
    char path[96], items[256];
    snprintf(path, sizeof path, "/demo/p/%s.html", w->on->id);
    err_code rc = open_page(w, path, w->on->name);
    if (rc) return rc;
    snprintf(items, sizeof items,
             "[{\"item_id\":\"%s\",\"item_name\":\"%s\",\"item_category\":\"%s\",\"price\":%lld.%"
             "02lld,\"quantity\":1}]",
             w->on->id, w->on->name, w->on->category, (long long)w->on->price_minor / 100,
             (long long)w->on->price_minor % 100);
    w->at_ms += 40;
    struct event e = base_event(w, "view_item");
    e.text[TEXT_ITEMS] = str_of(items);
    e.has_value = true;
    e.value_minor = w->on->price_minor;
    e.text[TEXT_CURRENCY] = STR("EUR");
    return emit(w, &e);
}

/* An e-commerce event about the whole cart. */
static err_code happen_cart(struct walk *w, const char *name, const char *order_id)
{
    char items[1600];
    size_t n = 0;
    int64_t value = 0;
    items[n++] = '[';
    for (size_t i = 0; i < w->n_cart && n < sizeof items - 200; i++) {
        const struct product *p = w->cart[i];
        n += (size_t)snprintf(items + n, sizeof items - n,
                              "%s{\"item_id\":\"%s\",\"item_name\":\"%s\",\"item_category\":\"%s\","
                              "\"price\":%lld.%02lld,"
                              "\"quantity\":1}",
                              i ? "," : "", p->id, p->name, p->category,
                              (long long)p->price_minor / 100, (long long)p->price_minor % 100);
        value += p->price_minor;
    }
    items[n++] = ']';
    wait_s(w, 9);
    struct event e = base_event(w, name);
    e.text[TEXT_ITEMS] = (struct str){items, n};
    e.text[TEXT_ORDER_ID] = str_of(order_id);
    e.has_value = true;
    e.value_minor = value;
    e.text[TEXT_CURRENCY] = STR("EUR");
    return emit(w, &e);
}

/* The small steps on a product's page. */
static err_code look_around(struct walk *w)
{
    const bool eager = w->person->eager;
    char props[64];
    err_code rc = ERR_OK;
    snprintf(props, sizeof props, "{\"product\":\"%s\"}", w->on->id);
    if (!w->size_guide && chance(w, .12)) {
        w->size_guide = true;
        rc = happen(w, "size_guide", props);
    }
    if (!rc && !w->delivery && chance(w, .09)) {
        w->delivery = true;
        rc = happen(w, "view_delivery", props);
    }
    if (!rc && !w->video && chance(w, eager ? .20 : .04)) {
        w->video = true;
        rc = happen(w, "video_start", props);
        if (!rc && chance(w, .5)) rc = happen(w, "video_complete", props);
    }
    if (!rc && !w->wish && chance(w, eager ? .10 : .02)) {
        w->wish = true;
        rc = happen(w, "add_to_wishlist", props);
    }
    if (!rc && !w->shared && chance(w, .008)) {
        w->shared = true;
        rc = happen(w, "share", props);
    }
    return rc;
}

/* From the cart to the order, or not: the address is where most people stop, on phones above all.
 */
static err_code check_out(struct walk *w)
{
    char order_id[48];
    w->on = NULL;
    err_code rc = open_page(w, "/demo/checkout.html", "Checkout");
    if (!rc) rc = happen_cart(w, "begin_checkout", "");
    if (rc || !chance(w, w->person->machine->phone ? .44 : .71)) return rc;
    rc = happen_cart(w, "add_shipping_info", "");
    if (rc || !chance(w, .88)) return rc;
    rc = happen_cart(w, "add_payment_info", "");
    if (rc || !chance(w, .93)) return rc;
    snprintf(order_id, sizeof order_id, "D-%u-%u", w->visit->person, w->visit->number);
    rc = happen_cart(w, "purchase", order_id);
    w->n_cart = 0;
    if (!rc) rc = leave_page(w, 3);
    return rc ? rc : open_page(w, "/demo/thanks.html", "Thank you");
}

/* One more thing that happens on the way; false when the visit is over. */
static err_code one_step(struct walk *w, bool *more)
{
    const bool eager = w->person->eager;
    const bool effects = !w->o->no_effects;
    err_code rc = w->on ? look_around(w) : ERR_OK;
    if (rc) return rc;
    if (w->on && w->n_cart < 8) {
        double p = (eager ? .13 : .025) * (effects && w->size_guide ? 1.9 : 1);
        if (chance(w, p)) {
            w->cart[w->n_cart++] = w->on;
            rc = happen_cart(w, "add_to_cart", "");
            if (rc) return rc;
        }
    }
    rc = leave_page(w, w->on ? 22 : 12);
    if (rc) return rc;
    if (w->n_cart > 0 && chance(w, .45)) {
        w->on = NULL;
        rc = open_page(w, "/demo/cart.html", "Your cart");
        if (!rc) rc = happen_cart(w, "view_cart", "");
        if (!rc) rc = leave_page(w, 10);
        if (rc) return rc;
        double p = (eager ? .52 : .30) * (effects && w->delivery ? 1.5 : 1);
        if (chance(w, p)) {
            *more = false;
            return check_out(w);
        }
    }
    if (!w->signed_up && chance(w, eager ? .014 : .004)) {
        w->signed_up = true;
        rc = happen(w, "sign_up", "{\"method\":\"footer\"}");
    }
    if (!rc && !w->guide && chance(w, .006)) {
        w->guide = true;
        rc = happen(w, "file_download",
                    "{\"extension\":\"pdf\",\"url\":\"https://" HOST "/demo/care-guide.pdf\"}");
    }
    if (rc || chance(w, eager ? .17 : .36)) {
        *more = false;
        return rc;
    }
    if (!w->searched && chance(w, .07)) {
        static const char *const terms[] = {"boots", "tent", "gloves", "waterproof", "socks"};
        char props[48];
        w->searched = true;
        w->on = NULL;
        snprintf(props, sizeof props, "{\"term\":\"%s\"}", terms[(size_t)(rand_unit(&w->r) * 5)]);
        rc = open_page(w, "/demo/", "Fell & Ford");
        return rc ? rc : happen(w, "search", props);
    }
    if (chance(w, .22)) {
        w->on = NULL;
        return open_page(w, "/demo/", "Fell & Ford");
    }
    return open_product(w);
}

static err_code walk_visit(struct walk *w)
{
    /* Paid and referred visitors land on a product, the others mostly at the front door. */
    bool on_product = chance(w, w->way->medium[0] ? .6 : .2);
    err_code rc = on_product ? open_product(w) : open_page(w, "/demo/", "Fell & Ford");
    if (!rc && chance(w, w->person->eager ? .12 : .40))
        return chance(w, .4) ? leave_page(w, 5) : ERR_OK; /* bounced */
    bool more = true;
    for (int i = 0; i < 40 && more && !rc; i++) rc = one_step(w, &more);
    if (!rc) rc = leave_page(w, 8);
    return rc;
}

err_code shop_run(const struct shop_options *o,
                  err_code (*each)(void *arg, const struct event *e, const struct shop_progress *p),
                  void *arg, struct err *err)
{
    if (o->days < 1 || o->days > 3650 || o->visitors < 1 || o->visitors > 50000000)
        return err_named(err, ERR_INVALID, "bad_field", "",
                         "the demo takes 1 to 3,650 days and 1 to 50,000,000 visitors");
    struct visit *visits;
    size_t n;
    err_code rc = people_visits(o, &visits, &n, err);
    if (rc) return rc;
    struct shop_progress progress = {.visits = n};
    for (size_t i = 0; !rc && i < n; i++) {
        struct person p = person_of(o, visits[i].person);
        struct walk w = {
            .o = o,
            .visit = &visits[i],
            .person = &p,
            .way = person_way_in(o, &p, &visits[i]),
            .each = each,
            .arg = arg,
            .progress = &progress,
            .r = hash_mix(o->seed ^ hash_mix((uint64_t)visits[i].person << 20 |
                                             (uint64_t)visits[i].number << 4 | 7)),
            .at_ms = visits[i].start_ms,
            .visitor = person_visitor(o, &p, &visits[i]),
            .first_view = true,
        };
        w.bot = chance(&w, .012);
        progress.visits_done = i;
        rc = walk_visit(&w);
    }
    free(visits);
    return rc;
}
