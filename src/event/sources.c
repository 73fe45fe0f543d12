#include "event/sources.h"

#include <stdlib.h>

static const struct source sources[] = {
    {"google.*", "google", SOURCE_SEARCH},
    {"bing.com", "bing", SOURCE_SEARCH},
    {"duckduckgo.com", "duckduckgo", SOURCE_SEARCH},
    {"search.yahoo.*", "yahoo", SOURCE_SEARCH},
    {"yahoo.*", "yahoo", SOURCE_SEARCH},
    {"baidu.com", "baidu", SOURCE_SEARCH},
    {"yandex.*", "yandex", SOURCE_SEARCH},
    {"ya.ru", "yandex", SOURCE_SEARCH},
    {"ecosia.org", "ecosia", SOURCE_SEARCH},
    {"qwant.com", "qwant", SOURCE_SEARCH},
    {"startpage.com", "startpage", SOURCE_SEARCH},
    {"startpagina.nl", "startpagina", SOURCE_SEARCH},
    {"search.brave.com", "brave", SOURCE_SEARCH},
    {"naver.com", "naver", SOURCE_SEARCH},
    {"daum.net", "daum", SOURCE_SEARCH},
    {"seznam.cz", "seznam", SOURCE_SEARCH},
    {"sogou.com", "sogou", SOURCE_SEARCH},
    {"so.com", "360", SOURCE_SEARCH},
    {"sm.cn", "shenma", SOURCE_SEARCH},
    {"petalsearch.com", "petal", SOURCE_SEARCH},
    {"search.aol.*", "aol", SOURCE_SEARCH},
    {"aol.com", "aol", SOURCE_SEARCH},
    {"ask.com", "ask", SOURCE_SEARCH},
    {"lycos.*", "lycos", SOURCE_SEARCH},
    {"dogpile.com", "dogpile", SOURCE_SEARCH},
    {"kagi.com", "kagi", SOURCE_SEARCH},
    {"mojeek.com", "mojeek", SOURCE_SEARCH},
    {"swisscows.com", "swisscows", SOURCE_SEARCH},
    {"metager.*", "metager", SOURCE_SEARCH},
    {"presearch.com", "presearch", SOURCE_SEARCH},
    {"coccoc.com", "coccoc", SOURCE_SEARCH},
    {"suche.t-online.de", "t-online", SOURCE_SEARCH},
    {"suche.web.de", "web.de", SOURCE_SEARCH},
    {"suche.gmx.net", "gmx", SOURCE_SEARCH},
    {"search.avira.com", "avira", SOURCE_SEARCH},
    {"search.naver.com", "naver", SOURCE_SEARCH},
    {"search.lilo.org", "lilo", SOURCE_SEARCH},
    {"infospace.com", "infospace", SOURCE_SEARCH},
    {"onet.pl", "onet", SOURCE_SEARCH},
    {"rambler.ru", "rambler", SOURCE_SEARCH},
    {"go.mail.ru", "mail.ru", SOURCE_SEARCH},
    {"virgilio.it", "virgilio", SOURCE_SEARCH},
    {"alohafind.com", "alohafind", SOURCE_SEARCH},
    {"search.marginalia.nu", "marginalia", SOURCE_SEARCH},

    {"facebook.com", "facebook", SOURCE_SOCIAL},
    {"fb.com", "facebook", SOURCE_SOCIAL},
    {"fb.me", "facebook", SOURCE_SOCIAL},
    {"messenger.com", "messenger", SOURCE_SOCIAL},
    {"instagram.com", "instagram", SOURCE_SOCIAL},
    {"threads.net", "threads", SOURCE_SOCIAL},
    {"threads.com", "threads", SOURCE_SOCIAL},
    {"twitter.com", "twitter", SOURCE_SOCIAL},
    {"x.com", "twitter", SOURCE_SOCIAL},
    {"t.co", "twitter", SOURCE_SOCIAL},
    {"linkedin.com", "linkedin", SOURCE_SOCIAL},
    {"lnkd.in", "linkedin", SOURCE_SOCIAL},
    {"com.linkedin.android", "linkedin", SOURCE_SOCIAL},
    {"pinterest.*", "pinterest", SOURCE_SOCIAL},
    {"pin.it", "pinterest", SOURCE_SOCIAL},
    {"reddit.com", "reddit", SOURCE_SOCIAL},
    {"redd.it", "reddit", SOURCE_SOCIAL},
    {"tumblr.com", "tumblr", SOURCE_SOCIAL},
    {"snapchat.com", "snapchat", SOURCE_SOCIAL},
    {"tiktok.com", "tiktok", SOURCE_SOCIAL},
    {"bsky.app", "bluesky", SOURCE_SOCIAL},
    {"mastodon.social", "mastodon", SOURCE_SOCIAL},
    {"mastodon.online", "mastodon", SOURCE_SOCIAL},
    {"mstdn.social", "mastodon", SOURCE_SOCIAL},
    {"fosstodon.org", "mastodon", SOURCE_SOCIAL},
    {"lemmy.world", "lemmy", SOURCE_SOCIAL},
    {"vk.com", "vk", SOURCE_SOCIAL},
    {"ok.ru", "odnoklassniki", SOURCE_SOCIAL},
    {"weibo.com", "weibo", SOURCE_SOCIAL},
    {"weixin.qq.com", "wechat", SOURCE_SOCIAL},
    {"wechat.com", "wechat", SOURCE_SOCIAL},
    {"xiaohongshu.com", "xiaohongshu", SOURCE_SOCIAL},
    {"zhihu.com", "zhihu", SOURCE_SOCIAL},
    {"quora.com", "quora", SOURCE_SOCIAL},
    {"discord.com", "discord", SOURCE_SOCIAL},
    {"t.me", "telegram", SOURCE_SOCIAL},
    {"telegram.org", "telegram", SOURCE_SOCIAL},
    {"org.telegram.messenger", "telegram", SOURCE_SOCIAL},
    {"whatsapp.com", "whatsapp", SOURCE_SOCIAL},
    {"wa.me", "whatsapp", SOURCE_SOCIAL},
    {"line.me", "line", SOURCE_SOCIAL},
    {"kakao.com", "kakao", SOURCE_SOCIAL},
    {"news.ycombinator.com", "hacker news", SOURCE_SOCIAL},
    {"lobste.rs", "lobsters", SOURCE_SOCIAL},
    {"stackoverflow.com", "stackoverflow", SOURCE_SOCIAL},
    {"stackexchange.com", "stackexchange", SOURCE_SOCIAL},
    {"xing.com", "xing", SOURCE_SOCIAL},
    {"nextdoor.*", "nextdoor", SOURCE_SOCIAL},
    {"meetup.com", "meetup", SOURCE_SOCIAL},
    {"slack.com", "slack", SOURCE_SOCIAL},
    {"teams.microsoft.com", "teams", SOURCE_SOCIAL},
    {"goodreads.com", "goodreads", SOURCE_SOCIAL},
    {"flipboard.com", "flipboard", SOURCE_SOCIAL},
    {"medium.com", "medium", SOURCE_SOCIAL},
    {"livejournal.com", "livejournal", SOURCE_SOCIAL},
    {"disqus.com", "disqus", SOURCE_SOCIAL},
    {"flickr.com", "flickr", SOURCE_SOCIAL},
    {"deviantart.com", "deviantart", SOURCE_SOCIAL},
    {"tripadvisor.*", "tripadvisor", SOURCE_SOCIAL},
    {"yelp.*", "yelp", SOURCE_SOCIAL},
    {"producthunt.com", "producthunt", SOURCE_SOCIAL},

    {"youtube.com", "youtube", SOURCE_VIDEO},
    {"youtu.be", "youtube", SOURCE_VIDEO},
    {"vimeo.com", "vimeo", SOURCE_VIDEO},
    {"twitch.tv", "twitch", SOURCE_VIDEO},
    {"dailymotion.com", "dailymotion", SOURCE_VIDEO},
    {"netflix.com", "netflix", SOURCE_VIDEO},
    {"disneyplus.com", "disneyplus", SOURCE_VIDEO},
    {"hulu.com", "hulu", SOURCE_VIDEO},
    {"bilibili.com", "bilibili", SOURCE_VIDEO},
    {"iqiyi.com", "iqiyi", SOURCE_VIDEO},
    {"youku.com", "youku", SOURCE_VIDEO},
    {"nicovideo.jp", "niconico", SOURCE_VIDEO},
    {"rutube.ru", "rutube", SOURCE_VIDEO},
    {"odysee.com", "odysee", SOURCE_VIDEO},
    {"rumble.com", "rumble", SOURCE_VIDEO},
    {"wistia.com", "wistia", SOURCE_VIDEO},
    {"ted.com", "ted", SOURCE_VIDEO},
    {"kick.com", "kick", SOURCE_VIDEO},

    {"amazon.*", "amazon", SOURCE_SHOPPING},
    {"ebay.*", "ebay", SOURCE_SHOPPING},
    {"etsy.com", "etsy", SOURCE_SHOPPING},
    {"walmart.com", "walmart", SOURCE_SHOPPING},
    {"aliexpress.com", "aliexpress", SOURCE_SHOPPING},
    {"alibaba.com", "alibaba", SOURCE_SHOPPING},
    {"shop.app", "shopify", SOURCE_SHOPPING},
    {"shopify.com", "shopify", SOURCE_SHOPPING},
    {"shopping.google.*", "google shopping", SOURCE_SHOPPING},
    {"shopping.yahoo.*", "yahoo shopping", SOURCE_SHOPPING},
    {"igshopping", "igshopping", SOURCE_SHOPPING},
    {"mercadolibre.*", "mercadolibre", SOURCE_SHOPPING},
    {"mercadolivre.com.br", "mercadolivre", SOURCE_SHOPPING},
    {"rakuten.*", "rakuten", SOURCE_SHOPPING},
    {"idealo.*", "idealo", SOURCE_SHOPPING},
    {"billiger.de", "billiger.de", SOURCE_SHOPPING},
    {"geizhals.*", "geizhals", SOURCE_SHOPPING},
    {"kelkoo.*", "kelkoo", SOURCE_SHOPPING},
    {"pricerunner.*", "pricerunner", SOURCE_SHOPPING},
    {"ceneo.pl", "ceneo", SOURCE_SHOPPING},
    {"heureka.*", "heureka", SOURCE_SHOPPING},
    {"shopzilla.com", "shopzilla", SOURCE_SHOPPING},
    {"pricegrabber.com", "pricegrabber", SOURCE_SHOPPING},
    {"target.com", "target", SOURCE_SHOPPING},
    {"bestbuy.com", "bestbuy", SOURCE_SHOPPING},
    {"temu.com", "temu", SOURCE_SHOPPING},
    {"wish.com", "wish", SOURCE_SHOPPING},
    {"flipkart.com", "flipkart", SOURCE_SHOPPING},
    {"zalando.*", "zalando", SOURCE_SHOPPING},
    {"allegro.pl", "allegro", SOURCE_SHOPPING},
    {"bol.com", "bol", SOURCE_SHOPPING},
    {"taobao.com", "taobao", SOURCE_SHOPPING},
    {"tmall.com", "tmall", SOURCE_SHOPPING},

    {"chatgpt.com", "chatgpt", SOURCE_AI},
    {"chat.openai.com", "chatgpt", SOURCE_AI},
    {"openai.com", "openai", SOURCE_AI},
    {"gemini.google.com", "gemini", SOURCE_AI},
    {"bard.google.com", "gemini", SOURCE_AI},
    {"notebooklm.google.com", "notebooklm", SOURCE_AI},
    {"copilot.microsoft.com", "copilot", SOURCE_AI},
    {"copilot.cloud.microsoft", "copilot", SOURCE_AI},
    {"m365.cloud.microsoft", "copilot", SOURCE_AI},
    {"claude.ai", "claude", SOURCE_AI},
    {"anthropic.com", "anthropic", SOURCE_AI},
    {"perplexity.ai", "perplexity", SOURCE_AI},
    {"grok.com", "grok", SOURCE_AI},
    {"x.ai", "grok", SOURCE_AI},
    {"deepseek.com", "deepseek", SOURCE_AI},
    {"mistral.ai", "mistral", SOURCE_AI},
    {"meta.ai", "meta ai", SOURCE_AI},
    {"you.com", "you.com", SOURCE_AI},
    {"phind.com", "phind", SOURCE_AI},
    {"poe.com", "poe", SOURCE_AI},
    {"duck.ai", "duck.ai", SOURCE_AI},
    {"kimi.com", "kimi", SOURCE_AI},
    {"doubao.com", "doubao", SOURCE_AI},
    {"qwen.ai", "qwen", SOURCE_AI},
    {"pi.ai", "pi", SOURCE_AI},
    {"iask.ai", "iask", SOURCE_AI},
    {"character.ai", "character.ai", SOURCE_AI},

    {"mail.google.com", "gmail", SOURCE_EMAIL},
    {"com.google.android.gm", "gmail", SOURCE_EMAIL},
    {"mail.yahoo.*", "yahoo mail", SOURCE_EMAIL},
    {"outlook.live.com", "outlook", SOURCE_EMAIL},
    {"outlook.office.com", "outlook", SOURCE_EMAIL},
    {"outlook.office365.com", "outlook", SOURCE_EMAIL},
    {"mail.aol.com", "aol mail", SOURCE_EMAIL},
    {"e.mail.ru", "mail.ru mail", SOURCE_EMAIL},
    {"mail.yandex.*", "yandex mail", SOURCE_EMAIL},
    {"mail.proton.me", "proton mail", SOURCE_EMAIL},
    {"mail.163.com", "163 mail", SOURCE_EMAIL},
    {"mail.qq.com", "qq mail", SOURCE_EMAIL},
    {"navigator.gmx.net", "gmx mail", SOURCE_EMAIL},
    {"navigator.web.de", "web.de mail", SOURCE_EMAIL},
    {"mail.zoho.com", "zoho mail", SOURCE_EMAIL},
    {"list-manage.com", "mailchimp", SOURCE_EMAIL},
};

/* "google.*" also means google.co.uk: a country's name of two letters, maybe behind com, co and the
 * like. */
static bool is_public_suffix(struct str s)
{
    struct str second, first = str_cut(s, '.', &second);
    if (second.n == 0) return first.n >= 2 && first.n <= 4;
    bool generic = str_is(first, "com") || str_is(first, "co") || str_is(first, "org") ||
                   str_is(first, "net") || str_is(first, "ne") || str_is(first, "or");
    return generic && second.n == 2;
}

/* The host itself or one above it: `pattern` matched at the end of `host`, on a label's border. */
static bool host_matches(struct str host, struct str pattern)
{
    if (!str_ends(pattern, STR(".*"))) {
        if (!str_ends(host, pattern)) return false;
        return host.n == pattern.n || host.p[host.n - pattern.n - 1] == '.';
    }
    struct str stem = str_sub(pattern, 0, pattern.n - 1); /* with its dot */
    for (size_t i = 0; i + stem.n <= host.n; i++) {
        if (i > 0 && host.p[i - 1] != '.') continue;
        struct str rest = str_sub(host, i, host.n);
        if (str_begins(rest, stem) && is_public_suffix(str_sub(rest, stem.n, rest.n))) return true;
    }
    return false;
}

const struct source *source_of_host(struct str host)
{
    const struct source *best = NULL;
    size_t best_n = 0;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct str pattern = str_of(sources[i].host);
        if (pattern.n <= best_n || !host_matches(host, pattern)) continue;
        best = &sources[i];
        best_n = pattern.n;
    }
    return best;
}

enum source_kind source_kind_of(struct str source)
{
    char low[128];
    if (source.n == 0 || source.n >= sizeof low) return SOURCE_UNKNOWN;
    for (size_t i = 0; i < source.n; i++) {
        char c = source.p[i];
        low[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    struct str s = {low, source.n};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (str_is(s, sources[i].name)) return sources[i].kind;
    static const struct source tags[] = {
        /* How campaigns call them in utm_source. */
        {"", "fb", SOURCE_SOCIAL},      {"", "ig", SOURCE_SOCIAL},
        {"", "meta", SOURCE_SOCIAL},    {"", "x", SOURCE_SOCIAL},
        {"", "adwords", SOURCE_SEARCH}, {"", "googleads", SOURCE_SEARCH},
        {"", "yt", SOURCE_VIDEO},       {"", "newsletter", SOURCE_EMAIL},
        {"", "openai", SOURCE_AI},      {"", "social", SOURCE_SOCIAL},
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (str_is(s, tags[i].name)) return tags[i].kind;
    const struct source *found = str_find(s, '.') < s.n ? source_of_host(s) : NULL;
    return found ? found->kind : SOURCE_UNKNOWN;
}

const char *source_medium(enum source_kind kind)
{
    switch (kind) {
    case SOURCE_SEARCH: return "organic";
    case SOURCE_SOCIAL: return "social";
    case SOURCE_VIDEO: return "video";
    case SOURCE_AI: return "ai-assistant";
    case SOURCE_EMAIL: return "email";
    case SOURCE_SHOPPING:
    case SOURCE_UNKNOWN: break;
    }
    return "referral";
}

static const struct click_id click_ids[] = {
    /* sorted by name */
    {"_branch_match_id", NULL, NULL},
    {"dclid", "google", "display"},
    {"ef_id", NULL, NULL},
    {"epik", "pinterest", "cpc"},
    {"fbclid", "facebook", "cpc"},
    {"gad_campaignid", NULL, NULL},
    {"gad_source", NULL, NULL},
    {"gbraid", "google", "cpc"},
    {"gclid", "google", "cpc"},
    {"gclsrc", NULL, NULL},
    {"igsh", NULL, NULL},
    {"igshid", NULL, NULL},
    {"irclickid", "impact", "affiliate"},
    {"li_fat_id", "linkedin", "cpc"},
    {"msclkid", "bing", "cpc"},
    {"obclid", "outbrain", "cpc"},
    {"qclid", "quora", "cpc"},
    {"rdt_cid", "reddit", "cpc"},
    {"s_kwcid", NULL, NULL},
    {"sccid", "snapchat", "cpc"},
    {"srsltid", NULL, NULL},
    {"tblci", "taboola", "cpc"},
    {"ttclid", "tiktok", "cpc"},
    {"twclid", "twitter", "cpc"},
    {"wbraid", "google", "cpc"},
    {"yclid", "yandex", "cpc"},
    {"ysclid", NULL, NULL},
    {"zanpid", "awin", "affiliate"},
};

static int compare_click_id(const void *key, const void *entry)
{
    return str_cmp(*(const struct str *)key, str_of(((const struct click_id *)entry)->name));
}

const struct click_id *click_id_named(struct str name)
{
    return bsearch(&name, click_ids, sizeof click_ids / sizeof *click_ids, sizeof *click_ids,
                   compare_click_id);
}
