/* pace - how much room one host gets between requests, beyond what is configured.
 *
 * Pure: time is an argument. Two things ask for room:
 *
 * Latency. The time to the first byte is smoothed (a quarter of each new answer; one
 * answer counts as at most twice what is usual, so a hiccup is none). Up to
 * PACE_QUICK_MS the host gets no room at all: one that answers in well under a second is
 * never slowed, however many requests it takes at once and with no delay configured.
 * Beyond, it gets twice what it takes longer, at most PACE_MAX_LATENCY_ROOM_MS. Errors are
 * quick: only a good answer (2xx, 304) makes the latency smaller, anything makes it larger.
 *
 * Refusals (429, 503). Additive increase of the rate, multiplicative decrease: the delay in
 * force doubles, from PACE_FIRST_MS up to PACE_MAX_MS; each good answer takes a sixteenth
 * of the peak away. Refusals of requests that were on their way together count once: after
 * a doubling the next counts when the new delay has passed. Retry-After is for others, who
 * hold the host on top of this.
 */
#ifndef CRAWLER_PACE_H
#define CRAWLER_PACE_H

#include <stdint.h>

enum {
    PACE_QUICK_MS = 1000,
    PACE_MAX_LATENCY_ROOM_MS = 30000,
    PACE_FIRST_MS = 1000,
    PACE_MAX_MS = 60000,
};

struct pace {
    uint32_t latency_ms; /* smoothed */
    uint32_t penalty_ms; /* for refusals */
    uint32_t step_ms;    /* what a good answer takes off it */
    int64_t deaf_until;  /* refusals before that belong to the last one */
};

void pace_init(struct pace *p);
/* As the host was left by pace_saved, some time ago. */
void pace_restore(struct pace *p, uint32_t delay_ms);
/* What to keep of it; 0: nothing. */
uint32_t pace_saved(const struct pace *p);

/* An answer came. |ttfb_ms|: from request to first byte; |configured_ms|: the delay that
 * would be in force without this; |now|: any clock that does not go back. */
void pace_answered(struct pace *p, uint32_t status, int64_t ttfb_ms, uint32_t configured_ms,
                   int64_t now);
/* None came: |waited_ms| passed until it was given up or failed. */
void pace_failed(struct pace *p, int64_t waited_ms);

/* The least time between the starts of two requests: never under |configured_ms|. */
uint32_t pace_delay_ms(const struct pace *p, uint32_t configured_ms);

#endif
