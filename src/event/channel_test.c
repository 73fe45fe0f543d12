#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "event/channel.h"
#include "event/sources.h"

static void channels_in_their_order(void **state)
{
    static const struct {
        const char *source, *medium, *campaign, *click_id, *referrer_host, *channel;
    } cases[] = {
        {"", "", "", "", "", "Direct"},
        {"(direct)", "(none)", "", "", "", "Direct"},
        {"google", "cpc", "de-Cross-Network", "", "", "Cross-network"},
        {"amazon", "cpc", "", "", "", "Paid Shopping"},
        {"google", "cpc", "shoes_shopping", "", "", "Paid Shopping"},
        {"google", "cpc", "eshop", "", "", "Paid Shopping"},
        {"google", "cpc", "workshop", "", "", "Paid Search"},
        {"google", "cpc", "", "", "", "Paid Search"},
        {"Google", "PPC", "", "", "", "Paid Search"},
        {"bing", "paidsearch", "", "", "", "Paid Search"},
        {"facebook", "cpm", "", "", "", "Paid Social"},
        {"instagram.com", "retargeting", "", "", "", "Paid Social"},
        {"youtube", "cpv", "", "", "", "Paid Video"},
        {"youtube", "paid-video", "", "", "", "Paid Video"},
        {"dv360", "cpm", "", "", "", "Display"},
        {"news-site", "banner", "", "", "", "Display"},
        {"partner", "cpa", "", "", "", "Paid Other"},
        {"etsy.com", "referral", "", "", "", "Organic Shopping"},
        {"partner", "referral", "summer shopping", "", "", "Organic Shopping"},
        {"facebook", "referral", "", "", "", "Organic Social"},
        {"brand", "social-network", "", "", "", "Organic Social"},
        {"brand", "sm", "", "", "", "Organic Social"},
        {"vimeo.com", "referral", "", "", "", "Organic Video"},
        {"brand", "video", "", "", "", "Organic Video"},
        {"google", "organic", "", "", "", "Organic Search"},
        {"duckduckgo", "", "", "", "", "Organic Search"},
        {"unknown-engine", "organic", "", "", "", "Organic Search"},
        {"chatgpt.com", "", "", "", "", "AI Assistant"},
        {"perplexity", "referral", "", "", "", "AI Assistant"},
        {"brand", "ai-assistant", "", "", "", "AI Assistant"},
        {"blog.example", "referral", "", "", "", "Referral"},
        {"x-app", "app", "", "", "", "Referral"},
        {"list", "email", "", "", "", "Email"},
        {"newsletter", "link-in-mail", "", "", "", "Email"},
        {"e-mail", "", "", "", "", "Email"},
        {"awin", "affiliate", "", "", "", "Affiliates"},
        {"spot", "audio", "", "", "", "Audio"},
        {"sms", "", "", "", "", "SMS"},
        {"crm", "web-push", "", "", "", "Mobile Push"},
        {"crm", "app-notification", "", "", "", "Mobile Push"},
        {"something", "something", "", "", "", "Unassigned"},
        {"", "", "spring", "", "", "Unassigned"},
        {"", "", "", "gclid", "", "Paid Search"},
        {"", "", "", "fbclid", "m.facebook.com", "Paid Social"},
        {"", "", "", "msclkid", "", "Paid Search"},
        {"", "", "", "ttclid", "", "Paid Social"},
        {"", "", "", "dclid", "", "Display"},
        {"", "", "", "", "www.google.co.uk", "Organic Search"},
        {"", "", "", "", "blog.example", "Referral"},
        {"", "", "", "", "gemini.google.com", "AI Assistant"},
        {"", "", "", "", "mail.google.com", "Email"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = channel_names[channel_of(
            str_of(cases[i].source), str_of(cases[i].medium), str_of(cases[i].campaign),
            str_of(cases[i].click_id), str_of(cases[i].referrer_host))];
        if (strcmp(got, cases[i].channel) != 0)
            fail_msg("%s / %s / %s / %s / %s is %s, not %s", cases[i].source, cases[i].medium,
                     cases[i].campaign, cases[i].click_id, cases[i].referrer_host, got,
                     cases[i].channel);
    }
}

static void hosts_have_names(void **state)
{
    static const struct {
        const char *host, *name;
    } cases[] = {
        {"google.com", "google"},
        {"www.google.de", "google"},
        {"www.google.co.uk", "google"},
        {"www.google.com.br", "google"},
        {"google.evil.example", NULL},
        {"notgoogle.com", NULL},
        {"mail.google.com", "gmail"},
        {"t.co", "twitter"},
        {"at.co", NULL},
        {"l.facebook.com", "facebook"},
        {"de.search.yahoo.com", "yahoo"},
        {"www.amazon.co.jp", "amazon"},
        {"netflix.com", "netflix"},
        {"x.com", "twitter"},
        {"chat.openai.com", "chatgpt"},
        {"shop.example", NULL},
        {"", NULL},
        {"com", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct source *s = source_of_host(str_of(cases[i].host));
        const char *got = s ? s->name.p : NULL;
        if ((got == NULL) != (cases[i].name == NULL) || (got && strcmp(got, cases[i].name) != 0))
            fail_msg("%s is %s", cases[i].host, got ? got : "unknown");
    }
}

/* The table is searched by bisection: one name out of order would hide others. */
static void every_click_id_is_found(void **state)
{
    static const char *const names[] = {
        "gclid",     "gbraid",           "wbraid", "dclid",  "msclkid",
        "fbclid",    "ttclid",           "twclid", "yclid",  "epik",
        "sccid",     "rdt_cid",          "qclid",  "igshid", "li_fat_id",
        "srsltid",   "_branch_match_id", "zanpid", "obclid", "tblci",
        "irclickid", "s_kwcid",          "ysclid",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!click_id_named(str_of(names[i]))) fail_msg("%s is not found", names[i]);
    assert_null(click_id_named(STR("size")));
    assert_null(click_id_named(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_in_their_order),
        cmocka_unit_test(hosts_have_names),
        cmocka_unit_test(every_click_id_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
