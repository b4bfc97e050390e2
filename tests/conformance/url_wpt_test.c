/* The URL parser against web-platform-tests and a list of misleading spellings.
 * A case is data: all are read from TEST_DATA. */
#include <jansson.h>
#include <unistd.h>

#include "crawler/charset.h"
#include "crawler/url.h"
#include "tests/test.h"

enum { HREF_MAX = 4 << 20, LINE_MAX_BYTES = 1 << 16 };

static const char *data_path(const char *name) {
    static char path[4096];
    const char *root = getenv("TEST_DATA");

    (void)snprintf(path, sizeof path, "%s/%s", root ? root : "../shared/data", name);
    if (access(path, R_OK) != 0) {
        printf("SKIPPED: no %s\n", path);
        exit(TEST_SKIPPED);
    }
    return path;
}

static json_t *load(const char *name) {
    json_error_t why;
    json_t *list = json_load_file(data_path(name), JSON_ALLOW_NUL, &why);

    if (!list)
        TEST_FAIL("%s: %s", name, why.text);
    return list;
}

static struct str text_at(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);

    return json_is_string(value) ? str_at(json_string_value(value), json_string_length(value))
                                 : STR_NONE;
}

/* With the character before it: '?' or '#'. Empty where nothing follows that. */
static struct str with_mark(struct str part) {
    return part.len ? str_at(part.ptr - 1, part.len + 1) : STR_NONE;
}

static struct str userinfo(const struct url *u, bool is_password) {
    uint32_t start = is_password ? u->username_end + 1 : u->scheme_end + 2;
    uint32_t end = is_password ? u->host_start : u->username_end;

    return url_has_credentials(u) && end > start ? str_at(u->href.ptr + start, end - start)
                                                 : STR_NONE;
}

static struct str port_text(const struct url *u) {
    return u->port == URL_NO_PART
               ? STR_NONE
               : str_at(u->href.ptr + u->host_end + 1, (size_t)snprintf(NULL, 0, "%u", u->port));
}

static struct str host_text(const struct url *u) {
    struct str host = url_hostname(u), port = port_text(u);

    return port.len ? str_at(host.ptr, host.len + 1 + port.len) : host;
}

/* Do all parts read as a browser's URL object gives them? */
static bool agrees(const struct url *u, const json_t *row) {
    const struct {
        const char *name;
        struct str got;
    } parts[] = {
        {"href", url_href(u)},
        {"protocol", str_upto(url_href(u), u->scheme_end)},
        {"username", userinfo(u, false)},
        {"password", userinfo(u, true)},
        {"host", host_text(u)},
        {"hostname", url_hostname(u)},
        {"port", port_text(u)},
        {"pathname", url_path(u)},
        {"search", with_mark(url_query(u))},
        {"hash", with_mark(url_fragment(u))},
    };
    bool all = true;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct str wanted = text_at(row, parts[i].name), got = parts[i].got;

        if (str_eq(got, wanted))
            continue;
        TEST_FAIL("<%s>: %s is <%.*s>, not <%.*s>", text_at(row, "input").ptr, parts[i].name,
                  (int)got.len, got.len ? got.ptr : "", (int)wanted.len,
                  wanted.len ? wanted.ptr : "");
        all = false;
    }
    return all;
}

/* The serialised form is parsed to itself, with the same parts. */
static bool is_stable(const struct url *u) {
    OWNED_URL struct url again;

    url_init(&again);
    if (url_parse(&again, url_href(u), NULL, NULL) == ERR_OK &&
        str_eq(url_href(&again), url_href(u)) && again.username_end == u->username_end &&
        again.host_start == u->host_start && again.host_end == u->host_end &&
        again.path_start == u->path_start && again.query_start == u->query_start &&
        again.fragment_start == u->fragment_start && again.port == u->port &&
        again.has_host == u->has_host && again.has_opaque_path == u->has_opaque_path)
        return true;
    TEST_FAIL("parsed again: <%.*s>", (int)u->href.len, u->href.ptr);
    return false;
}

/* What fails alone fails against a base that has no path of segments, too. */
static bool fails_against_opaque(struct url *u, const json_t *row) {
    const char *relative = json_string_value(json_object_get(row, "relativeTo"));
    OWNED_URL struct url base;

    url_init(&base);
    if (url_parse(&base, STR("about:blank"), NULL, NULL) == ERR_OK &&
        (relative && !strcmp(relative, "any-base")) ==
            (url_parse(u, text_at(row, "input"), &base, NULL) == ERR_OK))
        return true;
    TEST_FAIL("<%s> against about:blank", text_at(row, "input").ptr);
    return false;
}

static bool run_row(struct url *u, struct url *base, const json_t *row) {
    struct str base_text = text_at(row, "base"), input = text_at(row, "input");
    bool wants_failure = json_is_true(json_object_get(row, "failure"));
    enum err e = ERR_OK;

    if (base_text.ptr)
        e = url_parse(base, base_text, NULL, NULL);
    if (e == ERR_OK)
        e = url_parse(u, input, base_text.ptr ? base : NULL, NULL);
    if (e == ERR_OK && !wants_failure)
        return agrees(u, row) && is_stable(u);
    if (e == ERR_INVALID && wants_failure)
        return base_text.ptr || fails_against_opaque(u, row);
    TEST_FAIL("<%s> against <%s>: %.*s", input.ptr, base_text.ptr ? base_text.ptr : "",
              e == ERR_OK ? (int)u->href.len : 99,
              e == ERR_OK ? u->href.ptr : url_why_invalid(input));
    return false;
}

TEST(parses_what_browsers_parse) {
    OWNED_URL struct url u, base;
    json_t *rows = load("wpt-url/urltestdata.json"), *row;
    size_t i, n = 0, passed = 0;

    url_init(&u);
    url_init(&base);
    json_array_foreach(rows, i, row) {
        if (!json_is_object(row))
            continue;
        n++;
        passed += run_row(&u, &base, row);
    }
    json_decref(rows);
    printf("urltestdata: %zu of %zu cases\n", passed, n);
    CHECK(n > 800);
}

static enum err encode(void *arg, struct str utf8, struct buf *out) {
    return charset_encode(arg, utf8, out);
}

static bool run_encoding(struct url *u, struct str input, const char *charset, struct str wanted) {
    const struct charset *to = charset_of_label(str_of(charset));
    struct url_query_encoder encoder = {encode, (void *)(uintptr_t)to};
    OWNED_BUF struct buf text = BUF_INIT(HREF_MAX);
    bool is_utf8 = !strcmp(charset, "utf-8");

    if (!to || buf_put(&text, STR("http://a/?")) != ERR_OK || buf_put(&text, input) != ERR_OK ||
        url_parse(u, buf_str(&text), NULL, is_utf8 ? NULL : &encoder) != ERR_OK) {
        TEST_FAIL("<%s> in %s: not parsed", input.ptr, charset);
        return false;
    }
    if (str_eq(url_query(u), wanted))
        return true;
    TEST_FAIL("<%s> in %s: <%.*s>, not <%.*s>", input.ptr, charset, (int)url_query(u).len,
              url_query(u).ptr, (int)wanted.len, wanted.ptr);
    return false;
}

TEST(encodes_queries_as_the_document_is) {
    OWNED_URL struct url u;
    json_t *rows = load("wpt-url/percent-encoding.json"), *row, *output;
    size_t i, n = 0, passed = 0;
    const char *charset;

    url_init(&u);
    json_array_foreach(rows, i, row) {
        json_object_foreach(json_object_get(row, "output"), charset, output) {
            struct str input = text_at(row, "input");

            n++;
            passed +=
                run_encoding(&u, input, charset, text_at(json_object_get(row, "output"), charset));
        }
    }
    json_decref(rows);
    printf("percent-encoding: %zu of %zu cases\n", passed, n);
    CHECK(n > 10);
}

/* The list is older than two changes of the standard: an ASCII domain is taken as
 * it is even if "xn--" stands before nonsense, and '^' in a path is escaped. */
static bool is_outdated(struct str url) {
    return str_eq(url, STR("http://xn--/")) || str_find(url, '^') != STR_END;
}

static bool run_form(struct url *u, const json_t *row) {
    const json_t *wanted = json_object_get(row, "whatwg");
    struct str text = text_at(row, "url");
    bool parsed = url_parse(u, text, NULL, NULL) == ERR_OK;

    if (is_outdated(text))
        return parsed;
    if (parsed && json_is_object(wanted) && str_eq(url_href(u), text_at(wanted, "href")) &&
        str_eq(host_text(u), text_at(wanted, "host")))
        return true;
    if (!parsed && json_is_null(wanted))
        return true;
    TEST_FAIL("<%s>: <%.*s>", text.ptr, (int)url_href(u).len, parsed ? url_href(u).ptr : "");
    return false;
}

TEST(reads_misleading_spellings_as_browsers_do) {
    static char line[LINE_MAX_BYTES];
    FILE *lines = fopen(data_path("ssrf/url-forms.jsonl"), "r");
    size_t n = 0, passed = 0;
    OWNED_URL struct url u;

    CHECK(lines);
    url_init(&u);
    while (fgets(line, sizeof line, lines)) {
        json_t *row = json_loads(line, 0, NULL);

        n++;
        passed += row && run_form(&u, row);
        json_decref(row);
    }
    (void)fclose(lines);
    printf("url-forms: %zu of %zu cases\n", passed, n);
    CHECK(n > 50);
}

TEST_MAIN
