#include "api/accept.h"

#include "tests/test.h"

static int choice(const char *accept) {
    enum format f;

    return accept_choose(str_of(accept), &f) == ERR_OK ? (int)f : -1;
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

TEST_MAIN
