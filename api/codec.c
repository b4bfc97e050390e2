#include "api/codec.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/option.h"
#include "base/mem.h"

struct codec_body {
    json_t *root;
    struct str text;
};

void codec_body_free(struct codec_body *b) {
    if (!b)
        return;
    json_decref(b->root);
    free(b);
}

struct codec_limits codec_limits_of(const struct job_options *defaults, uint32_t min_host_delay_ms,
                                    uint32_t max_host_connections, bool robots_enforced) {
    struct codec_limits l = {.robots_enforced = robots_enforced};

    l.of[OPTION_HOST_DELAY_MS] = (struct codec_range){min_host_delay_ms, CODEC_MAX_HOST_DELAY_MS};
    l.of[OPTION_HOST_CONNECTIONS] = (struct codec_range){1, max_host_connections};
    l.of[OPTION_TIMEOUT_MS] = (struct codec_range){1, defaults->timeout_ms};
    l.of[OPTION_MAX_BODY_BYTES] = (struct codec_range){1, defaults->max_body_bytes};
    l.of[OPTION_MAX_REDIRECTS] = (struct codec_range){0, defaults->max_redirects};
    l.of[OPTION_MAX_ATTEMPTS] = (struct codec_range){1, defaults->max_attempts};
    l.of[OPTION_DEADLINE_SECONDS] = (struct codec_range){1, CODEC_MAX_DEADLINE_SECONDS};
    l.of[OPTION_RETENTION_SECONDS] = (struct codec_range){
        1, defaults->retention_seconds ? defaults->retention_seconds : CODEC_MAX_RETENTION_SECONDS};
    l.of[OPTION_MAX_DEPTH] = (struct codec_range){0, CODEC_MAX_DEPTH};
    l.of[OPTION_MAX_PAGES] = (struct codec_range){1, CODEC_MAX_PAGES};
    l.of[OPTION_MAX_LINKS] = (struct codec_range){0, CODEC_MAX_LINKS};
    return l;
}

/* --- JSON in -------------------------------------------------------------------- */

/* In our words: the parser's own quote the body, and change with its version. */
static const char *why_no_json(const json_error_t *why) {
    switch (json_error_code(why)) {
    case json_error_invalid_utf8:
        return "is not UTF-8";
    case json_error_premature_end_of_input:
        return "ends before its value does";
    case json_error_end_of_input_expected:
        return "goes on behind its value";
    case json_error_stack_overflow:
        return "is nested too deeply";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "holds a NUL";
    case json_error_duplicate_key:
        return "names a member twice";
    case json_error_numeric_overflow:
        return "holds a number that is too large";
    default:
        return "is not JSON";
    }
}

/* Where Jansson's buffer cannot grow, its lexer drops the characters and reads on: what it has
 * then is not what was sent, and often no error. So what it was refused is remembered. */
static _Thread_local bool was_refused;

static void *lend(size_t size) {
    void *p = malloc(size);

    was_refused |= !p;
    return p;
}

static void watch_memory(void) {
    json_set_alloc_funcs(lend, free);
}

static json_t *load(struct str text, json_error_t *why) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, watch_memory);
    was_refused = false;
    return json_loadb(text.len ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, why);
}

enum err codec_parse(struct str text, struct codec_body **ret_body, struct problem *p) {
    OWNED(codec_body) struct codec_body *b = NEW(struct codec_body);
    json_error_t why;

    problem_init(p, PROBLEM_INVALID_JSON);
    if (str_find(text, '\0') != STR_END) { /* Jansson passes over one behind a number */
        problem_detail(p, "a NUL byte is in it");
        return ERR_INVALID;
    }
    b->text = text;
    b->root = load(text, &why);
    if (was_refused)
        return ERR_NO_MEMORY;
    if (!b->root) {
        problem_fault_line(p, why.line > 0 ? (uint64_t)why.line : 1, "%s (column %d)",
                           why_no_json(&why), why.column > 0 ? why.column : 1);
        return ERR_INVALID;
    }
    if (!json_is_object(b->root)) {
        problem_init(p, PROBLEM_INVALID_OPTION);
        problem_fault(p, FAULT_POINTER, STR("#"), "must be an object, as in {\"urls\": [...]}");
        return ERR_INVALID;
    }
    *ret_body = TAKE(b);
    return ERR_OK;
}

static struct str text_of(const json_t *j) {
    return str_at(json_string_value(j), json_string_length(j));
}

static void take_list(const json_t *j, struct option_value *v) {
    size_t n = json_array_size(j);

    v->type = n <= OPTION_MAX_LIST ? OPTION_LIST : OPTION_OTHER;
    for (size_t i = 0; i < n && v->type == OPTION_LIST; i++) {
        json_t *item = json_array_get(j, i);

        if (json_is_string(item))
            v->list[v->n++] = text_of(item);
        else
            v->type = OPTION_OTHER;
    }
}

/* Whether it is one of texts, and not too large. */
static void take_map(json_t *j, struct option_value *v) {
    const char *name;
    json_t *member;

    v->type = OPTION_OBJECT;
    v->is_map = json_object_size(j) <= OPTION_MAX_LIST / 2;
    json_object_foreach(j, name, member) {
        if (!v->is_map || !json_is_string(member)) {
            v->is_map = false;
            return;
        }
        v->list[v->n++] = str_of(name);
        v->list[v->n++] = text_of(member);
    }
}

static struct option_value value_of(json_t *j) {
    struct option_value v = {.type = OPTION_OTHER};

    switch (json_typeof(j)) {
    case JSON_INTEGER:
        v.type = OPTION_NUMBER;
        v.number = json_integer_value(j);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        v.type = OPTION_BOOL;
        v.boolean = json_is_true(j);
        break;
    case JSON_STRING:
        v.type = OPTION_TEXT_VALUE;
        v.text = text_of(j);
        break;
    case JSON_ARRAY:
        take_list(j, &v);
        break;
    case JSON_OBJECT:
        take_map(j, &v);
        break;
    default:
        break;
    }
    return v;
}

/* --- a member's own text ---------------------------------------------------------- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The end of the string that starts at |at|, in valid JSON. */
static size_t string_end(struct str json, size_t at) {
    for (at++; json.ptr[at] != '"'; at++)
        at += json.ptr[at] == '\\';
    return at + 1;
}

/* The end of the value that starts at |at|, in valid JSON. */
static size_t value_end(struct str json, size_t at) {
    size_t depth = 0;

    for (;;) {
        char c = json.ptr[at];

        if (c == '"') {
            at = string_end(json, at);
            if (!depth)
                return at;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_blank(c)))
            return at;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
        if (depth == 0 && (c == '}' || c == ']'))
            return at;
    }
}

static size_t skip_blanks(struct str json, size_t at) {
    while (is_blank(json.ptr[at]))
        at++;
    return at;
}

/* The text of the |index|th member's value of |json|, an object that was parsed
 * without an error: what is handed back verbatim may not pass through numbers of
 * the parser's. */
static struct str member_text(struct str json, size_t index) {
    size_t at = skip_blanks(json, 0) + 1, end;

    for (size_t i = 0;; i++) {
        at = string_end(json, skip_blanks(json, at));
        at = skip_blanks(json, at) + 1; /* the colon */
        at = skip_blanks(json, at);
        end = value_end(json, at);
        if (i == index)
            return str_at(json.ptr + at, end - at);
        at = skip_blanks(json, end) + 1; /* the comma */
    }
}

/* --- options in -------------------------------------------------------------------- */

/* Where options come from, and where they and their faults go. */
struct reading {
    const struct codec_limits *limits;
    struct job *draft;
    struct problem *problem;
    enum fault_place place;
    const char *group; /* "extract.", or another one, or "" */
};

enum { MAX_NAME = 64 };

/* "#/extract/text" in JSON, "extract.text" in a query; RFC 6901 escapes. */
static enum err put_place(const struct reading *r, struct str key, struct buf *out) {
    bool is_json = r->place == FAULT_POINTER;
    struct str group = str_of(r->group);
    enum err e = buf_put(out, is_json ? STR("#/") : STR_NONE);

    if (e == ERR_OK && group.len)
        e = buf_put(out, str_upto(group, group.len - 1));
    if (e == ERR_OK && group.len)
        e = buf_put_char(out, is_json ? '/' : '.');
    key = str_upto(key, MAX_NAME);
    for (size_t i = 0; i < key.len && e == ERR_OK; i++) {
        if (is_json && (key.ptr[i] == '~' || key.ptr[i] == '/'))
            e = buf_put(out, key.ptr[i] == '~' ? STR("~0") : STR("~1"));
        else
            e = buf_put_char(out, key.ptr[i]);
    }
    return e;
}

static void fault(const struct reading *r, struct str key, const char *detail) {
    OWNED_BUF struct buf where = BUF_INIT(1024);

    if (put_place(r, key, &where) == ERR_OK)
        problem_fault(r->problem, r->place, buf_str(&where), "%s", detail);
}

/* Of one in a list. */
static void fault_at(const struct reading *r, struct str key, size_t at, const char *detail) {
    OWNED_BUF struct buf where = BUF_INIT(1024);
    enum err e = put_place(r, key, &where);

    if (e == ERR_OK && r->place == FAULT_POINTER)
        e = buf_printf(&where, "/%zu", at);
    if (e != ERR_OK)
        return;
    if (r->place == FAULT_POINTER)
        problem_fault(r->problem, r->place, buf_str(&where), "%s", detail);
    else
        problem_fault(r->problem, r->place, buf_str(&where), "number %zu %s", at + 1, detail);
}

/* How a list is taken, not what its job is: parameters of the call, whatever the body. */
static bool is_of_call(struct str key) {
    return str_eq(key, STR("strict")) || str_eq(key, STR("dry_run"));
}

static const struct option *find(const struct reading *r, struct str key) {
    char name[MAX_NAME];
    int len = snprintf(name, sizeof name, "%s%.*s", r->group, (int)str_upto(key, MAX_NAME).len,
                       key.len ? key.ptr : "");
    /* dots are of queries only */
    bool may_be = len < MAX_NAME && (r->place != FAULT_POINTER || str_find(key, '.') == STR_END);
    const struct option *o = may_be ? option_find(str_of(name)) : NULL;

    if (!o)
        fault(r, key, is_of_call(key) ? "is a parameter of the query" : "is not an option");
    return o;
}

static void set(const struct reading *r, const struct option *o, struct str key,
                const struct option_value *v) {
    struct option_fault f;
    const char *wrong = option_set(o, v, r->limits, r->draft, &f);

    if (wrong && f.at == SIZE_MAX)
        fault(r, key, wrong);
    else if (wrong)
        fault_at(r, key, f.at, wrong);
}

/* What others leave undone would be misunderstood here. */
static void settle(const struct reading *r) {
    const char *name;
    const char *wrong = r->problem->n_faults == 0 ? option_settle(r->draft, &name) : NULL;

    if (wrong)
        fault(r, str_of(name), wrong);
}

static void read_members(const struct reading *r, json_t *object, struct str text);

static void read_group(const struct reading *r, const char *group, struct str key, json_t *member) {
    struct reading inside = *r;

    inside.group = group;
    if (!json_is_object(member))
        fault(r, key, "must be an object");
    else
        read_members(&inside, member, STR_NONE);
    if (json_is_object(member) && str_eq(key, STR("webhook")) && !json_object_get(member, "url"))
        fault(&inside, STR("url"), "is missing");
}

static void read_members(const struct reading *r, json_t *object, struct str text) {
    size_t index = 0;
    const char *name;
    json_t *member;

    json_object_foreach(object, name, member) {
        struct str key = str_of(name);
        const char *group = *r->group ? NULL : option_group(key);
        struct option_value v = value_of(member);
        const struct option *o;

        index++;
        if (!*r->group && str_eq(key, STR("urls")))
            continue;
        if (group) {
            read_group(r, group, key, member);
            continue;
        }
        o = find(r, key);
        if (!o)
            continue;
        if (v.type == OPTION_OBJECT && text.len)
            v.text = member_text(text, index - 1);
        set(r, o, key, &v);
    }
}

void codec_read_body(const struct codec_body *b, const struct codec_limits *l, struct job *draft,
                     struct problem *p) {
    struct reading r = {l, draft, p, FAULT_POINTER, ""};

    read_members(&r, b->root, b->text);
    settle(&r);
}

void codec_refuse_options(const struct codec_body *b, struct problem *p) {
    struct reading r = {NULL, NULL, p, FAULT_POINTER, ""};
    const char *name;
    json_t *member;

    json_object_foreach(b->root, name, member) {
        struct str key = str_of(name);
        bool is_known = option_find(key) || option_group(key);

        if (!str_eq(key, STR("urls")))
            fault(&r, key, is_known ? "is settled when a job is created" : "is not an option");
    }
}

void codec_read_query(const struct query *q, const struct codec_limits *l, bool is_allowed,
                      struct job *draft, struct problem *p) {
    struct reading r = {l, draft, p, FAULT_PARAMETER, ""};

    for (size_t i = 0; i < q->n; i++) {
        struct str key = q->parameters[i].name;
        const struct option *o = is_of_call(key) ? NULL : find(&r, key);
        struct option_value v;

        if (!o)
            continue;
        if (option_is_json_only(o) || !is_allowed) {
            fault(&r, key, is_allowed ? "can be given in JSON only" : "belongs in the JSON body");
            continue;
        }
        v = option_of_text(o, q->parameters[i].value);
        set(&r, o, key, &v);
    }
    if (is_allowed)
        settle(&r);
}

/* --- the list ---------------------------------------------------------------------- */

size_t codec_url_count(const struct codec_body *b, struct problem *p) {
    json_t *urls = json_object_get(b->root, "urls");

    if (json_is_array(urls))
        return json_array_size(urls);
    problem_fault(p, FAULT_POINTER, STR("#/urls"), urls ? "must be a list of texts" : "is missing");
    return SIZE_MAX;
}

enum err codec_url(const struct codec_body *b, size_t index, struct str *ret_url,
                   struct problem *p) {
    json_t *url = json_array_get(json_object_get(b->root, "urls"), index);
    char where[48];

    if (json_is_string(url)) {
        *ret_url = text_of(url);
        return ERR_OK;
    }
    (void)snprintf(where, sizeof where, "#/urls/%zu", index);
    problem_fault(p, FAULT_POINTER, str_of(where), "must be a text");
    return ERR_INVALID;
}
