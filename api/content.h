/* content - what kind of body a call brings: its media type and how it is packed.
 *
 * Looks at the head only; receive.c reads what is announced.
 */
#ifndef API_CONTENT_H
#define API_CONTENT_H

#include "api/call.h"

/* JSON or text. False: it is another type, or in another character encoding than UTF-8, and
 * the call is answered. */
bool content_type(struct api_call *c, bool *ret_is_json);
/* Packed by gzip, or not at all. False: otherwise, and the call is answered. */
bool content_coding(struct api_call *c, bool *ret_is_gzip);

#endif
