/* option - the one table of a job's options, and how a value gets into a job.
 *
 * Pure. codec.c brings values from JSON and from query parameters.
 */
#ifndef API_OPTION_H
#define API_OPTION_H

#include "api/codec.h"
#include "api/writer.h"
#include "crawler/scope.h"

enum { OPTION_MAX_LIST = SCOPE_MAX_GLOBS };

enum option_type {
    OPTION_NUMBER,
    OPTION_BOOL,
    OPTION_TEXT_VALUE,
    OPTION_LIST,
    OPTION_OBJECT,
    OPTION_OTHER, /* null, a fraction, a list of other things */
};

/* A value as it was given. From a query all are texts first: see option_of_text. */
struct option_value {
    enum option_type type;
    int64_t number;
    bool boolean;
    struct str text; /* of an object: its JSON */
    /* Also of an object whose members are all texts, if they are few: names and texts by turns. */
    struct str list[OPTION_MAX_LIST];
    size_t n;
    bool is_map;
};

struct option;
/* By its dotted name ("extract.elements"); NULL: there is none. */
const struct option *option_find(struct str name);
/* "extract." where |name| is that of a group of options; NULL: it is none. */
const char *option_group(struct str name);
bool option_is_json_only(const struct option *o);
/* Reads |text| as the option's type. */
struct option_value option_of_text(const struct option *o, struct str text);
struct option_fault {
    char text[160]; /* room for what is returned */
    size_t at;      /* the bad one of a list; SIZE_MAX: the value as a whole */
};
/* NULL where it was set in |draft|; else what the value should be, static or in |f|. */
const char *option_set(const struct option *o, const struct option_value *v,
                       const struct codec_limits *l, struct job *draft, struct option_fault *f);
/* What follows from others, once all are set. NULL, or what is wrong with the option
 * *ret_name beside the others. */
const char *option_settle(struct job *draft, const char **ret_name);

/* The members of "options": those that the caller gave. */
void option_write_given(struct writer *w, const struct job_options *o);

#endif
