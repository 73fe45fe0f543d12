#include "event/channel.h"

#include "event/sources.h"

const char *const channel_names[CHANNEL_N] = {
#define X(id, name) name,
    CHANNELS(X)
#undef X
};

enum { TEXT_MAX = 512 }; /* what lies behind decides no channel */

static struct str lower(struct str s, char to[TEXT_MAX])
{
    s = str_trim(s);
    if (s.n > TEXT_MAX) s.n = TEXT_MAX;
    for (size_t i = 0; i < s.n; i++)
        to[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
    return (struct str){to, s.n};
}

static bool one_of(struct str s, const char *const *names)
{
    for (; *names; names++)
        if (str_is(s, *names)) return true;
    return false;
}

/* ^(.*cp.*|ppc|retargeting|paid.*)$ */
static bool is_paid(struct str medium)
{
    return str_contains(medium, STR("cp")) || str_is(medium, "ppc") ||
           str_is(medium, "retargeting") || str_begins(medium, STR("paid"));
}

/* ^(.*(([^a-df-z]|^)shop|shopping).*)$: "workshop" is no shop, "eshop" is. */
static bool is_shopping(struct str campaign)
{
    if (str_contains(campaign, STR("shopping"))) return true;
    for (size_t i = 0; i + 4 <= campaign.n; i++) {
        if (memcmp(campaign.p + i, "shop", 4) != 0) continue;
        char before = i ? campaign.p[i - 1] : 'e';
        if (before == 'e' || before < 'a' || before > 'z') return true;
    }
    return false;
}

static bool is_none(struct str s)
{
    static const char *const none[] = {"", "(none)", "(not set)", "(direct)", "direct", NULL};
    return one_of(s, none);
}

enum channel channel_of(struct str source, struct str medium, struct str campaign,
                        struct str click_id_kind, struct str referrer_host)
{
    static const char *const display[] = {"display",      "banner", "expandable",
                                          "interstitial", "cpm",    NULL};
    static const char *const social[] = {
        "social", "social-network", "social-media", "sm", "social network", "social media", NULL};
    static const char *const email[] = {"email", "e-mail", "e_mail", "e mail", NULL};
    static const char *const referral[] = {"referral", "app", "link", NULL};
    static const char *const affiliate[] = {"affiliate", "affiliates", NULL};

    char source_low[TEXT_MAX], medium_low[TEXT_MAX], campaign_low[TEXT_MAX];
    struct str s = lower(source, source_low), m = lower(medium, medium_low);
    struct str c = lower(campaign, campaign_low);
    if (is_none(s) && is_none(m)) {
        const struct click_id *click = click_id_named(click_id_kind);
        if (click && click->source) {
            s = str_of(click->source);
            m = str_of(click->medium);
        } else if (referrer_host.n) {
            s = lower(referrer_host, source_low);
            m = str_of(source_medium(source_kind_of(s)));
        } else if (c.n == 0) {
            return CHANNEL_DIRECT;
        }
    }
    enum source_kind kind = source_kind_of(s);
    bool paid = is_paid(m), shopping = kind == SOURCE_SHOPPING || is_shopping(c);
    if (str_contains(c, STR("cross-network"))) return CHANNEL_CROSS_NETWORK;
    if (shopping && paid) return CHANNEL_PAID_SHOPPING;
    if (kind == SOURCE_SEARCH && paid) return CHANNEL_PAID_SEARCH;
    if (kind == SOURCE_SOCIAL && paid) return CHANNEL_PAID_SOCIAL;
    if (kind == SOURCE_VIDEO && paid) return CHANNEL_PAID_VIDEO;
    if (one_of(m, display)) return CHANNEL_DISPLAY;
    if (paid) return CHANNEL_PAID_OTHER;
    if (shopping) return CHANNEL_ORGANIC_SHOPPING;
    if (kind == SOURCE_SOCIAL || one_of(m, social)) return CHANNEL_ORGANIC_SOCIAL;
    if (kind == SOURCE_VIDEO || str_contains(m, STR("video"))) return CHANNEL_ORGANIC_VIDEO;
    if (kind == SOURCE_SEARCH || str_is(m, "organic")) return CHANNEL_ORGANIC_SEARCH;
    if (kind == SOURCE_AI || str_is(m, "ai-assistant")) return CHANNEL_AI_ASSISTANT;
    if (one_of(m, referral)) return CHANNEL_REFERRAL;
    if (kind == SOURCE_EMAIL || one_of(s, email) || one_of(m, email)) return CHANNEL_EMAIL;
    if (one_of(m, affiliate)) return CHANNEL_AFFILIATES;
    if (str_is(m, "audio")) return CHANNEL_AUDIO;
    if (str_is(s, "sms") || str_is(m, "sms")) return CHANNEL_SMS;
    if (str_ends(m, STR("push")) || str_contains(m, STR("mobile")) ||
        str_contains(m, STR("notification")))
        return CHANNEL_MOBILE_PUSH;
    return CHANNEL_UNASSIGNED;
}
