#include "kernels/ids.h"

static err_code ids_init(void *state, const void *def, struct err *err)
{
    (void)def;
    (void)err;
    *(struct ids_state *)state = (struct ids_state){0};
    return ERR_OK;
}

static err_code ids_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    (void)def;
    (void)err;
    struct ids_state *s = state;
    if (j->n > 0 && j->id_kind <= ID_KNOWN) s->visitors[j->id_kind]++;
    return ERR_OK;
}

static err_code ids_merge(void *into, void *from, struct err *err)
{
    (void)err;
    struct ids_state *to = into;
    const struct ids_state *s = from;
    for (int i = 0; i <= ID_KNOWN; i++) to->visitors[i] += s->visitors[i];
    return ERR_OK;
}

const struct kernel ids_kernel = {sizeof(struct ids_state), ids_init, ids_add, ids_merge, NULL};
