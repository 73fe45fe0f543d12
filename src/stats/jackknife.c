#include "stats/jackknife.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

double jackknife_variance(const double *leave_out, size_t n_groups)
{
    double squares = gsl_stats_tss(leave_out, 1, n_groups);
    return (double)(n_groups - 1) / (double)n_groups * squares;
}

/* What is wrong with the input; STAT_OK: nothing. */
static enum stat_status check(double theta, const double *leave_out, size_t n_groups,
                              size_t with_success)
{
    if (n_groups < 2) return STAT_NOT_DEFINED;
    if (with_success < JACKKNIFE_MIN_GROUPS && with_success < n_groups) return STAT_TOO_LITTLE;
    bool finite = isfinite(theta);
    for (size_t g = 0; g < n_groups; g++) finite = finite && isfinite(leave_out[g]);
    return finite ? STAT_OK : STAT_NOT_DEFINED;
}

struct stat_interval jackknife(double theta, const double *leave_out, size_t n_groups,
                               size_t with_success)
{
    enum stat_status status = check(theta, leave_out, n_groups, with_success);
    if (status != STAT_OK) return (struct stat_interval){.status = status};
    double t = gsl_cdf_tdist_Pinv(0.975, (double)(n_groups - 1));
    double half = t * sqrt(jackknife_variance(leave_out, n_groups));
    return (struct stat_interval){STAT_OK, theta, theta - half, theta + half};
}

struct stat_interval jackknife_ratio(double theta, const double *leave_out, size_t n_groups,
                                     size_t with_success)
{
    enum stat_status status = check(theta, leave_out, n_groups, with_success);
    if (status == STAT_OK && theta <= 0) status = STAT_NOT_DEFINED;
    /* The variance of the logarithms, without a copy: sums around the logarithm of the whole, which
     * is near their mean, so that nothing cancels. */
    double sum = 0, squares = 0, n = (double)n_groups;
    for (size_t g = 0; g < n_groups && status == STAT_OK; g++) {
        if (leave_out[g] <= 0) status = STAT_TOO_LITTLE; /* all successes in one group */
        double d = log(leave_out[g] / theta);
        sum += d;
        squares += d * d;
    }
    if (status != STAT_OK) return (struct stat_interval){.status = status};
    double var = (n - 1) / n * fmax(squares - sum * sum / n, 0);
    double factor = exp(gsl_cdf_tdist_Pinv(0.975, n - 1) * sqrt(var));
    return (struct stat_interval){STAT_OK, theta, theta / factor, theta * factor};
}
