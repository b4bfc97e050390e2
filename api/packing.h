/* packing - answers in a coding that the caller takes (Content-Encoding, RFC 9110 section
 * 8.4): gzip or zstd.
 *
 * Whole bodies at once, streams piece by piece in constant memory. Streams that stay open
 * are sent as they are: each line of them has to arrive at once, and thousands may be open.
 */
#ifndef API_PACKING_H
#define API_PACKING_H

#include "api/call.h"

enum {
    PACKING_LEAST_BYTES = 1024, /* of a body: less is not worth it */
    PACKING_MOST_STREAMS = 64,  /* at once; those beyond are sent as they are */
};

/* Packs the answer of |c|, if there is one to pack; once. */
void packing_apply(struct api_call *c);

#endif
