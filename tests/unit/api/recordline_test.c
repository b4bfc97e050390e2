#include "api/recordline.h"

#include "tests/test.h"

static struct buf out = {.max = 1 << 16};

static bool shows(const struct record *r, enum format f, const char *what) {
    const struct columns all = recordline_default_columns();

    buf_clear(&out);
    if (recordline_put(&out, f, &all, r, STR_NONE) != ERR_OK)
        return false;
    return str_find_str(buf_str(&out), str_of(what)) != STR_END;
}

TEST(pages_that_did_not_change_say_so) {
    struct record r = {.referrer = -1};

    r.url = STR("http://a.test/");

    CHECK(shows(&r, FORMAT_NDJSON, "\"not_modified\":false}"));
    CHECK(shows(&r, FORMAT_TSV, "\tfalse\n"));
    r.not_modified = true;
    CHECK(shows(&r, FORMAT_NDJSON, "\"not_modified\":true}"));
    CHECK(shows(&r, FORMAT_TSV, "\ttrue\n"));
    buf_done(&out);
}

TEST_MAIN
