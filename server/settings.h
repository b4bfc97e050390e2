/* settings - reads a table of settings into a struct.
 *
 * From one table follow the flags (--host-delay-ms N), the variables
 * (CRAWLD_HOST_DELAY_MS, or CRAWLD_HOST_DELAY_MS_FILE naming a file that holds
 * the value), the help text and what is unknown. A flag beats its variable, the
 * variable beats the initial value; an empty variable counts as not set. Knows no
 * single setting: config.c does.
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "base/buf.h"

struct texts {
    char **items; /* owned */
    size_t n;
};
void texts_put(struct texts *t, struct str text); /* copied */
void texts_done(struct texts *t);                 /* empty and usable again */

enum setting_kind {                 /* what stands in the struct */
                    SETTING_TEXT,   /* char *, owned */
                    SETTING_LIST,   /* struct texts; repeatable, comma-separated in a variable */
                    SETTING_NUMBER, /* uint64_t, between min and max */
                    SETTING_SIZE,   /* likewise; KiB, MiB and GiB may follow */
                    SETTING_FLAG,   /* bool */
                    SETTING_CHOICE, /* unsigned: which of |choices| */
};

struct setting {
    const char *name; /* "host-delay-ms" */
    enum setting_kind kind;
    size_t offset;              /* in the struct */
    const char *hint;           /* of the value: "N" */
    const char *initial;        /* as one would write it; NULL: the struct's own */
    const char *shown;          /* of the initial value, where |initial| is not what to show */
    const char *help;           /* one phrase */
    const char *const *choices; /* NULL ends */
    uint64_t min, max;
    bool is_secret; /* never shown, also not in what is wrong with it */
    /* Of a text or of one of a list: NULL, or what it is ("is not an address"). */
    const char *(*check)(struct str value);
};

struct settings {
    const struct setting *table;
    size_t n;
};

struct settings_result {
    bool *given;           /* one a setting: a flag or variable has set it */
    struct texts warnings; /* unknown variables, one line each */
    bool wants_help;       /* --help or -h stands among the flags */
};

/* Reads |argv| (flags only) and |env| into |target|, which is zero or holds what
 * has no initial value in the table. ERR_INVALID with one line in |why|. */
MUST_USE enum err settings_read(const struct settings *s, char *const *argv, char *const *env,
                                void *target, struct settings_result *result, struct buf *why);
/* Frees what |target| owns. */
void settings_done(const struct settings *s, void *target);
/* Appends each setting with its variable, initial value and meaning. */
MUST_USE enum err settings_help(const struct settings *s, struct buf *out);

#endif
