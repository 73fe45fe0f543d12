#include "stats/stat.h"

#include <gsl/gsl_cdf.h>

const char *stat_status_name(enum stat_status status)
{
    switch (status) {
    case STAT_OK: return "ok";
    case STAT_TOO_LITTLE: return "too_little";
    case STAT_NOT_DEFINED: return "not_defined";
    }
    return "not_defined";
}

double stat_z(void)
{
    return gsl_cdf_ugaussian_Pinv(0.975);
}
