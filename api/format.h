/* format - the formats in which results go out, and one link as a line of them.
 *
 * Pure. The service's exports and the command line write links with the same
 * functions.
 */
#ifndef API_FORMAT_H
#define API_FORMAT_H

#include "storage/model.h"

/* name, media type, what follows the dot of a file name. The first is the default. */
#define FORMAT_TABLE(X)                                                                            \
    X(JSON, "json", "application/json", "json")                                                    \
    X(TSV, "tsv", "text/tab-separated-values", "tsv")                                              \
    X(NDJSON, "ndjson", "application/x-ndjson", "ndjson")                                          \
    X(CSV, "csv", "text/csv", "csv")

enum format {
#define X(name, text, type, suffix) FORMAT_##name,
    FORMAT_TABLE(X)
#undef X
        FORMAT_COUNT
};

struct str format_type(enum format f); /* without charset */
/* The value of Content-Type; |has_names|: it starts with the line of column names. */
struct str format_header(enum format f, bool has_names);
struct str format_suffix(enum format f);
MUST_USE enum err format_of(struct str name, enum format *ret_format); /* "tsv" */

#define COLUMN_TABLE(X)                                                                            \
    X(SOURCE_URL, "source_url")                                                                    \
    X(PARSED_URL, "parsed_url")                                                                    \
    X(TAG, "tag")                                                                                  \
    X(ATTR, "attr")                                                                                \
    X(REL, "rel")                                                                                  \
    X(TEXT, "text")                                                                                \
    X(CURSOR, "cursor")

enum column {
#define X(name, text) COLUMN_##name,
    COLUMN_TABLE(X)
#undef X
        COLUMN_COUNT
};

enum { COLUMNS_MOST = 24 };
struct columns { /* of a table */
    unsigned char list[COLUMNS_MOST];
    size_t n;
};
bool format_has_column(const struct columns *c, int column);
/* Those named in |list| out of |names|; each at most once. ERR_INVALID otherwise. */
MUST_USE enum err format_pick_columns(struct str list, const char *const *names, int n_names,
                                      struct columns *ret_columns);
/* Of a table of links: columns are of enum column. */
struct columns format_default_columns(void); /* source_url, parsed_url */
MUST_USE enum err format_columns_of(struct str list, struct columns *ret_columns);

struct format_line {
    struct str source_url;
    const struct link *link;
    struct str cursor; /* empty: none */
};

/* Append one link with its line end; JSON without one. A failed call may leave a
 * part of the line: cut |out| back. */
MUST_USE enum err format_link(struct buf *out, enum format f, const struct columns *c,
                              const struct format_line *line);
/* The line of column names: TSV and CSV have one, the others nothing. */
MUST_USE enum err format_link_names(struct buf *out, enum format f, const struct columns *c);

/* Likewise what one job found and another did not: columns are "change" (0), and then those of
 * links, each greater by one. */
struct format_change {
    struct format_line line;
    bool is_added; /* else removed */
};
struct columns format_default_change_columns(void); /* change, source_url, parsed_url */
MUST_USE enum err format_change_columns_of(struct str list, struct columns *ret_columns);
MUST_USE enum err format_change(struct buf *out, enum format f, const struct columns *c,
                                const struct format_change *change);
MUST_USE enum err format_change_names(struct buf *out, enum format f, const struct columns *c);

/* One cell of a TSV or CSV line, and what ends the line. In TSV control characters
 * become spaces; CSV is quoted as RFC 4180 has it. */
MUST_USE enum err format_cell(struct buf *out, enum format f, bool is_first, struct str value);
MUST_USE enum err format_line_end(struct buf *out, enum format f);

/* Host (without port) and scheme of a canonical URL; empty where it has none. */
struct str format_host(struct str url);
struct str format_scheme(struct str url);
bool format_is_scheme(struct str s); /* RFC 3986 section 3.1; lower case */

#endif
