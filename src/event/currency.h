/* currency.h: ISO 4217: which codes there are and how many digits their minor units have. */
#ifndef CAIRN_EVENT_CURRENCY_H
#define CAIRN_EVENT_CURRENCY_H

#include "base/str.h"

/* Decimal digits of the minor unit (EUR 2, JPY 0, KWD 3); -1 when `code` is no active currency.
 * Upper case only. */
int currency_digits(struct str code);

/* `major` (12.5) in minor units (1250), rounded half away from zero; false for an unknown code, a
 * number that is not finite, or one that does not fit 2^53 minor units. */
bool currency_minor(struct str code, double major, int64_t *minor);

#endif
