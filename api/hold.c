#include "api/hold.h"

#include <stdio.h>

#include "base/mem.h"

struct hold {
    uint64_t seconds;
    bool is_preference; /* a header asked for it */
    bool is_over;
    bool has_since;
    uint64_t since;
    int64_t from_ms, until_ms;
    struct store_watch *watch; /* NULL before the job was read for the first time */
    struct api_wait wait;
};

/* --- what the caller asks for ------------------------------------------------------------ */

/* The preference "wait" of RFC 7240 section 4.3, the first one; 0: there is none. Preferences
 * that make no sense are passed over, as section 2 wants it. */
static uint64_t preferred_seconds(const struct api_call *c) {
    struct str list;

    if (!call_header(c, STR("Prefer"), &list))
        return 0;
    while (list.len) {
        struct str value = str_cut(&list, ','), name;
        uint64_t n;

        value = str_cut(&value, ';');
        name = str_trim(str_cut(&value, '='));
        if (str_eq_ascii(name, STR("wait")) && str_to_u64(str_trim(value), INT64_MAX, &n) == ERR_OK)
            return n < HOLD_MOST_SECONDS ? n : HOLD_MOST_SECONDS;
    }
    return 0;
}

static struct hold *hold_new(const struct api_call *c, uint64_t seconds) {
    struct hold *h = NEW(struct hold);

    h->seconds = seconds;
    h->from_ms = c->now_ms;
    h->until_ms = c->now_ms + (int64_t)seconds * 1000;
    return h;
}

static bool read_since(struct api_call *c, struct hold *h) {
    h->has_since = query_get(&c->query, "since") != NULL;
    return call_number(c, "since", 0, INT64_MAX, 0, &h->since);
}

bool hold_read(struct api_call *c) {
    uint64_t seconds = 0, preferred = preferred_seconds(c);

    if (!call_number(c, "wait", 1, HOLD_MOST_SECONDS, 0, &seconds))
        return false;
    if (seconds || preferred) {
        c->hold = hold_new(c, seconds ? seconds : preferred);
        c->hold->is_preference = !seconds;
        return read_since(c, c->hold);
    }
    if (query_get(&c->query, "since")) {
        call_refuse_parameter(c, "since", "goes with wait only");
        return false;
    }
    return true;
}

void hold_free(struct hold *h) {
    if (!h)
        return;
    store_watch_free(h->watch);
    free(h);
}

/* --- holding ------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* For the next version; for the end; or, where the next version is there so soon, for the
 * time to tell it. */
static void choose(struct hold *h, const struct job *j) {
    bool has_moved = h->has_since && j->version > h->since;

    h->wait = (struct api_wait){.watch = h->watch, .seen = j->version, .until_ms = h->until_ms};
    h->wait.for_end = has_moved || !h->has_since;
    if (has_moved)
        h->wait.until_ms = least(h->until_ms, h->from_ms + HOLD_LEAST_MS);
}

static bool is_satisfied(const struct hold *h, const struct job *j, int64_t now_ms) {
    bool was_held = h->watch != NULL;

    if (h->is_over || now_ms >= h->until_ms || job_state_is_finished(j->state))
        return true;
    if (!h->has_since || j->version <= h->since)
        return false;
    return !was_held || now_ms >= h->from_ms + HOLD_LEAST_MS;
}

bool hold_is_needed(struct api_call *c, const struct job *j) {
    struct hold *h = c->hold;

    if (!h || is_satisfied(h, j, c->now_ms))
        return false;
    if (!h->watch)
        h->watch = store_watch_new(c->api->options.store, j->no);
    choose(h, j);
    return true;
}

struct api_wait hold_wait(const struct hold *h) {
    return h->wait;
}

void hold_end(struct hold *h) {
    h->is_over = true;
}

void hold_add_headers(struct api_call *c) {
    char applied[32];

    if (!c->hold || !c->hold->is_preference)
        return;
    (void)snprintf(applied, sizeof applied, "wait=%llu", (unsigned long long)c->hold->seconds);
    call_add_header(c, "Preference-Applied", str_of(applied));
}
