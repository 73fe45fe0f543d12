#include "import/log_page.h"

#include <inttypes.h>

const char *const log_meaning_names[MEANS_N] = {
#define X(suffix, name) #name,
    LOG_MEANINGS(X)
#undef X
};

/* Sorted lists would be quicker; most paths have no extension or one of the first. */
static bool is_one_of(struct str extension, const char *list)
{
    struct str rest = str_of(list);
    while (rest.n)
        if (str_eq_nocase(str_cut(rest, ' ', &rest), extension)) return true;
    return false;
}

static const char parts[] =
    "css js png jpg gif svg ico jpeg webp woff2 woff map mjs json xml avif ttf "
    "otf eot bmp svgz wasm swf class webmanifest rss atom cur";
static const char files[] =
    "pdf zip gz tar tgz bz2 xz 7z rar dmg exe msi deb rpm apk iso jar doc docx "
    "xls xlsx ppt pptx odt ods odp rtf csv txt epub mobi mp3 m4a ogg wav flac "
    "aac mp4 m4v mov mkv webm avi wmv mpg mpeg";

static struct str path_of(struct str target)
{
    struct str rest;
    target = str_cut(target, '?', &rest);
    target = str_cut(target, '#', &rest);
    return target;
}

static struct str extension_of(struct str path)
{
    for (size_t i = path.n; i-- > 0;) {
        if (path.p[i] == '/') break;
        if (path.p[i] == '.') return str_sub(path, i + 1, path.n);
    }
    return STR_NONE;
}

enum log_meaning log_meaning(const struct log_line *line, struct str *extension)
{
    struct str path = path_of(line->target);
    *extension = extension_of(path);
    if (!str_is(line->method, "GET")) return MEANS_METHOD;
    if (str_ends(path, STR("/robots.txt"))) return MEANS_ROBOTS;
    if (line->status >= 400) return MEANS_ERROR;
    if (line->status == 206 || line->status < 200) return MEANS_PARTIAL;
    if (line->status >= 300 && line->status != 304) return MEANS_REDIRECT;
    if (extension->n == 0 || extension->n > 12) return MEANS_PAGEVIEW;
    if (is_one_of(*extension, parts)) return MEANS_STATIC;
    if (is_one_of(*extension, files)) return MEANS_DOWNLOAD;
    return MEANS_PAGEVIEW;
}

/* A text of a log as a JSON string.  Bytes that are no UTF-8, and control characters, become %XX,
 * as they would be in an address: no line is lost for them. */
static void write_text(struct buf *out, struct str s)
{
    bool plain = str_is_utf8(s);
    for (size_t i = 0; i < s.n && plain; i++) plain = (unsigned char)s.p[i] >= 0x20;
    if (plain) {
        json_write_text(out, s);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x7f) buf_printf(out, "%%%02X", c);
        else if (c == '"' || c == '\\') buf_printf(out, "\\%c", c);
        else buf_char(out, (char)c);
    }
    buf_char(out, '"');
}

static void member(struct buf *out, const char *name, struct str s)
{
    if (s.n == 0) return;
    buf_printf(out, ",\"%s\":", name);
    write_text(out, s);
}

/* A line that names no host is of the site's own: its address is then the path alone. */
static void write_url(struct buf *out, const struct log_line *line)
{
    struct buf url = {0};
    bool absolute =
        str_begins(line->target, STR("http://")) || str_begins(line->target, STR("https://"));
    if (!absolute && line->host.n) {
        buf_z(&url, "https://");
        buf_str(&url, line->host);
    }
    if (!absolute && line->target.n && line->target.p[0] != '/') buf_char(&url, '/');
    buf_str(&url, line->target);
    if (!url.bad) write_text(out, buf_view(&url));
    out->bad |= url.bad;
    buf_free(&url);
}

void log_event_json(struct buf *out, const struct log_line *line, enum log_meaning meaning,
                    struct str extension, bool known, struct str id)
{
    buf_printf(out, "{\"at\":%" PRId64, line->at_ms);
    member(out, "id", id);
    buf_z(out, ",\"url\":");
    write_url(out, line);
    member(out, "referrer", line->referrer);
    member(out, "ip", line->ip);
    member(out, "user_agent", line->user_agent);
    if (known) member(out, "user", line->user);
    if (meaning == MEANS_DOWNLOAD) {
        buf_z(out, ",\"name\":\"file_download\",\"props\":{\"extension\":");
        write_text(out, extension);
        buf_z(out, ",\"url\":");
        write_url(out, line);
        buf_char(out, '}');
    }
    buf_char(out, '}');
}
