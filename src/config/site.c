#include "config/site.h"

const struct site *site_by_key(const struct site_table *t, struct str key)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->sites[i].key, key)) return &t->sites[i];
    return NULL;
}

const struct site *site_by_id(const struct site_table *t, uint32_t id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->sites[i].id == id) return &t->sites[i];
    return NULL;
}
