#include "storage/spool.h"

#include <dirent.h>
#include <unistd.h>

#include "tests/test.h"

static enum err put_text(struct spool *s, const char *text, uint64_t *ret_pos) {
    return spool_put(s, str_of(text), ret_pos);
}

TEST(a_little_stays_in_memory) {
    struct spool s;
    uint64_t a, b;
    char got[5];

    spool_init(&s, "/nowhere", 100);
    CHECK_OK(put_text(&s, "hello", &a));
    CHECK_OK(put_text(&s, "world", &b));
    CHECK(a == 0 && b == 5 && s.fd < 0);
    CHECK_OK(spool_read(&s, b, got, 5));
    CHECK(memcmp(got, "world", 5) == 0);
    spool_done(&s);
}

TEST(much_goes_to_a_file_without_a_name) {
    char folder[] = "/tmp/crawld-spool-XXXXXX", got[9] = "";
    struct spool s;
    struct dirent *entry;
    uint64_t pos;
    int named = 0;
    DIR *d;

    CHECK(mkdtemp(folder));
    spool_init(&s, folder, 16);
    for (int i = 0; i < 100; i++) {
        char text[9];

        (void)snprintf(text, sizeof text, "%08d", i);
        CHECK_OK(put_text(&s, text, &pos));
        CHECK_INT(pos, i * 8);
    }
    CHECK(s.fd >= 0 && s.len == 800);
    for (int i = 99; i >= 0; i--) {
        CHECK_OK(spool_read(&s, (uint64_t)i * 8, got, 8));
        CHECK_INT(strtol(got, NULL, 10), i);
    }
    d = opendir(folder);
    while ((entry = readdir(d)))
        named += entry->d_name[0] != '.';
    (void)closedir(d);
    CHECK_INT(named, 0);
    spool_done(&s);
    (void)rmdir(folder);
}

TEST(what_cannot_be_written_leaves_it_as_it_was) {
    struct spool s;
    uint64_t pos;
    char got[5];

    spool_init(&s, "/nowhere", 8);
    CHECK_OK(put_text(&s, "hello", &pos));
    CHECK_ERR(put_text(&s, "world", &pos), ERR_IO);
    CHECK_INT(s.len, 5);
    CHECK_OK(spool_read(&s, 0, got, 5));
    CHECK(memcmp(got, "hello", 5) == 0);
    spool_done(&s);
}

TEST_MAIN
