/* args - walks a command line: "--name value", "--name=value", plain words, "--".
 *
 * Pure. Borrows argv.
 */
#ifndef SERVER_ARGS_H
#define SERVER_ARGS_H

#include "base/str.h"

struct args {
    char *const *at; /* what comes next; NULL ends */
    bool only_plain; /* "--" was seen */
};

/* Words of |argv| from the first on; |argv| ends with NULL. */
static inline struct args args_of(char *const *argv) {
    return (struct args){argv, false};
}

enum arg_kind { ARG_END, ARG_OPTION, ARG_PLAIN };

struct arg {
    struct str name;  /* without dashes; empty for a plain word. "-h" gives "h" */
    struct str value; /* of "--name=value" (ptr NULL without '='), or the plain word */
};

/* The next word. "-" alone is a plain word. */
enum arg_kind args_next(struct args *a, struct arg *ret_arg);
/* For an option that takes a value: the one after '=', else the next word.
 * ERR_INVALID where there is none. */
MUST_USE enum err args_value(struct args *a, const struct arg *arg, struct str *ret_value);

#endif
