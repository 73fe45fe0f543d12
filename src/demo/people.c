#include "demo/people.h"

#include <math.h>

enum { DAY_MS = 86400000, HOUR_MS = 3600000, MAX_VISITS = 12 };

static const struct way_in ways[] = {
    {"", "", "", "", "", "", .22, .30}, /* typed or bookmarked */
    {"google", "organic", "", "https://www.google.com/", "www.google.com", "", .30, .24},
    {"google", "cpc", "autumn-boots", "https://www.google.com/", "www.google.com", "gclid", .13,
     .34},
    {"bing", "organic", "", "https://www.bing.com/", "www.bing.com", "", .04, .24},
    {"instagram", "social", "", "https://l.instagram.com/", "l.instagram.com", "", .09, .08},
    {"facebook", "paid_social", "lookbook", "https://l.facebook.com/", "l.facebook.com", "fbclid",
     .07, .10},
    {"youtube", "video", "", "https://www.youtube.com/", "www.youtube.com", "", .03, .12},
    {"hiking-blog.example", "referral", "", "https://hiking-blog.example/best-boots",
     "hiking-blog.example", "", .06, .38},
    {"chatgpt", "ai-assistant", "", "https://chatgpt.com/", "chatgpt.com", "", .03, .32},
    {"newsletter", "email", "october-paths", "", "", "", .03, .42},
};
enum { N_WAYS = sizeof ways / sizeof *ways, WAY_DIRECT = 0, WAY_MAIL = N_WAYS - 1 };

static const struct machine machines[] = {
    {"mobile", "Safari", "iOS", "390x844", .31, true},
    {"mobile", "Chrome", "Android", "412x915", .29, true},
    {"desktop", "Chrome", "Windows", "1920x1080", .19, false},
    {"desktop", "Safari", "macOS", "1440x900", .08, false},
    {"desktop", "Firefox", "Linux", "1920x1080", .04, false},
    {"desktop", "Edge", "Windows", "1536x864", .05, false},
    {"tablet", "Safari", "iPadOS", "820x1180", .04, false},
};

static const struct place places[] = {
    {"DE", "de", "Europe/Berlin", .52},    {"AT", "de", "Europe/Vienna", .14},
    {"CH", "de", "Europe/Zurich", .11},    {"NL", "nl", "Europe/Amsterdam", .08},
    {"FR", "fr", "Europe/Paris", .06},     {"GB", "en", "Europe/London", .05},
    {"US", "en", "America/New_York", .04},
};

/* Picks by share; `stride` and the share's offset let one loop serve the three tables. */
static size_t pick(double u, const double *share, size_t stride, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        u -= *(const double *)(const void *)((const char *)share + i * stride);
        if (u < 0) return i;
    }
    return n - 1;
}

static uint64_t stream(const struct shop_options *o, uint32_t person, uint32_t what)
{
    return hash_mix(o->seed ^ hash_mix((uint64_t)person << 8 | what));
}

enum { STREAM_PERSON, STREAM_VISITS, STREAM_WAY };

struct person person_of(const struct shop_options *o, uint32_t number)
{
    uint64_t r = stream(o, number, STREAM_PERSON);
    struct person p;
    p.first = &ways[pick(rand_unit(&r), &ways[0].share, sizeof ways[0], N_WAYS)];
    p.machine = &machines[pick(rand_unit(&r), &machines[0].share, sizeof machines[0],
                               sizeof machines / sizeof *machines)];
    p.place = &places[pick(rand_unit(&r), &places[0].share, sizeof places[0],
                           sizeof places / sizeof *places)];
    p.eager = rand_unit(&r) < p.first->eager;
    p.consented = rand_unit(&r) < .38;
    return p;
}

const struct way_in *person_way_in(const struct shop_options *o, const struct person *p,
                                   const struct visit *v)
{
    if (v->number == 0) return p->first;
    uint64_t r = stream(o, v->person, STREAM_WAY) + v->number;
    double u = rand_unit(&r);
    return u < .55 ? &ways[WAY_DIRECT] : u < .7 ? &ways[WAY_MAIL] : p->first;
}

uint64_t person_visitor(const struct shop_options *o, const struct person *p, const struct visit *v)
{
    char id[64];
    int64_t day = p->consented ? 0 : v->start_ms / DAY_MS;
    int n = snprintf(id, sizeof id, "demo %u %lld", v->person, (long long)day);
    return hash_sip(o->id_key, (struct str){id, (size_t)n});
}

/* How busy a day is: weekends and Mondays more, a slow wave over the year, growth, the newsletter.
 */
static double day_weight(int64_t day, int index, int days)
{
    static const double weekday[] = {1.0,  .92, .95, 1.08,
                                     1.02, .88, 1.12}; /* from Thursday, 1970-01-01 */
    double season = 1 + .18 * sin(2 * 3.14159265358979 * (double)(day % 365) / 365.0);
    double growth = 1 + .25 * (double)index / (double)days;
    double mail = day % 14 == 5 ? 1.45 : day % 14 == 6 ? 1.15 : 1;
    return weekday[day % 7] * season * growth * mail;
}

/* The hour of a visit in UTC, with a small peak at noon and a large one in the evening. */
static int64_t time_of_day(uint64_t *r)
{
    static const double by_hour[24] = {.5,  .3,  .2,  .2,  .3,  .7,  1.6, 2.6, 3.4, 4.0, 4.6, 5.2,
                                       5.0, 4.6, 4.4, 4.6, 5.4, 6.6, 8.2, 9.0, 8.4, 6.0, 3.2, 1.2};
    double total = 0, u = rand_unit(r);
    for (int h = 0; h < 24; h++) total += by_hour[h];
    u *= total;
    int hour = 0;
    while (hour < 23 && (u -= by_hour[hour]) >= 0) hour++;
    return (int64_t)hour * HOUR_MS + (int64_t)(rand_unit(r) * HOUR_MS);
}

static int by_time(const void *a, const void *b)
{
    const struct visit *x = a, *y = b;
    if (x->start_ms != y->start_ms) return x->start_ms < y->start_ms ? -1 : 1;
    return x->person < y->person ? -1 : x->person > y->person;
}

err_code people_visits(const struct shop_options *o, struct visit **out, size_t *n, struct err *err)
{
    int64_t last_day = (o->until_ms - 1) / DAY_MS, first_day = last_day - o->days + 1;
    double *weight = malloc((size_t)o->days * sizeof *weight); /* running sums */
    size_t room = o->visitors * 2 + 16, used = 0;
    struct visit *visits = malloc(room * sizeof *visits);
    if (!weight || !visits) {
        free(weight);
        free(visits);
        return err_set(err, ERR_NOMEM, 0, "plan the visits of %llu people",
                       (unsigned long long)o->visitors);
    }
    double sum = 0;
    for (int i = 0; i < o->days; i++) weight[i] = sum += day_weight(first_day + i, i, o->days);

    for (uint32_t k = 0; k < o->visitors; k++) {
        uint64_t r = stream(o, k, STREAM_VISITS);
        struct person p = person_of(o, k);
        double u = rand_unit(&r) * sum;
        int low = 0, high = o->days - 1;
        while (low < high) {
            int mid = (low + high) / 2;
            if (weight[mid] > u) high = mid;
            else low = mid + 1;
        }
        int64_t day = first_day + low;
        for (uint16_t i = 0; i < MAX_VISITS; i++) {
            int64_t at = day * DAY_MS + time_of_day(&r);
            if (at >= o->until_ms) break;
            if (used == room) {
                struct visit *more = realloc(visits, (room *= 2) * sizeof *visits);
                if (!more) {
                    free(weight);
                    free(visits);
                    return err_set(err, ERR_NOMEM, 0, "plan %zu visits", room);
                }
                visits = more;
            }
            visits[used++] = (struct visit){at, k, i};
            if (rand_unit(&r) >= (p.eager ? .48 : .24)) break;
            day += 1 + (int64_t)(-log(1 - rand_unit(&r)) * 6); /* back after a week or so */
        }
    }
    free(weight);
    qsort(visits, used, sizeof *visits, by_time);
    *out = visits;
    *n = used;
    return ERR_OK;
}
