#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t in_us(clockid_t id) {
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void) {
    return in_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void) {
    return in_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void) {
    return in_us(CLOCK_REALTIME) / 1000;
}

void clock_text(int64_t wall_ms, char ret_text[CLOCK_TEXT_LEN + 1]) {
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char text[64];

    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                   (int)(wall_ms % 1000));
    (void)snprintf(ret_text, CLOCK_TEXT_LEN + 1, "%.24s", text);
}
