/* log.h: one `key=value` line an event on standard error, for an operator.
 *
 * No IP address, visitor id, user agent, token or password above debug level. */
#ifndef CAIRN_BASE_LOG_H
#define CAIRN_BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level); /* one of the two process-wide settings; default info */

/* log_line(LOG_INFO, "segment_merged", "site=%u events=%zu took_ms=%d", ...).  Thread-safe;
 * control characters in the finished line become '?'. */
void log_line(enum log_level level, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
