#include "crawler/blocklist.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/test.h"

/* Reads |text| from a file. */
static enum err read_text(struct blocklist *b, const char *text, struct buf *why) {
    char path[] = "/tmp/crawld-blocklist-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    enum err e;

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        return ERR_FULL;
    e = blocklist_read(b, path, why);
    (void)unlink(path);
    return e;
}

#define LIST(b, text)                                                                              \
    OWNED(blocklist) struct blocklist *b = blocklist_new();                                        \
    OWNED_BUF struct buf why = BUF_INIT(4096);                                                     \
    CHECK_OK(read_text(b, text, &why))

TEST(a_name_stands_for_those_below_it) {
    LIST(b, "example.com\nco.uk\n");
    CHECK(blocklist_has(b, STR("example.com")));
    CHECK(blocklist_has(b, STR("www.example.com")));
    CHECK(blocklist_has(b, STR("a.b.c.example.com.")));
    CHECK(blocklist_has(b, STR("bbc.co.uk")));
    CHECK(!blocklist_has(b, STR("badexample.com")));
    CHECK(!blocklist_has(b, STR("example.com.org")));
    CHECK(!blocklist_has(b, STR("com")));
    CHECK(!blocklist_has(b, STR("example")));
    CHECK(!blocklist_has(b, STR("")));
}

TEST(a_host_is_what_a_url_makes_of_it) {
    LIST(b, "# mine\n\n  EXAMPLE.com. # why\nb\xc3\xbc"
            "cher.example\r\n0x7f.1\n[::1]\n[0:0::2]");
    CHECK_INT(blocklist_count(b), 5);
    CHECK(blocklist_has(b, STR("example.com")));
    CHECK(blocklist_has(b, STR("xn--bcher-kva.example")));
    CHECK(blocklist_has(b, STR("127.0.0.1")));
    CHECK(!blocklist_has(b, STR("127.0.0.10")));
    CHECK(blocklist_has(b, STR("[::1]")));
    CHECK(blocklist_has(b, STR("[::2]")));
}

TEST(what_is_no_host_leaves_the_list_as_it_was) {
    static const char *const wrong[] = {"a.example\nb example\n",
                                        "http://a.example/\n",
                                        "a:81\n",
                                        "*.example\n",
                                        "a/b\n",
                                        "u@a.example\n",
                                        "[::1\n"};
    LIST(b, "kept.example\n");

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        buf_clear(&why);
        CHECK_ERR(read_text(b, wrong[i], &why), ERR_INVALID);
        CHECK(why.len > 0);
        CHECK(blocklist_has(b, STR("kept.example")) && blocklist_count(b) == 1);
    }
    buf_clear(&why);
    CHECK_ERR(blocklist_read(b, "/nowhere/at/all", &why), ERR_IO);
    CHECK_STR(buf_str(&why), "/nowhere/at/all: No such file or directory");
    CHECK(blocklist_has(b, STR("kept.example")));
}

TEST(a_new_list_takes_the_place_of_the_old_one) {
    LIST(b, "old.example\n");
    CHECK_OK(read_text(b, "new.example\n", &why));
    CHECK(blocklist_has(b, STR("new.example")) && !blocklist_has(b, STR("old.example")));
    CHECK_OK(read_text(b, "", &why));
    CHECK(!blocklist_has(b, STR("new.example")));
    CHECK(!blocklist_has(NULL, STR("new.example")));
}

TEST_MAIN
