/* outside - test data that others wrote, from the folder TEST_DATA (by default
 * ../shared/data beside the repository). Without it a test skips aloud.
 */
#ifndef TESTS_CONFORMANCE_OUTSIDE_H
#define TESTS_CONFORMANCE_OUTSIDE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

/* Appends what comes from |f|; ends the test where |b| is too small. */
static inline void outside_drain(FILE *f, struct buf *b) {
    char *room;
    size_t n;

    do {
        if (buf_room(b, 64 << 10, &room) != ERR_OK)
            abort();
        n = fread(room, 1, 64 << 10, f);
        buf_grew(b, n);
    } while (!feof(f) && !ferror(f));
}

static inline void outside_path(const char *name, char *ret_path, size_t size) {
    const char *folder = getenv("TEST_DATA");

    (void)snprintf(ret_path, size, "%s/%s", folder && *folder ? folder : "../shared/data", name);
}

/* The path of |name|; skips the test where there is no such file or folder. */
static inline void outside_need(const char *name, char *ret_path, size_t size) {
    outside_path(name, ret_path, size);
    if (access(ret_path, R_OK) != 0) {
        printf("skipped: no %s\n", ret_path);
        exit(77);
    }
}

/* What |program| (a command of the shell, with the file behind it) makes of |name|. */
static inline void outside_unpack(const char *program, const char *name, struct buf *b) {
    char path[4096], command[4200];
    FILE *f;

    outside_need(name, path, sizeof path);
    (void)snprintf(command, sizeof command, "%s '%s'", program, path);
    f = popen(command, "r"); /* NOLINT: tests may have a shell */
    if (!f)
        abort();
    outside_drain(f, b);
    if (pclose(f) != 0) {
        printf("failed: %s\n", command);
        exit(1);
    }
}

/* The whole file |name|; skips the test where there is none. */
static inline void outside_read(const char *name, struct buf *b) {
    char path[4096];
    FILE *f;

    outside_need(name, path, sizeof path);
    f = fopen(path, "rb");
    if (!f)
        abort();
    outside_drain(f, b);
    (void)fclose(f);
}

#endif
