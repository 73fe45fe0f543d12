/* money.h: amounts as whole minor units of an ISO 4217 currency; no floating point anywhere. */
#ifndef CAIRN_EVENT_MONEY_H
#define CAIRN_EVENT_MONEY_H

#include "base/str.h"

enum { MONEY_TEXT = 32, MONEY_MAX_EXPONENT = 4 };

/* True for a currency of ISO 4217, in either case: `code` gets its capitals and a 0, `exponent` the
 * number of decimals of its minor unit (2 for EUR, 0 for JPY, 3 for KWD). */
bool money_currency(struct str text, char code[4], int *exponent);

/* A decimal number ("12.5", "-3", "1e2") in minor units: 12.5 with exponent 2 is 1250.  Further
 * decimals are rounded to the nearest, halves away from zero, because scripts send sums such as
 * 59.970000000000006.  False when it is no number or does not fit. */
bool money_parse(struct str decimal, int exponent, int64_t *minor);

/* 1250 with exponent 2 is "12.50". */
void money_format(int64_t minor, int exponent, char out[MONEY_TEXT]);

#endif
