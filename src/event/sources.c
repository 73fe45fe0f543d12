#include "event/sources.h"

#include <stdlib.h>

/* Lengths are counted when Cairn is built: the table is walked for every visit from elsewhere. */
#define S(host, name, kind)                                                                        \
    {                                                                                              \
        {host, sizeof host - 1}, {name, sizeof name - 1}, SOURCE_##kind                            \
    }

static const struct source sources[] = {
    S("google.*", "google", SEARCH),
    S("bing.com", "bing", SEARCH),
    S("duckduckgo.com", "duckduckgo", SEARCH),
    S("search.yahoo.*", "yahoo", SEARCH),
    S("yahoo.*", "yahoo", SEARCH),
    S("baidu.com", "baidu", SEARCH),
    S("yandex.*", "yandex", SEARCH),
    S("ya.ru", "yandex", SEARCH),
    S("ecosia.org", "ecosia", SEARCH),
    S("qwant.com", "qwant", SEARCH),
    S("startpage.com", "startpage", SEARCH),
    S("startpagina.nl", "startpagina", SEARCH),
    S("search.brave.com", "brave", SEARCH),
    S("naver.com", "naver", SEARCH),
    S("daum.net", "daum", SEARCH),
    S("seznam.cz", "seznam", SEARCH),
    S("sogou.com", "sogou", SEARCH),
    S("so.com", "360", SEARCH),
    S("sm.cn", "shenma", SEARCH),
    S("petalsearch.com", "petal", SEARCH),
    S("search.aol.*", "aol", SEARCH),
    S("aol.com", "aol", SEARCH),
    S("ask.com", "ask", SEARCH),
    S("lycos.*", "lycos", SEARCH),
    S("dogpile.com", "dogpile", SEARCH),
    S("kagi.com", "kagi", SEARCH),
    S("mojeek.com", "mojeek", SEARCH),
    S("swisscows.com", "swisscows", SEARCH),
    S("metager.*", "metager", SEARCH),
    S("presearch.com", "presearch", SEARCH),
    S("coccoc.com", "coccoc", SEARCH),
    S("suche.t-online.de", "t-online", SEARCH),
    S("suche.web.de", "web.de", SEARCH),
    S("suche.gmx.net", "gmx", SEARCH),
    S("search.avira.com", "avira", SEARCH),
    S("search.naver.com", "naver", SEARCH),
    S("search.lilo.org", "lilo", SEARCH),
    S("infospace.com", "infospace", SEARCH),
    S("onet.pl", "onet", SEARCH),
    S("rambler.ru", "rambler", SEARCH),
    S("go.mail.ru", "mail.ru", SEARCH),
    S("virgilio.it", "virgilio", SEARCH),
    S("alohafind.com", "alohafind", SEARCH),
    S("search.marginalia.nu", "marginalia", SEARCH),

    S("facebook.com", "facebook", SOCIAL),
    S("fb.com", "facebook", SOCIAL),
    S("fb.me", "facebook", SOCIAL),
    S("messenger.com", "messenger", SOCIAL),
    S("instagram.com", "instagram", SOCIAL),
    S("threads.net", "threads", SOCIAL),
    S("threads.com", "threads", SOCIAL),
    S("twitter.com", "twitter", SOCIAL),
    S("x.com", "twitter", SOCIAL),
    S("t.co", "twitter", SOCIAL),
    S("linkedin.com", "linkedin", SOCIAL),
    S("lnkd.in", "linkedin", SOCIAL),
    S("com.linkedin.android", "linkedin", SOCIAL),
    S("pinterest.*", "pinterest", SOCIAL),
    S("pin.it", "pinterest", SOCIAL),
    S("reddit.com", "reddit", SOCIAL),
    S("redd.it", "reddit", SOCIAL),
    S("tumblr.com", "tumblr", SOCIAL),
    S("snapchat.com", "snapchat", SOCIAL),
    S("tiktok.com", "tiktok", SOCIAL),
    S("bsky.app", "bluesky", SOCIAL),
    S("mastodon.social", "mastodon", SOCIAL),
    S("mastodon.online", "mastodon", SOCIAL),
    S("mstdn.social", "mastodon", SOCIAL),
    S("fosstodon.org", "mastodon", SOCIAL),
    S("lemmy.world", "lemmy", SOCIAL),
    S("vk.com", "vk", SOCIAL),
    S("ok.ru", "odnoklassniki", SOCIAL),
    S("weibo.com", "weibo", SOCIAL),
    S("weixin.qq.com", "wechat", SOCIAL),
    S("wechat.com", "wechat", SOCIAL),
    S("xiaohongshu.com", "xiaohongshu", SOCIAL),
    S("zhihu.com", "zhihu", SOCIAL),
    S("quora.com", "quora", SOCIAL),
    S("discord.com", "discord", SOCIAL),
    S("t.me", "telegram", SOCIAL),
    S("telegram.org", "telegram", SOCIAL),
    S("org.telegram.messenger", "telegram", SOCIAL),
    S("whatsapp.com", "whatsapp", SOCIAL),
    S("wa.me", "whatsapp", SOCIAL),
    S("line.me", "line", SOCIAL),
    S("kakao.com", "kakao", SOCIAL),
    S("news.ycombinator.com", "hacker news", SOCIAL),
    S("lobste.rs", "lobsters", SOCIAL),
    S("stackoverflow.com", "stackoverflow", SOCIAL),
    S("stackexchange.com", "stackexchange", SOCIAL),
    S("xing.com", "xing", SOCIAL),
    S("nextdoor.*", "nextdoor", SOCIAL),
    S("meetup.com", "meetup", SOCIAL),
    S("slack.com", "slack", SOCIAL),
    S("teams.microsoft.com", "teams", SOCIAL),
    S("goodreads.com", "goodreads", SOCIAL),
    S("flipboard.com", "flipboard", SOCIAL),
    S("medium.com", "medium", SOCIAL),
    S("livejournal.com", "livejournal", SOCIAL),
    S("disqus.com", "disqus", SOCIAL),
    S("flickr.com", "flickr", SOCIAL),
    S("deviantart.com", "deviantart", SOCIAL),
    S("tripadvisor.*", "tripadvisor", SOCIAL),
    S("yelp.*", "yelp", SOCIAL),
    S("producthunt.com", "producthunt", SOCIAL),

    S("youtube.com", "youtube", VIDEO),
    S("youtu.be", "youtube", VIDEO),
    S("vimeo.com", "vimeo", VIDEO),
    S("twitch.tv", "twitch", VIDEO),
    S("dailymotion.com", "dailymotion", VIDEO),
    S("netflix.com", "netflix", VIDEO),
    S("disneyplus.com", "disneyplus", VIDEO),
    S("hulu.com", "hulu", VIDEO),
    S("bilibili.com", "bilibili", VIDEO),
    S("iqiyi.com", "iqiyi", VIDEO),
    S("youku.com", "youku", VIDEO),
    S("nicovideo.jp", "niconico", VIDEO),
    S("rutube.ru", "rutube", VIDEO),
    S("odysee.com", "odysee", VIDEO),
    S("rumble.com", "rumble", VIDEO),
    S("wistia.com", "wistia", VIDEO),
    S("ted.com", "ted", VIDEO),
    S("kick.com", "kick", VIDEO),

    S("amazon.*", "amazon", SHOPPING),
    S("ebay.*", "ebay", SHOPPING),
    S("etsy.com", "etsy", SHOPPING),
    S("walmart.com", "walmart", SHOPPING),
    S("aliexpress.com", "aliexpress", SHOPPING),
    S("alibaba.com", "alibaba", SHOPPING),
    S("shop.app", "shopify", SHOPPING),
    S("shopify.com", "shopify", SHOPPING),
    S("shopping.google.*", "google shopping", SHOPPING),
    S("shopping.yahoo.*", "yahoo shopping", SHOPPING),
    S("igshopping", "igshopping", SHOPPING),
    S("mercadolibre.*", "mercadolibre", SHOPPING),
    S("mercadolivre.com.br", "mercadolivre", SHOPPING),
    S("rakuten.*", "rakuten", SHOPPING),
    S("idealo.*", "idealo", SHOPPING),
    S("billiger.de", "billiger.de", SHOPPING),
    S("geizhals.*", "geizhals", SHOPPING),
    S("kelkoo.*", "kelkoo", SHOPPING),
    S("pricerunner.*", "pricerunner", SHOPPING),
    S("ceneo.pl", "ceneo", SHOPPING),
    S("heureka.*", "heureka", SHOPPING),
    S("shopzilla.com", "shopzilla", SHOPPING),
    S("pricegrabber.com", "pricegrabber", SHOPPING),
    S("target.com", "target", SHOPPING),
    S("bestbuy.com", "bestbuy", SHOPPING),
    S("temu.com", "temu", SHOPPING),
    S("wish.com", "wish", SHOPPING),
    S("flipkart.com", "flipkart", SHOPPING),
    S("zalando.*", "zalando", SHOPPING),
    S("allegro.pl", "allegro", SHOPPING),
    S("bol.com", "bol", SHOPPING),
    S("taobao.com", "taobao", SHOPPING),
    S("tmall.com", "tmall", SHOPPING),

    S("chatgpt.com", "chatgpt", AI),
    S("chat.openai.com", "chatgpt", AI),
    S("openai.com", "openai", AI),
    S("gemini.google.com", "gemini", AI),
    S("bard.google.com", "gemini", AI),
    S("notebooklm.google.com", "notebooklm", AI),
    S("copilot.microsoft.com", "copilot", AI),
    S("copilot.cloud.microsoft", "copilot", AI),
    S("m365.cloud.microsoft", "copilot", AI),
    S("claude.ai", "claude", AI),
    S("anthropic.com", "anthropic", AI),
    S("perplexity.ai", "perplexity", AI),
    S("grok.com", "grok", AI),
    S("x.ai", "grok", AI),
    S("deepseek.com", "deepseek", AI),
    S("mistral.ai", "mistral", AI),
    S("meta.ai", "meta ai", AI),
    S("you.com", "you.com", AI),
    S("phind.com", "phind", AI),
    S("poe.com", "poe", AI),
    S("duck.ai", "duck.ai", AI),
    S("kimi.com", "kimi", AI),
    S("doubao.com", "doubao", AI),
    S("qwen.ai", "qwen", AI),
    S("pi.ai", "pi", AI),
    S("iask.ai", "iask", AI),
    S("character.ai", "character.ai", AI),

    S("mail.google.com", "gmail", EMAIL),
    S("com.google.android.gm", "gmail", EMAIL),
    S("mail.yahoo.*", "yahoo mail", EMAIL),
    S("outlook.live.com", "outlook", EMAIL),
    S("outlook.office.com", "outlook", EMAIL),
    S("outlook.office365.com", "outlook", EMAIL),
    S("mail.aol.com", "aol mail", EMAIL),
    S("e.mail.ru", "mail.ru mail", EMAIL),
    S("mail.yandex.*", "yandex mail", EMAIL),
    S("mail.proton.me", "proton mail", EMAIL),
    S("mail.163.com", "163 mail", EMAIL),
    S("mail.qq.com", "qq mail", EMAIL),
    S("navigator.gmx.net", "gmx mail", EMAIL),
    S("navigator.web.de", "web.de mail", EMAIL),
    S("mail.zoho.com", "zoho mail", EMAIL),
    S("list-manage.com", "mailchimp", EMAIL),
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
    if (pattern.p[pattern.n - 1] != '*') {
        if (host.n < pattern.n || host.p[host.n - 1] != pattern.p[pattern.n - 1]) return false;
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
        struct str pattern = sources[i].host;
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
        if (str_eq(s, sources[i].name)) return sources[i].kind;
    static const struct source tags[] = {
        /* How campaigns call them in utm_source. */
        S("", "fb", SOCIAL),     S("", "ig", SOCIAL),        S("", "meta", SOCIAL),
        S("", "x", SOCIAL),      S("", "adwords", SEARCH),   S("", "googleads", SEARCH),
        S("", "yt", VIDEO),      S("", "newsletter", EMAIL), S("", "openai", AI),
        S("", "social", SOCIAL),
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (str_eq(s, tags[i].name)) return tags[i].kind;
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
