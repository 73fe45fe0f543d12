#include "ingest/geo.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>

struct geo {
    MMDB_s db;
    bool is_open;
};

err_code geo_open(const char *path, struct geo **out, struct err *err)
{
    struct geo *g = calloc(1, sizeof *g);
    if (!g) return err_set(err, ERR_NOMEM, 0, "open the country file");
    if (path) {
        int code = MMDB_open(path, MMDB_MODE_MMAP, &g->db);
        if (code != MMDB_SUCCESS) {
            free(g);
            err_code kind =
                code == MMDB_FILE_OPEN_ERROR || code == MMDB_IO_ERROR ? ERR_IO : ERR_CORRUPT;
            return err_set(err, kind, 0, "open %s: %s", path, MMDB_strerror(code));
        }
        g->is_open = true;
    }
    *out = g;
    return ERR_OK;
}

void geo_close(struct geo *g)
{
    if (!g) return;
    if (g->is_open) MMDB_close(&g->db);
    free(g);
}

static struct str text_at(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;
    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return STR_NONE;
    struct str s = {data.utf8_string, data.data_size};
    return str_is_utf8(s) ? s : STR_NONE;
}

struct place geo_find(const struct geo *g, struct str ip)
{
    char text[64];
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    if (!g->is_open || ip.n == 0 || ip.n >= sizeof text) return (struct place){0};
    struct str v4_mapped = STR("::ffff:");
    if (ip.n > v4_mapped.n && str_eq_nocase(str_sub(ip, 0, v4_mapped.n), v4_mapped))
        ip = str_sub(ip, v4_mapped.n, ip.n);
    memcpy(text, ip.p, ip.n);
    text[ip.n] = 0;
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) address.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1)
        address.any.sa_family = AF_INET6;
    else return (struct place){0};
    int error;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&g->db, &address.any, &error);
    if (error != MMDB_SUCCESS || !found.found_entry) return (struct place){0};
    /* MaxMind's shape, then the flat one of ip-location-db. */
    struct place p = {
        .country = text_at(&found.entry, (const char *const[]){"country", "iso_code", NULL}),
        .region =
            text_at(&found.entry, (const char *const[]){"subdivisions", "0", "names", "en", NULL}),
        .city = text_at(&found.entry, (const char *const[]){"city", "names", "en", NULL}),
    };
    if (p.country.n == 0)
        p.country = text_at(&found.entry, (const char *const[]){"country_code", NULL});
    if (p.region.n == 0) p.region = text_at(&found.entry, (const char *const[]){"state1", NULL});
    if (p.city.n == 0) p.city = text_at(&found.entry, (const char *const[]){"city", NULL});
    return p;
}
