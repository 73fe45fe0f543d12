#include "ingest/counters.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

struct counters {
    pthread_mutex_t lock; /* guards the list; nothing is called under it */
    struct node {
        struct counts counts;
        struct node *next;
    } * first;
};

err_code counters_open(struct counters **out, struct err *err)
{
    struct counters *c = calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NOMEM, 0, "open the counters");
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return ERR_OK;
}

void counters_close(struct counters *c)
{
    if (!c) return;
    for (struct node *n = c->first, *next; n; n = next) {
        next = n->next;
        free(n);
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void counters_add(struct counters *c, const struct counts *more)
{
    pthread_mutex_lock(&c->lock);
    struct node *n = c->first;
    while (n && n->counts.site != more->site) n = n->next;
    if (!n) {
        n = calloc(1, sizeof *n);
        if (n) {
            n->counts.site = more->site;
            n->next = c->first;
            c->first = n;
        }
    }
    if (n) {
        n->counts.accepted += more->accepted;
        n->counts.duplicates += more->duplicates;
        for (int i = 0; i < REJECT_N; i++) n->counts.rejected[i] += more->rejected[i];
        for (int i = 0; i < BOT_N; i++) n->counts.bots[i] += more->bots[i];
    }
    pthread_mutex_unlock(&c->lock);
}

struct counts counters_of(struct counters *c, uint32_t site)
{
    struct counts out = {.site = site};
    pthread_mutex_lock(&c->lock);
    for (const struct node *n = c->first; n; n = n->next)
        if (n->counts.site == site) out = n->counts;
    pthread_mutex_unlock(&c->lock);
    return out;
}

err_code counters_json(const struct counts *c, json_t **out, struct err *err)
{
    json_t *rejected = json_object(), *bots = json_object();
    int bad = !rejected || !bots;
    for (int i = 0; i < REJECT_N && !bad; i++)
        if (c->rejected[i])
            bad = json_object_set_new(rejected, reject_names[i],
                                      json_integer((json_int_t)c->rejected[i]));
    for (int i = BOT_NONE + 1; i < BOT_N && !bad; i++)
        if (c->bots[i])
            bad =
                json_object_set_new(bots, event_bot_names[i], json_integer((json_int_t)c->bots[i]));
    *out = bad ? NULL
               : json_pack("{sIsIsOsO}", "accepted", (json_int_t)c->accepted, "duplicates",
                           (json_int_t)c->duplicates, "rejected", rejected, "bots", bots);
    json_decref(rejected);
    json_decref(bots);
    return *out ? ERR_OK : err_set(err, ERR_NOMEM, 0, "counters of site %" PRIu32, c->site);
}
