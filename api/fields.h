/* fields - header fields that a caller gives for requests of ours: an object of names and
 * values, checked (RFC 9110 section 5), and kept as lines "Name: value".
 *
 * Pure. What they are for says which names are not the caller's to set.
 */
#ifndef API_FIELDS_H
#define API_FIELDS_H

#include "api/option.h"

enum { FIELDS_MAX_BYTES = 8 << 10 }; /* all together */

/* Names of fields that say where a message ends, for whom it is and what the connection is to
 * do (RFC 9110 sections 7.6.1 and 7.2): nobody's to set. */
bool fields_is_framing(struct str name);

/* Sets |*lines|, as option_set does. |is_ours|: names that are refused beside those of framing. */
const char *fields_set(const struct option_value *v, bool (*is_ours)(struct str name), char **lines,
                       struct option_fault *f);
/* As callers see them: the value of what |is_secret| is "***". */
void fields_write(struct writer *w, const char *key, struct str lines,
                  bool (*is_secret)(struct str name));

#endif
