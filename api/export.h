/* export - results on their way out: streams of any length in constant memory, and
 * pages of JSON.
 *
 * Each refill of the small buffer is one short read of the store, so a slow
 * receiver holds no snapshot open. What is read is the business of export_links.c
 * and export_records.c. One thread at a time.
 */
#ifndef API_EXPORT_H
#define API_EXPORT_H

#include "api/api.h"
#include "api/cursor.h"
#include "api/format.h"
#include "api/tail.h"

enum {
    EXPORT_STREAM_BYTES = 256 << 10, /* a refill stops once it made so many */
    EXPORT_PAGE_BYTES = 4 << 20,     /* a page of JSON is cut short there */
    EXPORT_TURN_READS = 16,          /* of the store in one go, where a filter leaves little */
    EXPORT_MAX_BYTES = 64 << 20,     /* no line is longer */
};

struct export {
    struct store *store;
    struct uuid job_id;
    int64_t job;
    enum format format;
    struct buf out;
    size_t enough_bytes; /* in |out|: then it is for the next refill */
    uint64_t left;       /* rows that may still be given */
    uint64_t written;    /* rows so far */
    bool is_at_end;      /* nothing lies beyond */
    size_t taken;        /* of |out|, by the receiver */
    struct tail *tail;   /* goes on with its job; NULL: ends with what is there */
    bool has_caught_up;  /* and has given all that is there */

    /* Appends rows to |out| until is_at_end, !left or enough; one read of the store. */
    enum err (*refill)(struct export *x);
    struct cursor (*cursor)(const struct export *x); /* where the next refill goes on */
    void (*done)(struct export *x);                  /* frees what the kind has of its own */
};
void export_free(struct export *x); /* NULL is fine */
DEFINE_OWNED(export)

/* For the kinds: a stream; what reads, and frees, is theirs to add. */
void export_init(struct export *x, struct store *store, struct uuid job_id, int64_t job,
                 enum format format);
/* For the kinds: before a row. Separates the items of JSON. */
MUST_USE enum err export_start_row(struct export *x);
void export_end_row(struct export *x);
static inline bool export_is_full(const struct export *x) {
    return !x->left || x->out.len >= x->enough_bytes;
}

struct export_links {
    struct store *store;
    struct uuid job_id;
    int64_t job;
    enum format format;
    struct columns columns;
    bool has_names;                  /* starts with the line of names */
    struct cursor from;              /* CURSOR_LINKS */
    struct str source, host, scheme; /* empty: any; copied */
};
struct export *export_links_new(const struct export_links *o); /* NULL: out of memory */

struct export_records {
    struct store *store;
    struct uuid job_id;
    int64_t job;
    enum format format;
    struct columns columns;
    bool has_names;
    struct cursor from;   /* CURSOR_RECORDS or CURSOR_TASKS */
    bool wants_records;   /* URLs that ended */
    bool wants_tasks;     /* and then those without a record */
    bool wants_pending;   /* of these only the unended, else only the ended */
    enum outcome outcome; /* OUTCOME_PENDING: any */
    enum code code;       /* CODE_NONE: any */
    struct str url, host; /* empty: any; copied */
};
struct export *export_records_new(const struct export_records *o); /* NULL: out of memory */

struct export_diff {
    struct store *store;
    struct uuid job_id;
    int64_t job, other; /* from what the first found to what the second did */
    enum format format; /* not JSON */
    struct columns columns;
    bool has_names;
    struct cursor from;   /* CURSOR_DIFF */
    _Atomic int *running; /* one less when it is freed */
};
struct export *export_diff_new(const struct export_diff *o); /* NULL: out of memory */

/* A reader that owns |x|. */
struct api_reader export_reader(struct export *x);
/* From now on the reader goes on with the job until it ends, with an empty line for a sign
 * of life. Not for JSON. |now_ms|: wall clock. */
void export_follow(struct export *x, int64_t now_ms);
/* Appends {"items": [...], "next_cursor": ...} with at most |limit| rows, perhaps
 * fewer; the same cursor is written to |ret_next|, empty at the end. */
MUST_USE enum err export_page(struct export *x, uint64_t limit, struct buf *out,
                              char next_text[CURSOR_MAX_TEXT], struct str *ret_next);

#endif
