/* model - the words of crawld's domain: jobs, tasks, records, links.
 *
 * Plain data that all floors share; no I/O. States and codes are one table
 * each: enum, API string and property derive from it.
 */
#ifndef STORAGE_MODEL_H
#define STORAGE_MODEL_H

#include "base/buf.h"
#include "base/list.h"
#include "base/own.h"
#include "base/uuid.h"

/* --- states and codes. Numbers are stored: append, never reorder. ---------- */

/* RECEIVING and DELETED are never shown: such a job does not exist for callers. */
#define JOB_STATE_TABLE(X)                                                                         \
    X(RECEIVING, "receiving")                                                                      \
    X(QUEUED, "queued")                                                                            \
    X(RUNNING, "running")                                                                          \
    X(PAUSED, "paused")                                                                            \
    X(CANCELLING, "cancelling")                                                                    \
    X(COMPLETED, "completed")                                                                      \
    X(CANCELLED, "cancelled")                                                                      \
    X(FAILED, "failed")                                                                            \
    X(DELETED, "deleted")

enum job_state {
#define X(name, text) JOB_##name,
    JOB_STATE_TABLE(X)
#undef X
        JOB_STATE_COUNT
};

#define STOP_REASON_TABLE(X)                                                                       \
    X(NONE, "")                                                                                    \
    X(NO_MORE_URLS, "no_more_urls")                                                                \
    X(PAGE_LIMIT, "page_limit")                                                                    \
    X(DEADLINE, "deadline")                                                                        \
    X(CANCELLED_BY_USER, "cancelled_by_user")                                                      \
    X(STORAGE_ERROR, "storage_error")

enum stop_reason {
#define X(name, text) STOP_##name,
    STOP_REASON_TABLE(X)
#undef X
        STOP_REASON_COUNT
};

#define OUTCOME_TABLE(X)                                                                           \
    X(PENDING, "pending")                                                                          \
    X(SUCCEEDED, "succeeded")                                                                      \
    X(FAILED, "failed")                                                                            \
    X(DISALLOWED, "disallowed")                                                                    \
    X(SKIPPED, "skipped")                                                                          \
    X(CANCELLED, "cancelled")

enum outcome {
#define X(name, text) OUTCOME_##name,
    OUTCOME_TABLE(X)
#undef X
        OUTCOME_COUNT
};

/* name, API string, the outcome it goes with, whether another attempt may help */
#define CODE_TABLE(X)                                                                              \
    X(NONE, "", SUCCEEDED, false)                                                                  \
    X(INVALID_URL, "invalid_url", FAILED, false)                                                   \
    X(UNSUPPORTED_SCHEME, "unsupported_scheme", FAILED, false)                                     \
    X(BLOCKED_ADDRESS, "blocked_address", FAILED, false)                                           \
    X(DNS_ERROR, "dns_error", FAILED, true)                                                        \
    X(CONNECT_ERROR, "connect_error", FAILED, true)                                                \
    X(TLS_ERROR, "tls_error", FAILED, false)                                                       \
    X(TIMEOUT, "timeout", FAILED, true)                                                            \
    X(CONNECTION_LOST, "connection_lost", FAILED, true)                                            \
    X(PROTOCOL_ERROR, "protocol_error", FAILED, false)                                             \
    X(HTTP_3XX, "http_3xx", FAILED, false)                                                         \
    X(HTTP_4XX, "http_4xx", FAILED, false)                                                         \
    X(RATE_LIMITED, "rate_limited", FAILED, true)                                                  \
    X(HTTP_5XX, "http_5xx", FAILED, true)                                                          \
    X(TOO_MANY_REDIRECTS, "too_many_redirects", FAILED, false)                                     \
    X(BODY_TOO_LARGE, "body_too_large", FAILED, false)                                             \
    X(BAD_ENCODING, "bad_encoding", FAILED, false)                                                 \
    X(ROBOTS_DISALLOWED, "robots_disallowed", DISALLOWED, false)                                   \
    X(ROBOTS_UNREACHABLE, "robots_unreachable", DISALLOWED, true)                                  \
    X(HOST_UNAVAILABLE, "host_unavailable", FAILED, true)                                          \
    X(DEADLINE, "deadline", SKIPPED, false)                                                        \
    X(PAGE_LIMIT, "page_limit", SKIPPED, false)                                                    \
    X(JOB_CANCELLED, "job_cancelled", CANCELLED, false)                                            \
    X(INTERNAL_ERROR, "internal_error", FAILED, false)

enum code {
#define X(name, text, outcome, transient) CODE_##name,
    CODE_TABLE(X)
#undef X
        CODE_COUNT
};

/* The elements and attributes that carry URLs; of a feed or a sitemap the element stands
 * where the attribute does. Numbers are stored in link rows. */
#define TAG_TABLE(X)                                                                               \
    X(NONE, "")                                                                                    \
    X(A, "a")                                                                                      \
    X(AREA, "area")                                                                                \
    X(LINK, "link")                                                                                \
    X(BASE, "base")                                                                                \
    X(IMG, "img")                                                                                  \
    X(SCRIPT, "script")                                                                            \
    X(IFRAME, "iframe")                                                                            \
    X(FRAME, "frame")                                                                              \
    X(FORM, "form")                                                                                \
    X(VIDEO, "video")                                                                              \
    X(AUDIO, "audio")                                                                              \
    X(SOURCE, "source")                                                                            \
    X(TRACK, "track")                                                                              \
    X(EMBED, "embed")                                                                              \
    X(OBJECT, "object")                                                                            \
    X(INPUT, "input")                                                                              \
    X(BUTTON, "button")                                                                            \
    X(BLOCKQUOTE, "blockquote")                                                                    \
    X(Q, "q")                                                                                      \
    X(INS, "ins")                                                                                  \
    X(DEL, "del")                                                                                  \
    X(BODY, "body")                                                                                \
    X(META, "meta")                                                                                \
    X(HTML, "html")                                                                                \
    X(TABLE, "table")                                                                              \
    X(TD, "td")                                                                                    \
    X(TH, "th")                                                                                    \
    X(IMAGE, "image")                                                                              \
    X(USE, "use")                                                                                  \
    X(APPLET, "applet")                                                                            \
    X(HEAD, "head")                                                                                \
    X(HEADER, "Link:")                                                                             \
    X(FEED, "feed")                                                                                \
    X(SITEMAP, "sitemap")                                                                          \
    X(TR, "tr")

enum tag {
#define X(name, text) TAG_##name,
    TAG_TABLE(X)
#undef X
        TAG_COUNT
};

#define ATTR_TABLE(X)                                                                              \
    X(NONE, "")                                                                                    \
    X(HREF, "href")                                                                                \
    X(SRC, "src")                                                                                  \
    X(SRCSET, "srcset")                                                                            \
    X(ACTION, "action")                                                                            \
    X(FORMACTION, "formaction")                                                                    \
    X(CITE, "cite")                                                                                \
    X(DATA, "data")                                                                                \
    X(POSTER, "poster")                                                                            \
    X(BACKGROUND, "background")                                                                    \
    X(CONTENT, "content")                                                                          \
    X(MANIFEST, "manifest")                                                                        \
    X(LONGDESC, "longdesc")                                                                        \
    X(CODEBASE, "codebase")                                                                        \
    X(ARCHIVE, "archive")                                                                          \
    X(CLASSID, "classid")                                                                          \
    X(PROFILE, "profile")                                                                          \
    X(USEMAP, "usemap")                                                                            \
    X(PING, "ping")                                                                                \
    X(IMAGESRCSET, "imagesrcset")                                                                  \
    X(XLINK_HREF, "xlink:href")                                                                    \
    X(ICON, "icon")                                                                                \
    X(DYNSRC, "dynsrc")                                                                            \
    X(LOWSRC, "lowsrc")                                                                            \
    X(LOC, "loc")                                                                                  \
    X(URL, "url")                                                                                  \
    X(LINK, "link")                                                                                \
    X(GUID, "guid")                                                                                \
    X(COMMENTS, "comments")                                                                        \
    X(DOCS, "docs")                                                                                \
    X(ENCLOSURE, "enclosure")                                                                      \
    X(SOURCE, "source")                                                                            \
    X(GENERATOR, "generator")                                                                      \
    X(LOGO, "logo")                                                                                \
    X(URI, "uri")                                                                                  \
    X(MEDIA_CONTENT, "media:content")                                                              \
    X(MEDIA_THUMBNAIL, "media:thumbnail")                                                          \
    X(MEDIA_PLAYER, "media:player")                                                                \
    X(ITUNES_IMAGE, "itunes:image")                                                                \
    X(COMMENT_RSS, "wfw:commentRss")                                                               \
    X(IMAGE_LOC, "image:loc")                                                                      \
    X(VIDEO_THUMBNAIL_LOC, "video:thumbnail_loc")                                                  \
    X(VIDEO_CONTENT_LOC, "video:content_loc")                                                      \
    X(VIDEO_PLAYER_LOC, "video:player_loc")

enum attr {
#define X(name, text) ATTR_##name,
    ATTR_TABLE(X)
#undef X
        ATTR_COUNT
};

/* What a webhook may be told. */
#define WEBHOOK_EVENT_TABLE(X)                                                                     \
    X(JOB_STARTED, "job.started")                                                                  \
    X(JOB_PROGRESS, "job.progress")                                                                \
    X(JOB_COMPLETED, "job.completed")                                                              \
    X(JOB_FAILED, "job.failed")                                                                    \
    X(JOB_CANCELLED, "job.cancelled")                                                              \
    X(URLS_FAILED, "urls.failed")

enum webhook_event {
#define X(name, text) WEBHOOK_##name,
    WEBHOOK_EVENT_TABLE(X)
#undef X
        WEBHOOK_EVENT_COUNT
};

/* Of one delivery. RETRYING: it was tried, and will be again. FAILED: it will not, unless a
 * caller asks for it. */
#define DELIVERY_STATE_TABLE(X)                                                                    \
    X(PENDING, "pending")                                                                          \
    X(RETRYING, "retrying")                                                                        \
    X(DELIVERED, "delivered")                                                                      \
    X(FAILED, "failed")

enum delivery_state {
#define X(name, text) DELIVERY_##name,
    DELIVERY_STATE_TABLE(X)
#undef X
        DELIVERY_STATE_COUNT
};

/* API strings: static, NUL-terminated. CODE_NONE and STOP_NONE give "". */
const char *job_state_text(enum job_state s);
const char *stop_reason_text(enum stop_reason r);
const char *outcome_text(enum outcome o);
const char *code_text(enum code c);
const char *tag_text(enum tag t);
const char *attr_text(enum attr a);
const char *webhook_event_text(enum webhook_event e);
const char *delivery_state_text(enum delivery_state s);
/* The other way round; ERR_INVALID for an unknown word. */
MUST_USE enum err job_state_of(struct str text, enum job_state *ret_state); /* shown states only */
MUST_USE enum err outcome_of(struct str text, enum outcome *ret_outcome);
MUST_USE enum err code_of(struct str text, enum code *ret_code); /* "" is unknown */
MUST_USE enum err tag_of(struct str text, enum tag *ret_tag);
MUST_USE enum err webhook_event_of(struct str text, enum webhook_event *ret_event);

enum outcome code_outcome(enum code c); /* CODE_NONE: OUTCOME_SUCCEEDED */
bool code_is_transient(enum code c);    /* another attempt may help */

bool job_state_is_finished(enum job_state s); /* completed, cancelled, failed */
bool job_state_is_shown(enum job_state s);
/* The one list of legal moves; the store asserts it at each. */
bool job_state_may_move(enum job_state from, enum job_state to);

/* --- hosts ----------------------------------------------------------------- */

enum { HOST_BUCKET_BITS = 12, HOST_BUCKETS = 1 << HOST_BUCKET_BITS };

/* The id of the host |host_key| ("example.com:443"): its bucket, 0 to HOST_BUCKETS - 1,
 * above 51 bits of the key's hash. A bucket comes from the registrable domain, so the
 * hosts of a domain lie together and whoever crawls owns a range of ids. Never negative. */
int64_t host_id(struct str host_key, uint32_t bucket);
/* The first id of |bucket|; that of HOST_BUCKETS, an end of ranges, is INT64_MAX. */
int64_t host_id_first(uint32_t bucket);

enum robots_kind {
    ROBOTS_NONE,       /* nothing is known */
    ROBOTS_FILE,       /* |robots| is the file */
    ROBOTS_ALLOW_ALL,  /* there is none */
    ROBOTS_UNREACHABLE /* nothing may be fetched while that is so */
};

/* What is remembered of a host, over jobs and restarts. Times are wall clock in ms. */
struct host_memo {
    int64_t id;            /* host_id of |name|, which tells apart what has one id by chance */
    char *name;            /* host key */
    int64_t blocked_until; /* 0: it is not */
    uint32_t fails;        /* that led there */
    uint32_t delay_ms;     /* learnt; 0: none */
    enum robots_kind robots_kind;
    int64_t robots_at, robots_until;
    /* Owned; any bytes, not NUL-terminated. NULL of a ROBOTS_FILE: the one that is kept stays. */
    char *robots;
    size_t robots_len;
};
void host_memo_free(struct host_memo *m); /* NULL is fine */
void host_memo_done(struct host_memo *m); /* frees what it owns */
DEFINE_OWNED(host_memo)
/* Without anything worth a row. */
bool host_memo_is_empty(const struct host_memo *m);

/* --- options of a job ------------------------------------------------------ */

enum robots_mode { ROBOTS_OBEY, ROBOTS_IGNORE };
enum fragments_mode { FRAGMENTS_STRIP, FRAGMENTS_KEEP };
enum nofollow_mode { NOFOLLOW_KEEP, NOFOLLOW_DROP };

#define SCOPE_MODE_TABLE(X)                                                                        \
    X(PAGE, "page")                                                                                \
    X(PREFIX, "prefix")                                                                            \
    X(HOST, "host")                                                                                \
    X(DOMAIN, "domain")                                                                            \
    X(ANY, "any")

enum scope_mode {
#define X(name, text) SCOPE_MODE_##name,
    SCOPE_MODE_TABLE(X)
#undef X
};
enum sitemap_mode { SITEMAP_SKIP, SITEMAP_INCLUDE, SITEMAP_ONLY };

/* All values are in force: where the caller gave none, the server's default at
 * the time of submission. Bit OPTION_x of |given| says which ones the caller gave. */
struct job_options {
    uint32_t given;
    uint32_t host_delay_ms;
    uint32_t host_connections;
    uint32_t timeout_ms;     /* one attempt, redirects included */
    uint64_t max_body_bytes; /* decoded */
    uint32_t max_redirects;
    uint32_t max_attempts; /* the first included */
    enum robots_mode robots;
    char *user_agent;
    uint64_t elements; /* bit 1 << TAG_x: which elements' links to report; UINT64_MAX: all */
    char *schemes;     /* "http,https"; "*" for all */
    enum fragments_mode fragments;
    bool text;
    enum nofollow_mode nofollow;
    uint32_t max_links;
    uint32_t deadline_seconds; /* from the job's creation; 0: none */
    uint32_t max_depth;        /* of links that are followed; 0: only the list */
    uint64_t max_pages;        /* URLs of the job in all, once links are followed; 0: no limit */
    enum scope_mode scope;
    char *include, *exclude; /* globs, joined by \n; NULL: none */
    enum sitemap_mode sitemap;
    bool revalidate;            /* ask by the validators of earlier fetches */
    uint32_t retention_seconds; /* kept so long once it is finished; 0: for good */
    char *webhook_url;          /* canonical, without fragment; NULL: there is no webhook */
    uint32_t webhook_events;    /* bits 1 << WEBHOOK_x */
    char *webhook_headers;      /* "Name: value", joined by \n; NULL: none */
    char *webhook_secret;       /* "whsec_" and base64; NULL: its messages are not signed */
    bool index_links;           /* they can be found by what they name */
    char *headers;              /* of its requests: "Name: value", joined by \n; NULL: none */
};

enum job_option {
    OPTION_HOST_DELAY_MS,
    OPTION_HOST_CONNECTIONS,
    OPTION_TIMEOUT_MS,
    OPTION_MAX_BODY_BYTES,
    OPTION_MAX_REDIRECTS,
    OPTION_MAX_ATTEMPTS,
    OPTION_ROBOTS,
    OPTION_USER_AGENT,
    OPTION_ELEMENTS,
    OPTION_SCHEMES,
    OPTION_FRAGMENTS,
    OPTION_TEXT,
    OPTION_NOFOLLOW,
    OPTION_MAX_LINKS,
    OPTION_DEADLINE_SECONDS,
    OPTION_MAX_DEPTH,
    OPTION_MAX_PAGES,
    OPTION_SCOPE,
    OPTION_INCLUDE,
    OPTION_EXCLUDE,
    OPTION_SITEMAP,
    OPTION_REVALIDATE,
    OPTION_RETENTION_SECONDS,
    OPTION_WEBHOOK_URL,
    OPTION_WEBHOOK_EVENTS,
    OPTION_WEBHOOK_HEADERS,
    OPTION_WEBHOOK_SECRET,
    OPTION_HEADERS,
    OPTION_INDEX_LINKS,
    OPTION_COUNT
};

void job_options_done(struct job_options *o);
void job_options_copy(struct job_options *dst, const struct job_options *src);
/* May URLs be discovered that are not on the list? */
bool job_options_grow(const struct job_options *o);

/* --- job ------------------------------------------------------------------- */

struct job_counts {
    uint64_t total;
    uint64_t by_outcome[OUTCOME_COUNT]; /* [OUTCOME_PENDING] is not kept: see job_unfinished */
    uint64_t duplicates, links_found, bytes;
    struct not_followed {
        uint64_t out_of_scope, depth_limit, page_limit;
    } not_followed;
};

struct job {
    int64_t no;     /* the store's own key */
    int64_t tenant; /* whose it is (store_tenant), for ever; 0: of the service without tokens */
    struct uuid id;
    char *name;     /* or NULL */
    char *metadata; /* JSON text, or NULL */
    enum job_state state;
    enum stop_reason stop_reason;
    uint32_t priority; /* 0 to 9 */
    uint64_t version;
    struct job_counts counts;
    struct job_options options;
    /* wall clock, ms; 0: not yet */
    int64_t created_at, started_at, finished_at, expires_at, last_progress_at;
    int64_t deadline_at; /* 0: none */
};

void job_free(struct job *j); /* NULL is fine */
DEFINE_OWNED(job)
uint64_t job_unfinished(const struct job *j); /* total less all outcomes */

/* --- task: one URL of a job that has no outcome yet ------------------------ */

struct task {
    struct list link;         /* for whoever owns the task */
    int64_t job;              /* job.no */
    int64_t host;             /* host_id of its host key */
    int64_t seq;              /* with job and host the key; what comes later has a greater one */
    int64_t place;            /* the URL's number in its job, 0-based: of a listed one its index */
    int64_t referrer;         /* place of the URL whose page named it; -1: it was listed */
    uint16_t prefix_len;      /* how much of the URL its links have to share where the scope asks
                               * for that: kept for whoever found it */
    uint16_t depth;           /* 0: submitted */
    uint16_t attempts;        /* used up so far */
    uint16_t attempts_before; /* those among them that do not count: it was put back since */
    int64_t due_at;           /* wall ms: not to be tried before; 0: at once */
    bool is_hop;              /* the engine's: it waits in the middle of a trip */
    bool is_entitled;         /* its origin may see the secret ones of the job's headers */
    bool has_input;           /* the URL as given differs from |url| and follows it in memory */
    /* Of a job that revalidates: by what the URL is known (see task_etag), and the page that
     * is to be copied if it has not changed; 0: by nothing. */
    int64_t known_page;
    uint32_t url_len, input_len, etag_len, last_modified_len;
    char bytes[]; /* url, input, ETag, Last-Modified; not NUL-terminated */
};

/* A task with copies of |url| and |input| (STR_NONE where it equals url), the
 * rest zero but referrer -1 and an initialised link; free() it. */
struct task *task_new(struct str url, struct str input);
/* Likewise, with the values of these headers (STR_NONE where there was none). */
struct task *task_new_known(struct str url, struct str input, struct str etag,
                            struct str last_modified);
static inline struct str task_url(const struct task *t) {
    return str_at(t->bytes, t->url_len);
}
static inline struct str task_input(const struct task *t) {
    return str_at(t->bytes + t->url_len, t->input_len);
}
static inline struct str task_etag(const struct task *t) {
    return str_at(t->bytes + t->url_len + t->input_len, t->etag_len);
}
static inline struct str task_last_modified(const struct task *t) {
    return str_at(t->bytes + t->url_len + t->input_len + t->etag_len, t->last_modified_len);
}
struct task *task_copy(const struct task *t); /* with a link of its own */
/* Place in the submitted lists, or -1 for what was discovered. */
static inline int64_t task_index(const struct task *t) {
    return t->referrer < 0 ? t->place : -1;
}
/* Bytes of memory it takes, for budgets. */
size_t task_size(const struct task *t);

/* --- links: those of one page, in document order ---------------------------- */

enum { LINKS_MAX_BYTES = 64 << 20 }; /* of one page, all buffers together */

struct links {
    uint32_t n;
    uint32_t dropped; /* beyond max_links, or too long */
    struct buf urls;  /* joined by \n, none after the last */
    struct buf marks; /* each link: tag byte, attr byte, varint length of rel, varint of text */
    struct buf texts; /* each link: rel, then text; valid UTF-8 without controls */
};

void links_init(struct links *l);
void links_done(struct links *l);
/* Room for |n| bytes of the next URL: what stands there is not copied by links_put(). */
MUST_USE enum err links_room(struct links *l, size_t n, char **ret_room);
/* Adds one; ERR_TOO_BIG leaves |l| as it was. |url| holds no \n. */
MUST_USE enum err links_put(struct links *l, struct str url, enum tag tag, enum attr attr,
                            struct str rel, struct str text);

/* Walks the links of one part (borrowed): a copy that is used up. */
struct links_view {
    uint32_t n; /* left */
    struct str urls, marks, texts;
};
struct link {
    struct str url, rel, text;
    enum tag tag;
    enum attr attr;
};
struct links_view links_view(const struct links *l);
/* The next link; ERR_NOT_FOUND at the end, ERR_CORRUPT where number, URLs and marks do
 * not fit together. The second gives the URL alone, for who needs no more; a view is
 * read by one of the two. */
MUST_USE enum err links_view_next(struct links_view *v, struct link *ret_link);
MUST_USE enum err links_view_next_url(struct links_view *v, struct str *ret_url);

/* --- follow: URLs that a page named and that are to be followed --------------- */

enum { FOLLOW_MAX_BYTES = 64 << 20 }; /* of one page */

/* Zeroed: nothing was found. */
struct follow {
    uint32_t n;
    struct buf rows;
    uint64_t out_of_scope, depth_limit; /* of others: for job_counts.not_followed */
};
struct follow_url {
    struct str url;      /* canonical, without fragment */
    struct str host_key; /* "example.com:443" */
    uint32_t bucket;     /* of its host: see host_id */
    uint16_t depth;
    uint16_t prefix_len; /* see struct task */
    bool is_entitled;    /* likewise */
};

void follow_init(struct follow *f);
void follow_done(struct follow *f);
/* Adds one; ERR_TOO_BIG leaves |f| as it was. The same URL may come again and again. */
MUST_USE enum err follow_put(struct follow *f, const struct follow_url *u);
/* The next one of |*rest| (at first buf_str(&f->rows)), which moves past it; borrowed from
 * there. ERR_NOT_FOUND at the end, ERR_CORRUPT. */
MUST_USE enum err follow_next(struct str *rest, struct follow_url *ret_url);

/* --- record: what became of one URL ----------------------------------------- */

enum { RECORD_MAX_BYTES = 512 << 10 };

/* Borrowed text throughout; all of outside origin is valid UTF-8 already. */
struct record {
    int64_t seq;      /* order of ending in its job, from 1; 0 while unended */
    int64_t place;    /* of its task, which store_commit fills in */
    int64_t host;     /* likewise; -1: it had none, being a reject of a list */
    int64_t index;    /* as task_index says; follows from place and referrer */
    struct str url;   /* canonical, without fragment; empty where the input has no parse */
    struct str input; /* empty where equal to url */
    struct str final_url;
    enum outcome outcome;
    enum code code;
    uint32_t http_status; /* 0: none */
    struct str content_type;
    uint64_t bytes; /* of the decoded body */
    uint32_t links_found, links_dropped;
    uint32_t depth, attempts;
    int64_t referrer;
    struct str redirects; /* lines "301 https://from.example/", joined by \n; each hop once */
    int64_t started_at;   /* wall ms of the last attempt; 0: none */
    int64_t elapsed_ms;
    struct str etag, last_modified;
    bool not_modified; /* the answer was 304: the links are those of an earlier page */
    bool is_entitled;  /* see struct task */
};

/* The stored form: |url| stands first. Appends; ERR_TOO_BIG past the buffer. */
MUST_USE enum err record_encode(struct buf *b, const struct record *r);
/* |ret_record| borrows from |bytes|. seq is not part of it. */
MUST_USE enum err record_decode(struct str bytes, struct record *ret_record);

/* --- deliveries: what a webhook is told of a job ------------------------------ */

struct delivery {
    int64_t job;       /* job.no */
    uint64_t sequence; /* of the job's deliveries, from 1; some may be missing */
    enum webhook_event event;
    enum delivery_state state;
    int64_t at;                     /* of the event; as all below wall ms */
    int64_t next_at;                /* of the next attempt; 0: none, or not yet its turn */
    int64_t tried_at, delivered_at; /* the last attempt, the first that worked; 0: none */
    int64_t receiver;               /* the same for all that go to one origin */
    uint32_t attempts;
    uint32_t http_status; /* of the last attempt; 0: there was no answer */
    enum code code;       /* of the last attempt; CODE_NONE: it worked, or there was none */
};

/* "019aa8f2-7d4e-7c31-9a52-0c3f5d1b2e77-3": by it callers and receivers know a delivery. */
enum { DELIVERY_ID_CHARS = UUID_TEXT_LEN + 1 + 20 };
void delivery_id_text(const struct uuid *job, uint64_t sequence,
                      char ret_text[DELIVERY_ID_CHARS + 1]);
/* ERR_NOT_FOUND: it is none of |job|. */
MUST_USE enum err delivery_id_parse(struct str text, const struct uuid *job,
                                    uint64_t *ret_sequence);

/* Facts: what happened as it was then, which each attempt tells alike. Of events of the job
 * they are what changes of it: facts_take_job sets that in |j|. ERR_TOO_BIG, ERR_CORRUPT. */
enum { FACTS_MAX_BYTES = 1 << 20 };
MUST_USE enum err facts_put_job(struct buf *b, const struct job *j);
MUST_USE enum err facts_take_job(struct str facts, struct job *j);

/* Of WEBHOOK_URLS_FAILED they are failures one behind the other: of a URL its record, or a
 * host of which so many URLs were settled as a whole. */
struct failure {
    bool is_host;
    struct record record;
    struct str host; /* host key */
    enum code code;
    uint64_t n_urls;
};
/* |record|: in its stored form. Appends; ERR_TOO_BIG leaves |b| as it was. */
MUST_USE enum err facts_put_record(struct buf *b, int64_t seq, struct str record);
MUST_USE enum err facts_put_host(struct buf *b, struct str host, enum code code, uint64_t n_urls);
/* The next one of |*facts|, which moves past it; borrowed from there. ERR_NOT_FOUND at the
 * end, ERR_CORRUPT. */
MUST_USE enum err facts_next(struct str *facts, struct failure *ret_failure);

#endif
