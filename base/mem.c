#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mem_die(void) {
    static const char message[] = "crawld: out of memory\n";

    /* write(), because stdio may want memory too */
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        abort();
    abort();
}

static void *or_die(void *p) {
    if (!p)
        mem_die();
    return p;
}

void *mem_new(size_t n, size_t size) {
    return or_die(calloc(n ? n : 1, size));
}

void *mem_resize(void *p, size_t n, size_t size) {
    return or_die(reallocarray(p, n ? n : 1, size));
}

char *mem_chars(struct str s) {
    char *copy = mem_new(s.len + 1, 1);

    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}
