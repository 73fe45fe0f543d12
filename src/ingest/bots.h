/* bots.h: the reasons to take an event for a robot's that one request shows (METHODS 12, 1 to 3).
 *
 * Behaviour over time (6) is judged where journeys are known; networks (4) and referrers (5) need
 * lists that are not part of Cairn. */
#ifndef CAIRN_INGEST_BOTS_H
#define CAIRN_INGEST_BOTS_H

#include "ingest/accept.h"
#include "ingest/ua.h"

/* `webdriver`: the page said so.  `page_is_https`: the event came from a page on https. */
enum bot_reason bots_judge(const struct accept_request *r, struct str user_agent,
                           const struct agent *agent, bool webdriver, bool page_is_https);

#endif
