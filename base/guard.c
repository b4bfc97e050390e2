#include "base/guard.h"

#ifdef CRAWLD_TEST_SWITCHES

#include <stdlib.h>

#include "base/str.h"

bool guard_is_on(const char *name) {
    struct str off = str_of(getenv("CRAWLD_TEST_GUARDS_OFF"));

    while (off.len)
        if (str_eq(str_cut(&off, ','), str_of(name)))
            return false;
    return true;
}

#else
typedef int guard_is_empty; /* ISO C wants a declaration in each file */
#endif
