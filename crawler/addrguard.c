#include "crawler/addrguard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/mem.h"

enum { V6_BYTES = 16, V6_BITS = 128, MAPPED_BITS = 96 };

/* All addresses are compared as IPv6; IPv4 ones are mapped (::ffff:a.b.c.d). */
struct range {
    uint8_t bytes[V6_BYTES];
    unsigned bits;
};

struct addrguard {
    struct range *allowed;
    size_t n;
};

#define V4(a, b, c, d, n)                                                                          \
    {{[10] = 0xff, [11] = 0xff, [12] = (a), [13] = (b), [14] = (c), [15] = (d)}, MAPPED_BITS + (n)}

/* IANA's special-purpose and multicast registries. Of IPv6 only 2000::/3 is in
 * use for global unicast: all else is refused without a row here. */
static const struct range special[] = {
    V4(0, 0, 0, 0, 8),              /* this network */
    V4(10, 0, 0, 0, 8),             /* private */
    V4(100, 64, 0, 0, 10),          /* shared by carriers */
    V4(127, 0, 0, 0, 8),            /* loopback */
    V4(169, 254, 0, 0, 16),         /* link-local, metadata of clouds */
    V4(172, 16, 0, 0, 12),          /* private */
    V4(192, 0, 0, 0, 24),           /* protocol assignments */
    V4(192, 0, 2, 0, 24),           /* documentation */
    V4(192, 88, 99, 0, 24),         /* 6to4 relays, deprecated */
    V4(192, 168, 0, 0, 16),         /* private */
    V4(198, 18, 0, 0, 15),          /* benchmarks */
    V4(198, 51, 100, 0, 24),        /* documentation */
    V4(203, 0, 113, 0, 24),         /* documentation */
    V4(224, 0, 0, 0, 4),            /* multicast */
    V4(240, 0, 0, 0, 4),            /* reserved, broadcast */
    V4(168, 63, 129, 16, 32),       /* a cloud's internal service on a public address */
    {{0x20, 0x01}, 23},             /* protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static const struct range mapped = {{[10] = 0xff, [11] = 0xff}, MAPPED_BITS};
static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};
static const struct range global_unicast = {{0x20}, 3};

/* IPv6 ranges whose addresses carry an IPv4 address, and where: its bytes. */
static const struct carrier {
    struct range range;
    uint8_t at[4];
    uint8_t flip; /* Teredo has the bits inverted */
} carriers[] = {
    {{{0}, 96}, {12, 13, 14, 15}, 0},                         /* compatible */
    {{{[8] = 0xff, [9] = 0xff}, 96}, {12, 13, 14, 15}, 0},    /* translated */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, {12, 13, 14, 15}, 0},    /* NAT64 */
    {{{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48}, {6, 7, 9, 10}, 0}, /* NAT64, local use */
    {{{0x20, 0x02}, 16}, {2, 3, 4, 5}, 0},                    /* 6to4 */
    {{{0x20, 0x01}, 32}, {4, 5, 6, 7}, 0},                    /* Teredo: the server */
    {{{0x20, 0x01}, 32}, {12, 13, 14, 15}, 0xff},             /* Teredo: the client */
};

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits) {
    unsigned whole = bits / 8, left = bits % 8;

    return memcmp(a, b, whole) == 0 &&
           (left == 0 || (uint8_t)(a[whole] ^ b[whole]) >> (8 - left) == 0);
}

/* IPv4 is in no range that is wider than all of IPv4: "::/0" speaks of IPv6. */
static bool is_in(const uint8_t *address, const struct range *r) {
    if (r->bits < MAPPED_BITS && same_bits(address, mapped.bytes, MAPPED_BITS))
        return false;
    return same_bits(address, r->bytes, r->bits);
}

static bool is_in_any(const uint8_t *address, const struct range *ranges, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (is_in(address, &ranges[i]))
            return true;
    return false;
}

static bool is_special(const uint8_t *address) {
    if (!is_in(address, &mapped) && !is_in(address, &nat64) && !is_in(address, &global_unicast))
        return true;
    return is_in_any(address, special, sizeof special / sizeof *special);
}

static bool blocks_itself(const struct addrguard *g, const uint8_t *address) {
    return is_special(address) && !is_in_any(address, g->allowed, g->n);
}

/* "::" and "::1" look like IPv4-compatible addresses, but are none. */
static bool carries_nothing(const uint8_t *address) {
    static const uint8_t zeros[V6_BYTES - 1];

    return memcmp(address, zeros, sizeof zeros) == 0 && address[V6_BYTES - 1] <= 1;
}

static bool blocks_what_it_carries(const struct addrguard *g, const uint8_t *address) {
    if (carries_nothing(address))
        return false;
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        const struct carrier *c = &carriers[i];
        struct range carried = mapped;

        for (size_t j = 0; j < 4; j++)
            carried.bytes[12 + j] = address[c->at[j]] ^ c->flip;
        if (is_in(address, &c->range) && blocks_itself(g, carried.bytes))
            return true;
    }
    return false;
}

struct addrguard *addrguard_new(void) {
    return NEW(struct addrguard);
}

void addrguard_free(struct addrguard *g) {
    if (!g)
        return;
    free(g->allowed);
    free(g);
}

/* |text| as an address; ret->bits are all of its bits. */
static enum err parse_address(struct str text, struct range *ret, unsigned *ret_family_bits) {
    char chars[INET6_ADDRSTRLEN];
    struct range r = mapped;

    if (text.len == 0 || text.len >= sizeof chars || memchr(text.ptr, 0, text.len))
        return ERR_INVALID;
    memcpy(chars, text.ptr, text.len);
    chars[text.len] = 0;
    r.bits = V6_BITS;
    if (inet_pton(AF_INET, chars, r.bytes + 12) == 1)
        *ret_family_bits = 32;
    else if (inet_pton(AF_INET6, chars, r.bytes) == 1)
        *ret_family_bits = V6_BITS;
    else
        return ERR_INVALID;
    *ret = r;
    return ERR_OK;
}

enum err addrguard_allow(struct addrguard *g, struct str cidr) {
    size_t slash = str_find(cidr, '/');
    unsigned family_bits;
    struct range r;
    uint64_t bits;
    enum err e = parse_address(str_upto(cidr, slash), &r, &family_bits);

    if (e != ERR_OK)
        return e;
    if (slash != STR_END) {
        if (str_to_u64(str_from(cidr, slash + 1), family_bits, &bits) != ERR_OK)
            return ERR_INVALID;
        r.bits = V6_BITS - family_bits + (unsigned)bits;
    }
    g->allowed = mem_resize(g->allowed, g->n + 1, sizeof *g->allowed);
    g->allowed[g->n++] = r;
    return ERR_OK;
}

/* False: of another family. */
static bool take_bytes(const struct sockaddr *address, struct range *ret) {
    struct range r = mapped;

    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof v4);
        memcpy(r.bytes + 12, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof v6);
        memcpy(r.bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
    } else {
        return false;
    }
    *ret = r;
    return true;
}

bool addrguard_allows(const struct addrguard *g, const struct sockaddr *address) {
    struct range r;

    return take_bytes(address, &r) && is_in_any(r.bytes, g->allowed, g->n);
}

bool addrguard_blocks(const struct addrguard *g, const struct sockaddr *address) {
    struct range r;

    return !take_bytes(address, &r) || blocks_itself(g, r.bytes) ||
           blocks_what_it_carries(g, r.bytes);
}
