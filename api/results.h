/* results - what the two lists of a job's results have in common: format, cursor,
 * limit, and how an export becomes an answer.
 */
#ifndef API_RESULTS_H
#define API_RESULTS_H

#include "api/call.h"
#include "api/export.h"

enum { RESULTS_USUAL = 1000, RESULTS_MOST = 10000 };

struct results_request {
    struct uuid job_id;
    enum format format;
    bool has_names;     /* the whole from its start */
    struct cursor from; /* |usual| where the caller gave none */
    uint64_t limit;     /* UINT64_MAX: all (not for JSON) */
    bool follows;       /* goes on with the job */
};

/* Bits 1 << FORMAT_x. */
enum { RESULTS_STREAMED = 1 << FORMAT_TSV | 1 << FORMAT_NDJSON | 1 << FORMAT_CSV };
enum { RESULTS_ALL = RESULTS_STREAMED | 1 << FORMAT_JSON };

/* |kinds|: cursors of a kind from kinds[0] to kinds[1] will do. False: the call is
 * answered. */
bool results_read(struct api_call *c, unsigned formats, enum cursor_kind least,
                  enum cursor_kind most, struct results_request *ret_request);
/* The parameter |columns|, read by |pick|, out of |names|; *ret_columns stays where it is absent.
 * False: the call is answered. */
bool results_columns(struct api_call *c, enum format f,
                     enum err (*pick)(struct str list, struct columns *ret_columns),
                     const char *names, struct columns *ret_columns);
/* A canonical form of the URL in the parameter |name|; *|ret_url| is empty where it
 * is absent. False: the call is answered. */
bool results_url(struct api_call *c, const char *name, struct buf *ret_url);
/* Answers with |x|, which it takes (NULL: out of memory). |what|: "links". */
void results_answer(struct api_call *c, const struct results_request *q, struct export *x,
                    const char *what);

#endif
