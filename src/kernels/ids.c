#include "kernels/ids.h"

#include "kernels/span.h"

static err_code ids_init(void *state, const void *def, struct err *err)
{
    (void)def;
    (void)err;
    *(struct ids_state *)state = (struct ids_state){0};
    return ERR_OK;
}

static err_code ids_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    (void)err;
    struct ids_state *s = state;
    const struct ids_def *d = def;
    struct span in = span_of(j, d->from_ms, d->to_ms);
    bool counts = in.lo < in.hi && d->bits == 0;
    for (size_t i = in.lo; i < in.hi && !counts; i++) counts = (j->match[i] & d->bits) != 0;
    if (counts && j->id_kind <= ID_KNOWN) s->visitors[j->id_kind]++;
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
