#include "crawler/pace.h"

#include <stdbool.h>

enum {
    USUAL_MS = 500, /* until a host has shown what it takes */
    SMOOTHING = 4,
    STEPS = 16, /* good answers that take a penalty away */
    ROOM_FACTOR = 2,
};

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

void pace_init(struct pace *p) {
    *p = (struct pace){.latency_ms = USUAL_MS, .deaf_until = INT64_MIN};
}

static void set_penalty(struct pace *p, uint32_t ms) {
    p->penalty_ms = smaller(ms, PACE_MAX_MS);
    p->step_ms = larger(p->penalty_ms / STEPS, 1);
}

void pace_restore(struct pace *p, uint32_t delay_ms) {
    pace_init(p);
    set_penalty(p, delay_ms);
}

uint32_t pace_saved(const struct pace *p) {
    return pace_delay_ms(p, 0);
}

static void put_latency(struct pace *p, int64_t ms, bool is_good) {
    int64_t most = (int64_t)p->latency_ms * 2, old = p->latency_ms;

    if (most < PACE_QUICK_MS)
        most = PACE_QUICK_MS;
    if (ms > most)
        ms = most;
    if (ms < 0)
        ms = 0;
    if (ms > old || is_good)
        p->latency_ms = (uint32_t)(old + (ms - old) / SMOOTHING);
}

static void refused(struct pace *p, uint32_t configured_ms, int64_t now) {
    uint32_t delay = smaller(pace_delay_ms(p, configured_ms), PACE_MAX_MS);

    if (now < p->deaf_until)
        return;
    set_penalty(p, larger(delay * 2, PACE_FIRST_MS));
    p->deaf_until = now + p->penalty_ms;
}

void pace_answered(struct pace *p, uint32_t status, int64_t ttfb_ms, uint32_t configured_ms,
                   int64_t now) {
    bool is_good = (status >= 200 && status < 300) || status == 304;

    put_latency(p, ttfb_ms, is_good);
    if (status == 429 || status == 503)
        refused(p, configured_ms, now);
    else if (is_good)
        p->penalty_ms -= smaller(p->step_ms, p->penalty_ms);
}

void pace_failed(struct pace *p, int64_t waited_ms) {
    put_latency(p, waited_ms, false);
}

static uint32_t latency_room(const struct pace *p) {
    if (p->latency_ms <= PACE_QUICK_MS)
        return 0;
    return smaller((p->latency_ms - PACE_QUICK_MS) * ROOM_FACTOR, PACE_MAX_LATENCY_ROOM_MS);
}

uint32_t pace_delay_ms(const struct pace *p, uint32_t configured_ms) {
    return larger(configured_ms, larger(p->penalty_ms, latency_room(p)));
}
