/* flatten_fuzz.c: properties with any bytes become cells whose codes exist. */
#include <stdint.h>
#include <stdlib.h>

#include "journey/dict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dicts *d;
    struct cells cells = {0};
    struct err err;
    uint32_t n_items;
    if (size == 0 || dicts_open(&d, &err) != ERR_OK) return 0;
    struct str json = {(const char *)data + 1, size - 1};
    if (dicts_flatten(d, json, data[0] & 1 ? "props" : "items", 0, &cells, &n_items, &err) !=
        ERR_OK)
        abort();
    for (size_t i = 0; i < cells.n; i++) {
        const struct cell *c = &cells.p[i];
        if (c->key < KEY_OWN || c->key >= map_count(d->map[DICT_KEY])) abort();
        if (c->code == 0 || c->code >= map_count(d->map[DICT_VALUE_0 + c->key])) abort();
    }
    if (n_items > UINT8_MAX + 1) abort();
    free(cells.p);
    dicts_release(d);
    return 0;
}
