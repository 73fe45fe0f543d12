#include "stats/multiple.h"

#include <gsl/gsl_sort_double.h>
#include <math.h>

/* The places of p from smallest to largest. */
static err_code rank(const double *p, size_t n, struct arena *a, size_t **order, struct err *err)
{
    *order = ARENA_NEW(a, size_t, n);
    if (!*order) return err_set(err, ERR_NOMEM, 0, "rank %zu p-values", n);
    if (n) gsl_sort_index(*order, p, 1, n);
    return ERR_OK;
}

err_code multiple_bh(const double *p, size_t n, struct arena *a, double *q, struct err *err)
{
    size_t *order;
    err_code e = rank(p, n, a, &order, err);
    double least = 1;
    for (size_t i = n; !e && i-- > 0;) {
        least = fmin(least, (double)n * p[order[i]] / (double)(i + 1));
        q[order[i]] = least;
    }
    return e;
}

err_code multiple_holm(const double *p, size_t n, struct arena *a, double *adjusted,
                       struct err *err)
{
    size_t *order;
    err_code e = rank(p, n, a, &order, err);
    double most = 0;
    for (size_t i = 0; !e && i < n; i++) {
        most = fmax(most, fmin((double)(n - i) * p[order[i]], 1));
        adjusted[order[i]] = most;
    }
    return e;
}
