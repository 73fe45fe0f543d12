/* health.c: is it there, can it work, and how much has it done: for load balancers and Prometheus.
 */
#include <inttypes.h>

#include "api/exchange.h"

void health_handle(struct api *a, struct http_request *r, bool ready)
{
    http_add_header(r, "Cache-Control", "no-store");
    /* Alive is whoever answers; ready is who can keep what it is sent. */
    if (ready && journal_stats(a->engine->journal).failed)
        http_answer_static(r, 503, "text/plain", STR("the journal cannot be written\n"));
    else http_answer_static(r, 200, "text/plain", STR("ok\n"));
}

static void metric(struct buf *b, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
               value);
}

/* The text format, version 0.0.4. */
void metrics_handle(struct api *a, struct http_request *r)
{
    struct buf b = {0};
    struct journal_stats j = journal_stats(a->engine->journal);
    struct http_stats h = {0};
    const struct http_server *server = atomic_load_explicit(&a->server, memory_order_acquire);
    if (server) h = http_stats(server);
    int64_t up_ms = clock_now_ms(a->engine->clock) - a->started_ms;
    metric(&b, "cairn_uptime_seconds", "gauge", "Since this server started.",
           (uint64_t)(up_ms / 1000));
    metric(&b, "cairn_http_requests_total", "counter", "Requests answered.", h.requests);
    buf_z(&b, "# HELP cairn_http_answers_total Answers by the first digit of their status.\n"
              "# TYPE cairn_http_answers_total counter\n");
    for (size_t i = 1; i < 6; i++)
        buf_printf(&b, "cairn_http_answers_total{status=\"%zuxx\"} %" PRIu64 "\n", i,
                   h.by_status[i]);
    metric(&b, "cairn_http_connections", "gauge", "Connections open now.", h.open_connections);
    metric(&b, "cairn_events_appended_total", "counter",
           "Events given to the journal since the start.", j.appended);
    metric(&b, "cairn_journal_syncs_total", "counter", "Group commits since the start.", j.syncs);
    metric(&b, "cairn_journal_bytes_total", "counter", "Bytes written to the journal.", j.bytes);
    metric(&b, "cairn_journal_queued_bytes", "gauge", "Accepted and not yet on disk.",
           j.queued_bytes);
    metric(&b, "cairn_journal_segments", "gauge", "Files of the journal.", j.segments);
    metric(&b, "cairn_journal_failed", "gauge", "1 when the journal cannot be written.", j.failed);
    metric(&b, "cairn_store_lag_events", "gauge", "Events not yet in the store.",
           engine_store_lag(a->engine));
    metric(&b, "cairn_workers_waiting", "gauge", "Reports and the like that wait for a thread.",
           workers_waiting(a->workers));
    http_add_header(r, "Cache-Control", "no-store");
    if (b.bad) answer_status(r, 503, "overloaded", "out of memory");
    else http_answer(r, 200, "text/plain; version=0.0.4; charset=utf-8", buf_view(&b));
    buf_free(&b);
}
