/* live.h: what happens on a site now, to whoever listens (server-sent events).
 *
 * One thread looks once a second at the sites that have listeners, so a hundred open dashboards
 * cost what one costs. */
#ifndef CAIRN_API_LIVE_H
#define CAIRN_API_LIVE_H

#include "engine/engine.h"
#include "net/http.h"

struct live;

MUST_CHECK err_code live_open(struct engine *engine, struct live **out, struct err *err);
/* Answers r with the site's stream; it ends with the connection or with the server. */
void live_answer(struct live *l, struct http_request *r, uint32_t site);
void live_close(struct live *l); /* after the last listener; NULL is allowed */

#endif
