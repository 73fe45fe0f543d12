#include "stats/cluster.h"

#include <math.h>

#include "stats/interval.h"

double cluster_error(const struct cluster_sums *s)
{
    if (s->k < 2 || s->n == 0) return -1;
    double k = (double)s->k, y = (double)s->y, n = (double)s->n, ratio = y / n, mean_n = n / k;
    double s_yy = ((double)s->yy - y * y / k) / (k - 1);
    double s_yn = ((double)s->yn - y * n / k) / (k - 1);
    double s_nn = ((double)s->nn - n * n / k) / (k - 1);
    double var = (s_yy - 2 * ratio * s_yn + ratio * ratio * s_nn) / (k * mean_n * mean_n);
    return sqrt(fmax(var, 0));
}

struct stat_interval cluster_share(const struct cluster_sums *s)
{
    if (s->n == 0 || s->y > s->n) return (struct stat_interval){.status = STAT_NOT_DEFINED};
    double se = cluster_error(s), n = (double)s->n, p = (double)s->y / n;
    if (se < 0) return (struct stat_interval){.status = STAT_TOO_LITTLE};
    /* With no spread between visitors (all or none succeed) the sessions count in full. */
    double n_eff = se > 0 ? fmin(n, p * (1 - p) / (se * se)) : n;
    return interval_wilson_effective(p, n_eff);
}

struct stat_interval cluster_ratio(const struct cluster_sums *s)
{
    if (s->n == 0) return (struct stat_interval){.status = STAT_NOT_DEFINED};
    double se = cluster_error(s), ratio = (double)s->y / (double)s->n, half = stat_z() * se;
    if (se < 0) return (struct stat_interval){.status = STAT_TOO_LITTLE};
    return (struct stat_interval){STAT_OK, ratio, fmax(ratio - half, 0), ratio + half};
}
