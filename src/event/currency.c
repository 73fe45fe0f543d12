#include "event/currency.h"

#include <math.h>

/* The active codes of ISO 4217 (list one), by digits of the minor unit; metals, test codes and
 * funds without a unit are left out. */
static const struct {
    int digits;
    const char *codes; /* of three letters, each followed by a space */
} table[] = {
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "},
    {2, "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
        "BYN BZD "
        "CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP "
        "GBP GEL "
        "GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK "
        "LBP LKR "
        "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
        "NZD PAB "
        "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN "
        "SVC SYP "
        "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW "
        "ZWG ZWL "},
    {3, "BHD IQD JOD KWD LYD OMR TND "},
    {4, "CLF UYW "},
};

int currency_digits(struct str code)
{
    if (code.n != 3) return -1;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (const char *p = table[i].codes; *p; p += 4)
            if (memcmp(p, code.p, 3) == 0) return table[i].digits;
    return -1;
}

bool currency_minor(struct str code, double major, int64_t *minor)
{
    static const double units[] = {1, 10, 100, 1000, 10000};
    int digits = currency_digits(code);
    if (digits < 0 || !isfinite(major)) return false;
    double x = round(major * units[digits]);
    if (fabs(x) > 0x1p53) return false;
    *minor = (int64_t)x;
    return true;
}
