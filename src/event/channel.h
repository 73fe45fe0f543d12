/* channel.h: the marketing channel of a visit (FEATURES 9, in the order of Google Analytics'
 * default channel groups).  Computed when a report asks, never stored, so that a better rule is
 * right for all history. */
#ifndef CAIRN_EVENT_CHANNEL_H
#define CAIRN_EVENT_CHANNEL_H

#include "base/str.h"

#define CHANNELS(X)                                                                                \
    X(DIRECT, "Direct")                                                                            \
    X(CROSS_NETWORK, "Cross-network")                                                              \
    X(PAID_SHOPPING, "Paid Shopping")                                                              \
    X(PAID_SEARCH, "Paid Search")                                                                  \
    X(PAID_SOCIAL, "Paid Social")                                                                  \
    X(PAID_VIDEO, "Paid Video")                                                                    \
    X(DISPLAY, "Display")                                                                          \
    X(PAID_OTHER, "Paid Other")                                                                    \
    X(ORGANIC_SHOPPING, "Organic Shopping")                                                        \
    X(ORGANIC_SOCIAL, "Organic Social")                                                            \
    X(ORGANIC_VIDEO, "Organic Video")                                                              \
    X(ORGANIC_SEARCH, "Organic Search")                                                            \
    X(AI_ASSISTANT, "AI Assistant")                                                                \
    X(REFERRAL, "Referral")                                                                        \
    X(EMAIL, "Email")                                                                              \
    X(AFFILIATES, "Affiliates")                                                                    \
    X(AUDIO, "Audio")                                                                              \
    X(SMS, "SMS")                                                                                  \
    X(MOBILE_PUSH, "Mobile Push")                                                                  \
    X(UNASSIGNED, "Unassigned")

enum channel {
#define X(id, name) CHANNEL_##id,
    CHANNELS(X)
#undef X
        CHANNEL_N
};

extern const char *const channel_names[CHANNEL_N];

/* First match wins; case does not matter; absent texts are empty.  `click_id_kind` stands in for
 * source and medium when neither is given, then `referrer_host` (of another site) does. */
enum channel channel_of(struct str source, struct str medium, struct str campaign,
                        struct str click_id_kind, struct str referrer_host);

#endif
