/* doctor.h: how a data folder is, in numbers: what `cairn doctor` and GET /api/v1/doctor tell. */
#ifndef CAIRN_API_DOCTOR_H
#define CAIRN_API_DOCTOR_H

#include <jansson.h>

#include "engine/engine.h"

/* {"journal":{..},"store":{..},"sites":[{"key","events","bots","journeys":{..}}]}, a new reference.
 */
MUST_CHECK err_code doctor_json(struct engine *e, json_t **out, struct err *err);

#endif
