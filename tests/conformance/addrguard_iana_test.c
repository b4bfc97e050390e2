/* The address guard against IANA's registries and their edges, from TEST_DATA. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "crawler/addrguard.h"
#include "tests/test.h"

enum { LINE_BYTES = 512, ADDRESS_BYTES = 16 };

static FILE *open_data(const char *name) {
    const char *root = getenv("TEST_DATA");
    char path[4096];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", root ? root : "../shared/data", name);
    file = fopen(path, "r");
    if (!file) {
        printf("SKIPPED: no %s\n", path);
        exit(TEST_SKIPPED);
    }
    return file;
}

/* The next line that is no comment, cut at its tabs; a missing field is "". */
static bool next_row(FILE *file, char *line, const char *fields[3]) {
    do {
        if (!fgets(line, LINE_BYTES, file))
            return false;
    } while (line[0] == '#');
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < 3; i++) {
        size_t len = strcspn(line, "\t");

        fields[i] = line;
        line += len;
        if (*line)
            *line++ = 0;
    }
    return true;
}

static int parse(const char *text, uint8_t bytes[ADDRESS_BYTES]) {
    if (inet_pton(AF_INET, text, bytes) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : AF_UNSPEC;
}

static bool blocks(const struct addrguard *g, int family, const uint8_t *bytes) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any.sa_family = (sa_family_t)family};

    if (family == AF_INET)
        memcpy(&address.v4.sin_addr, bytes, 4);
    else
        memcpy(&address.v6.sin6_addr, bytes, ADDRESS_BYTES);
    return addrguard_blocks(g, &address.any);
}

TEST(agrees_address_by_address) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();
    FILE *file = open_data("ssrf/addresses.tsv");
    char line[LINE_BYTES];
    const char *row[3];
    int n = 0;

    while (next_row(file, line, row)) {
        uint8_t bytes[ADDRESS_BYTES];
        int family = parse(row[0], bytes);

        n++;
        if (family == AF_UNSPEC)
            TEST_FAIL("cannot read %s", row[0]);
        else if (strcmp(row[1], "allow-or-deny") != 0 &&
                 blocks(g, family, bytes) != !strncmp(row[1], "deny", 4))
            TEST_FAIL("%s: wanted %s (%s)", row[0], row[1], row[2]);
    }
    (void)fclose(file);
    printf("addresses: %d cases\n", n);
    CHECK(n > 150);
}

/* The first (all later bits 0) or the last (all 1) address of a range. */
static void edge(uint8_t *bytes, int family, unsigned bits, bool is_last) {
    for (unsigned i = bits; i < (family == AF_INET ? 32 : 128); i++) {
        uint8_t bit = (uint8_t)(0x80 >> i % 8);

        bytes[i / 8] = (uint8_t)(is_last ? bytes[i / 8] | bit : bytes[i / 8] & ~bit);
    }
}

static void check_range(const struct addrguard *g, char *cidr, const char *verdict) {
    char *slash = strchr(cidr, '/');
    uint8_t bytes[ADDRESS_BYTES];
    unsigned bits;
    int family;

    CHECK(slash);
    *slash = 0;
    bits = (unsigned)strtoul(slash + 1, NULL, 10);
    family = parse(cidr, bytes);
    CHECK(family != AF_UNSPEC);
    if (!strcmp(verdict, "registry-reachable"))
        return; /* either is right */
    for (int is_last = 0; is_last < 2; is_last++) {
        edge(bytes, family, bits, is_last);
        if (!blocks(g, family, bytes))
            TEST_FAIL("%s/%u: its %s address passes", cidr, bits, is_last ? "last" : "first");
    }
    if (!strcmp(verdict, "unwrap")) {
        static const uint8_t is_public[] = {1, 1, 1, 1};

        memcpy(bytes + 12, is_public, 4);
        if (blocks(g, family, bytes))
            TEST_FAIL("%s: a public address inside is blocked", cidr);
    }
}

TEST(agrees_range_by_range) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();
    FILE *file = open_data("ssrf/ranges.tsv");
    char line[LINE_BYTES];
    const char *row[3];
    int n = 0;

    while (next_row(file, line, row)) {
        n++;
        check_range(g, line, row[1]);
    }
    (void)fclose(file);
    printf("ranges: %d cases\n", n);
    CHECK(n > 30);
}

TEST_MAIN
