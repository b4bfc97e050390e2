/* openapi - openapi.yaml, as it is and as JSON, as the build put it into the program. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <stddef.h>

extern const char openapi_yaml[];     /* UTF-8, ends with a NUL that does not count */
extern const size_t openapi_yaml_len; /* bytes */
extern const char openapi_json[];     /* likewise */
extern const size_t openapi_json_len;

#endif
