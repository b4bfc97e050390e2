/* field - header fields that a job has for its requests, as they are kept: lines "Name: value"
 * joined by \n, checked before.
 *
 * Pure. Which of them are secret is told by name: what is not known to be harmless is.
 */
#ifndef CRAWLER_FIELD_H
#define CRAWLER_FIELD_H

#include <stdbool.h>

#include "base/str.h"

enum { FIELD_MAX = 20 }; /* of a job */

struct field {
    struct str name, value, line; /* borrowed */
};

/* The next of |*lines|, which moves past it; false: there is none. */
bool field_next(struct str *lines, struct field *ret_field);
/* Is one of that name (ASCII, without case) among them? */
bool field_find(struct str lines, struct str name);
/* May it go only to those that it was given for? */
bool field_is_secret(struct str name);

#endif
