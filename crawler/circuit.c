#include "crawler/circuit.h"

enum { GAVE_UP_FAILS = CIRCUIT_FAILURES + CIRCUIT_PROBES };

bool circuit_counts(enum code code, bool had_byte) {
    switch (code) {
    case CODE_DNS_ERROR:
    case CODE_CONNECT_ERROR:
    case CODE_TLS_ERROR:
        return true;
    case CODE_TIMEOUT:
    case CODE_CONNECTION_LOST:
        return !had_byte;
    default:
        return false;
    }
}

bool circuit_is_probing(const struct circuit *c) {
    return c->fails >= CIRCUIT_FAILURES;
}

static enum circuit_state state_of(const struct circuit *c) {
    if (!circuit_is_probing(c))
        return CIRCUIT_CLOSED;
    return c->fails >= GAVE_UP_FAILS ? CIRCUIT_GAVE_UP : CIRCUIT_OPENED;
}

static int64_t block_ms(const struct circuit *c, uint64_t random) {
    uint32_t doublings = c->fails - CIRCUIT_FAILURES;
    int64_t ms = CIRCUIT_GAVE_UP_MS;

    if (c->fails < GAVE_UP_FAILS) {
        ms = (int64_t)CIRCUIT_FIRST_MS << doublings;
        ms = ms * 3 / 4 + (int64_t)(random % (uint64_t)(ms / 2 + 1));
    }
    return ms < CIRCUIT_MOST_MS ? ms : CIRCUIT_MOST_MS;
}

enum circuit_state circuit_failed(struct circuit *c, int64_t started_at, int64_t now,
                                  uint64_t random, uint32_t divisor) {
    if (circuit_is_probing(c) && started_at < c->blocked_until)
        return state_of(c);
    if (c->fails < GAVE_UP_FAILS)
        c->fails++;
    if (circuit_is_probing(c))
        c->blocked_until = now + block_ms(c, random) / divisor;
    return state_of(c);
}

void circuit_succeeded(struct circuit *c) {
    *c = (struct circuit){0};
}

void circuit_ask_again(struct circuit *c, int64_t now) {
    if (c->blocked_until > now)
        c->blocked_until = now;
}

int64_t circuit_blocked_until(const struct circuit *c) {
    return c->blocked_until;
}

struct circuit circuit_restored(uint32_t fails, int64_t blocked_until) {
    struct circuit c = {.fails = fails < GAVE_UP_FAILS ? fails : GAVE_UP_FAILS};

    if (circuit_is_probing(&c))
        c.blocked_until = blocked_until;
    return c;
}
