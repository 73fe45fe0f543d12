#include "ingest/bots.h"

/* Chromium sends Sec-Fetch-* from here on, on every request to a site with TLS. */
enum { SEC_FETCH_SINCE = 80 };

static bool says_prefetch(struct str header)
{
    return str_contains(header, STR("prefetch")) || str_contains(header, STR("prerender")) ||
           str_contains(header, STR("preview"));
}

enum bot_reason bots_judge(const struct accept_request *r, struct str user_agent,
                           const struct agent *agent, bool webdriver, bool page_is_https)
{
    bool browser = r->origin_kind == ORIGIN_BROWSER;
    if (!browser && user_agent.n == 0) return BOT_NONE;
    if (agent->is_headless || webdriver) return BOT_HEADLESS;
    if (agent->is_bot) return BOT_USER_AGENT;
    if (!browser) return BOT_NONE;
    if (says_prefetch(r->sec_purpose) || says_prefetch(r->purpose) || says_prefetch(r->x_moz))
        return BOT_PREFETCH;
    /* A page on https can only send to https, where the header is never left out.  From a page on
     * plain http it may be missing with good reason, so that its absence tells nothing. */
    if (page_is_https && agent->chromium >= SEC_FETCH_SINCE && r->sec_fetch_site.n == 0)
        return BOT_HEADLESS;
    return BOT_NONE;
}
