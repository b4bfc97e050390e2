#include "api/accept.h"

#include "tests/test.h"

static int choice(const char *accept) {
    enum format f;

    return accept_choose(str_of(accept), 15, &f) == ERR_OK ? (int)f : -1;
}

TEST(takes_the_best_match) {
    CHECK_INT(choice(""), FORMAT_JSON);
    CHECK_INT(choice("*/*"), FORMAT_JSON);
    CHECK_INT(choice("text/csv"), FORMAT_CSV);
    CHECK_INT(choice("TEXT/Tab-Separated-Values"), FORMAT_TSV);
    CHECK_INT(choice("text/*"), FORMAT_TSV);
    CHECK_INT(choice("application/json;q=0.2, application/x-ndjson;q=0.3"), FORMAT_NDJSON);
    CHECK_INT(choice("text/html, application/xhtml+xml, */*;q=0.8"), FORMAT_JSON);
    CHECK_INT(choice("*/*, application/json;q=0.5"), FORMAT_TSV);
    CHECK_INT(choice("text/csv;charset=utf-8;q=1.0,*/*;q=0.001"), FORMAT_CSV);
}

TEST(knows_when_nothing_matches) {
    CHECK_INT(choice("image/png"), -1);
    CHECK_INT(choice("application/json;q=0"), -1);
    CHECK_INT(choice("*/*;q=0"), -1);
    CHECK_INT(choice(",;,q=1,/"), -1);
}

static const char *coding(const char *accept) {
    enum pack_format f;

    if (!accept_coding(str_of(accept), &f))
        return "identity";
    return f == PACK_GZIP ? "gzip" : "zstd";
}
#define CHECK_CODING(accept, wanted) CHECK_STR(str_of(coding(accept)), wanted)

TEST(takes_the_coding_that_is_liked_best) {
    CHECK_CODING("gzip", "gzip");
    CHECK_CODING("x-gzip", "gzip");
    CHECK_CODING("GZIP, deflate", "gzip");
    CHECK_CODING("gzip, deflate, br, zstd", "zstd");
    CHECK_CODING("gzip;q=1.0, zstd;q=0.9", "gzip");
    CHECK_CODING("*", "zstd");
    CHECK_CODING("zstd;q=0, *", "gzip");
    CHECK_CODING("identity;q=0.5, gzip", "gzip");
    CHECK_CODING("gzip;q=0.001, identity;q=0", "gzip");
}

TEST(leaves_a_body_as_it_is) {
    CHECK_CODING("", "identity");
    CHECK_CODING("br, deflate", "identity");
    CHECK_CODING("gzip;q=0", "identity");
    CHECK_CODING("zstd;q=0, gzip;q=0, *", "identity");
    CHECK_CODING("identity, gzip;q=0.5", "identity");
    CHECK_CODING("*;q=0", "identity");
    CHECK_CODING("identity;q=0, *;q=0", "identity");
    CHECK_CODING("gzipped, z;std, ;,", "identity");
}

TEST_MAIN
