/* schema.h: the configuration's tables, and how an older file becomes today's. */
#ifndef CAIRN_CONFIG_SCHEMA_H
#define CAIRN_CONFIG_SCHEMA_H

#include "config/db.h"

/* Runs the migrations that are missing, each in one transaction.  ERR_CORRUPT when the tables are
 * of a newer program than this. */
MUST_CHECK err_code schema_migrate(struct db *d, struct err *err);

#endif
