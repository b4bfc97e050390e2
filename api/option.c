#include "api/option.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "api/fields.h"
#include "api/format.h"
#include "api/webhook_option.h"
#include "base/mem.h"
#include "crawler/extract.h"
#include "crawler/field.h"

enum kind {
    KIND_U32,
    KIND_U64,
    KIND_BOOL,
    KIND_CHOICE,
    KIND_ROBOTS,
    KIND_USER_AGENT,
    KIND_ELEMENTS,
    KIND_SCHEMES,
    KIND_GLOBS,
    KIND_HEADERS,
    KIND_WEBHOOK_URL,
    KIND_WEBHOOK_EVENTS,
    KIND_WEBHOOK_HEADERS,
    KIND_WEBHOOK_SECRET,
    KIND_NAME, /* from here on: members of the job itself, see is_of_job */
    KIND_METADATA,
    KIND_PRIORITY,
    KIND_PAUSED,
    KIND_GROUP, /* of a group as a whole, which JSON alone can say */
};

struct option {
    const char *name;
    enum kind kind;
    enum job_option bit;
    size_t offset;        /* in struct job_options */
    const char *words[6]; /* of a choice: in the order of its enum; NULL ends */
};

#define AT(member) offsetof(struct job_options, member)

/* Those of a group stand together: option_write_given goes by that. */
static const struct option options[] = {
    {"name", KIND_NAME, 0, 0, {0}},
    {"metadata", KIND_METADATA, 0, 0, {0}},
    {"priority", KIND_PRIORITY, 0, 0, {0}},
    {"paused", KIND_PAUSED, 0, 0, {0}},
    {"deadline_seconds", KIND_U32, OPTION_DEADLINE_SECONDS, AT(deadline_seconds), {0}},
    {"retention_seconds", KIND_U32, OPTION_RETENTION_SECONDS, AT(retention_seconds), {0}},
    {"max_depth", KIND_U32, OPTION_MAX_DEPTH, AT(max_depth), {0}},
    {"max_pages", KIND_U64, OPTION_MAX_PAGES, AT(max_pages), {0}},
    {"scope", KIND_CHOICE, OPTION_SCOPE, AT(scope), {"page", "prefix", "host", "domain", "any"}},
    {"include", KIND_GLOBS, OPTION_INCLUDE, AT(include), {0}},
    {"exclude", KIND_GLOBS, OPTION_EXCLUDE, AT(exclude), {0}},
    {"sitemap", KIND_CHOICE, OPTION_SITEMAP, AT(sitemap), {"skip", "include", "only"}},
    {"revalidate", KIND_BOOL, OPTION_REVALIDATE, AT(revalidate), {0}},
    {"host_delay_ms", KIND_U32, OPTION_HOST_DELAY_MS, AT(host_delay_ms), {0}},
    {"host_connections", KIND_U32, OPTION_HOST_CONNECTIONS, AT(host_connections), {0}},
    {"timeout_ms", KIND_U32, OPTION_TIMEOUT_MS, AT(timeout_ms), {0}},
    {"max_body_bytes", KIND_U64, OPTION_MAX_BODY_BYTES, AT(max_body_bytes), {0}},
    {"max_redirects", KIND_U32, OPTION_MAX_REDIRECTS, AT(max_redirects), {0}},
    {"max_attempts", KIND_U32, OPTION_MAX_ATTEMPTS, AT(max_attempts), {0}},
    {"robots", KIND_ROBOTS, OPTION_ROBOTS, AT(robots), {"obey", "ignore"}},
    {"user_agent", KIND_USER_AGENT, OPTION_USER_AGENT, AT(user_agent), {0}},
    {"extract.elements", KIND_ELEMENTS, OPTION_ELEMENTS, AT(elements), {0}},
    {"extract.schemes", KIND_SCHEMES, OPTION_SCHEMES, AT(schemes), {0}},
    {"extract.fragments", KIND_CHOICE, OPTION_FRAGMENTS, AT(fragments), {"strip", "keep"}},
    {"extract.text", KIND_BOOL, OPTION_TEXT, AT(text), {0}},
    {"extract.nofollow", KIND_CHOICE, OPTION_NOFOLLOW, AT(nofollow), {"keep", "drop"}},
    {"extract.max_links", KIND_U32, OPTION_MAX_LINKS, AT(max_links), {0}},
    {"headers", KIND_HEADERS, OPTION_HEADERS, AT(headers), {0}},
    {"index_links", KIND_BOOL, OPTION_INDEX_LINKS, AT(index_links), {0}},
    {"webhook", KIND_GROUP, 0, 0, {0}},
    {"webhook.url", KIND_WEBHOOK_URL, OPTION_WEBHOOK_URL, AT(webhook_url), {0}},
    {"webhook.events", KIND_WEBHOOK_EVENTS, OPTION_WEBHOOK_EVENTS, AT(webhook_events), {0}},
    {"webhook.headers", KIND_WEBHOOK_HEADERS, OPTION_WEBHOOK_HEADERS, AT(webhook_headers), {0}},
    {"webhook.secret", KIND_WEBHOOK_SECRET, OPTION_WEBHOOK_SECRET, AT(webhook_secret), {0}},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

const struct option *option_find(struct str name) {
    for (size_t i = 0; i < OPTIONS; i++)
        if (str_eq(name, str_of(options[i].name)))
            return &options[i];
    return NULL;
}

static const char *const groups[] = {"extract.", "webhook."};

const char *option_group(struct str name) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (str_starts(str_of(groups[i]), name) && groups[i][name.len] == '.')
            return groups[i];
    return NULL;
}

static const char no_group[] = "";

/* The one that the option is in. */
static const char *group_of(const struct option *o) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (str_starts(str_of(o->name), str_of(groups[i])))
            return groups[i];
    return no_group;
}

/* Not one of job_options: not under "options" in the answer. */
static bool is_of_job(const struct option *o) {
    return o->kind >= KIND_NAME;
}

bool option_is_json_only(const struct option *o) {
    switch (o->kind) {
    case KIND_METADATA:
    case KIND_GROUP:
    case KIND_HEADERS:
    case KIND_WEBHOOK_URL:
    case KIND_WEBHOOK_EVENTS:
    case KIND_WEBHOOK_HEADERS:
    case KIND_WEBHOOK_SECRET:
        return true;
    default:
        return false;
    }
}

/* --- values ------------------------------------------------------------------- */

/* Up to the next comma, or of globs the next one without a backslash before it: that is how
 * a glob has the comma mean itself. Both stay in the item. True: another one follows. */
static bool cut_item(struct str *rest, bool is_glob, struct str *ret_item) {
    struct str all = *rest;
    size_t end = 0;

    while (end < all.len && all.ptr[end] != ',')
        end += is_glob && all.ptr[end] == '\\' ? 2 : 1;
    *ret_item = str_trim(str_upto(all, end));
    *rest = str_from(all, end < all.len ? end + 1 : all.len);
    return end < all.len;
}

static struct option_value list_of(struct str text, bool is_globs) {
    struct option_value v = {.type = OPTION_LIST};
    bool more = text.len > 0;

    while (more) {
        if (v.n == OPTION_MAX_LIST)
            return (struct option_value){.type = OPTION_OTHER};
        more = cut_item(&text, is_globs, &v.list[v.n++]);
    }
    return v;
}

struct option_value option_of_text(const struct option *o, struct str text) {
    struct option_value v = {.type = OPTION_OTHER};
    uint64_t number;

    switch (o->kind) {
    case KIND_U32:
    case KIND_U64:
    case KIND_PRIORITY:
        if (str_to_u64(text, INT64_MAX, &number) == ERR_OK) {
            v.type = OPTION_NUMBER;
            v.number = (int64_t)number;
        }
        return v;
    case KIND_BOOL:
    case KIND_PAUSED:
        v.boolean = str_eq(text, STR("true")) || str_eq(text, STR("1"));
        if (v.boolean || str_eq(text, STR("false")) || str_eq(text, STR("0")))
            v.type = OPTION_BOOL;
        return v;
    case KIND_ELEMENTS:
    case KIND_SCHEMES:
    case KIND_GLOBS:
        return list_of(text, o->kind == KIND_GLOBS);
    default:
        v.type = OPTION_TEXT_VALUE;
        v.text = text;
        return v;
    }
}

/* --- setting -------------------------------------------------------------------- */

static void *place(const struct option *o, struct job *draft) {
    return (char *)&draft->options + o->offset;
}

static void replace(char **text, char *with) {
    free(*text);
    *text = with;
}

static const char *check_number(const struct option_value *v, struct codec_range range,
                                struct option_fault *f) {
    uint64_t number = (uint64_t)v->number;

    if (v->type == OPTION_NUMBER && v->number >= 0 && number >= range.min && number <= range.max)
        return NULL;
    (void)snprintf(f->text, sizeof f->text, "must be a whole number from %llu to %llu",
                   (unsigned long long)range.min, (unsigned long long)range.max);
    return f->text;
}

static const char *set_number(const struct option *o, const struct option_value *v,
                              const struct codec_limits *l, struct job *draft,
                              struct option_fault *f) {
    const char *wrong = check_number(v, l->of[o->bit], f);
    uint64_t number = (uint64_t)v->number;
    uint32_t small = (uint32_t)number;

    if (wrong)
        return wrong;
    if (o->kind == KIND_U32)
        memcpy(place(o, draft), &small, sizeof small);
    else
        memcpy(place(o, draft), &number, sizeof number);
    return NULL;
}

static const char *set_priority(const struct option_value *v, struct job *draft,
                                struct option_fault *f) {
    const char *wrong = check_number(v, (struct codec_range){0, CODEC_MAX_PRIORITY}, f);

    if (!wrong)
        draft->priority = (uint32_t)v->number;
    return wrong;
}

static const char no_bool[] = "must be true or false";

static const char *set_bool(const struct option *o, const struct option_value *v,
                            struct job *draft) {
    if (v->type != OPTION_BOOL)
        return no_bool;
    memcpy(place(o, draft), &v->boolean, sizeof v->boolean);
    return NULL;
}

static const char *set_paused(const struct option_value *v, struct job *draft) {
    if (v->type != OPTION_BOOL)
        return no_bool;
    draft->state = v->boolean ? JOB_PAUSED : JOB_QUEUED;
    return NULL;
}

static const char *list_words(const struct option *o, struct option_fault *f) {
    size_t n = (size_t)snprintf(f->text, sizeof f->text, "must be");

    for (unsigned i = 0; o->words[i] && n < sizeof f->text; i++)
        n += (size_t)snprintf(f->text + n, sizeof f->text - n, "%s \"%s\"",
                              i == 0            ? ""
                              : o->words[i + 1] ? ","
                                                : " or",
                              o->words[i]);
    return f->text;
}

static const char *set_choice(const struct option *o, const struct option_value *v,
                              struct job *draft, struct option_fault *f) {
    for (unsigned i = 0; v->type == OPTION_TEXT_VALUE && o->words[i]; i++) {
        if (str_eq(v->text, str_of(o->words[i]))) {
            memcpy(place(o, draft), &i, sizeof i);
            return NULL;
        }
    }
    return list_words(o, f);
}

static const char *set_robots(const struct option *o, const struct option_value *v,
                              const struct codec_limits *l, struct job *draft,
                              struct option_fault *f) {
    if (l->robots_enforced && v->type == OPTION_TEXT_VALUE && str_eq(v->text, STR("ignore")))
        return "this service obeys robots.txt in every job";
    return set_choice(o, v, draft, f);
}

/* Header values go out as they are: nothing in them may end a line. */
static bool has_control(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}

static const char *set_user_agent(const struct option_value *v, struct job *draft) {
    if (v->type != OPTION_TEXT_VALUE || str_trim(v->text).len == 0 ||
        v->text.len > CODEC_MAX_USER_AGENT_BYTES || has_control(v->text))
        return "must be a text of 1 to 256 bytes without control characters";
    replace(&draft->options.user_agent, mem_chars(v->text));
    return NULL;
}

/* Header fields of requests that have an option of their own, or that would change what an
 * answer means: a part, another coding, nothing but that it has not changed. */
static bool is_ours(struct str name) {
    return str_eq_ascii(name, STR("User-Agent")) || str_eq_ascii(name, STR("Accept-Encoding")) ||
           str_eq_ascii(name, STR("Range")) || str_starts_ascii(name, STR("If-"));
}

static const char star_is_alone[] = "has \"*\", which means all, beside others";

static const char *set_elements(const struct option_value *v, struct job *draft) {
    uint64_t elements = 0;
    enum tag tag;

    if (v->type != OPTION_LIST || v->n == 0 || v->n > CODEC_MAX_ELEMENTS)
        return "must be a list of element names, or [\"*\"]";
    for (size_t i = 0; i < v->n; i++) {
        if (v->n == 1 && str_eq(v->list[0], STR("*")))
            elements = UINT64_MAX;
        else if (str_eq(v->list[i], STR("*")))
            return star_is_alone;
        else if (extract_takes_element(v->list[i], &tag))
            elements |= (uint64_t)1 << tag;
        else
            return "names an element that carries no URL";
    }
    draft->options.elements = elements;
    return NULL;
}

static const char *set_schemes(const struct option_value *v, struct job *draft) {
    OWNED_BUF struct buf list = BUF_INIT(CODEC_MAX_SCHEMES * 33);

    if (v->type != OPTION_LIST || v->n == 0 || v->n > CODEC_MAX_SCHEMES)
        return "must be a list of 1 to 32 schemes, or [\"*\"]";
    for (size_t i = 0; i < v->n; i++) {
        bool all = v->n == 1 && str_eq(v->list[0], STR("*"));

        if (!all && str_eq(v->list[i], STR("*")))
            return star_is_alone;
        if (!all && !format_is_scheme(v->list[i]))
            return "names a scheme that is not one (lower case, without the colon)";
        if ((i && buf_put_char(&list, ',') != ERR_OK) || buf_put(&list, v->list[i]) != ERR_OK)
            return "is too long";
    }
    replace(&draft->options.schemes, mem_chars(buf_str(&list)));
    return NULL;
}

/* |bad|: the place of the bad one, or |n|. */
static const char *why_no_globs(enum err e, size_t bad, size_t n, struct option_fault *f) {
    if (bad == n)
        return "must be a list of globs of 16 KiB in all at most";
    f->at = bad;
    return e == ERR_TOO_BIG ? "is longer than 1,024 bytes"
                            : "is no glob: empty, with control characters, or a \\ at its end";
}

static const char *set_globs(const struct option *o, const struct option_value *v,
                             struct job *draft, struct option_fault *f) {
    const struct scope_options globs = {.include = v->list, .n_include = v->n};
    OWNED_BUF struct buf joined = BUF_INIT(SCOPE_MAX_GLOB_BYTES + SCOPE_MAX_GLOBS);
    OWNED(scope) struct scope *ignored = NULL;
    enum err e;
    size_t bad;

    if (v->type != OPTION_LIST || v->n == 0)
        return "must be a list of 1 to 200 globs";
    e = scope_new(&globs, &ignored, &bad);
    if (e != ERR_OK)
        return why_no_globs(e, bad, v->n, f);
    for (size_t i = 0; i < v->n; i++)
        if ((i && buf_put_char(&joined, '\n') != ERR_OK) || buf_put(&joined, v->list[i]) != ERR_OK)
            return "is too long";
    replace(place(o, draft), mem_chars(buf_str(&joined)));
    return NULL;
}

static size_t characters(struct str s) {
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += (s.ptr[i] & 0xc0) != 0x80;
    return n;
}

static const char *set_name(const struct option_value *v, struct job *draft) {
    if (v->type != OPTION_TEXT_VALUE || v->text.len == 0 || has_control(v->text) ||
        characters(v->text) > CODEC_MAX_NAME_CHARS)
        return "must be a text of 1 to 200 characters without control characters";
    replace(&draft->name, mem_chars(v->text));
    return NULL;
}

/* How deep objects and arrays stand in one another in |json|, which is well-formed. */
static size_t depth_of(struct str json) {
    size_t depth = 0, deepest = 0;
    bool in_text = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];

        if (c == '"')
            in_text = !in_text;
        else if (in_text)
            i += c == '\\';
        else if ((c == '{' || c == '[') && ++depth > deepest)
            deepest = depth;
        else if (c == '}' || c == ']')
            depth--;
    }
    return deepest;
}

/* Deeper ones some callers' parsers refuse, and the whole list of jobs with them. */
static const char *set_metadata(const struct option_value *v, struct job *draft) {
    if (v->type != OPTION_OBJECT || v->text.len > CODEC_MAX_METADATA_BYTES ||
        depth_of(v->text) > CODEC_MAX_METADATA_DEPTH)
        return "must be an object of at most 64 KiB and 32 levels";
    replace(&draft->metadata, mem_chars(v->text));
    return NULL;
}

const char *option_set(const struct option *o, const struct option_value *v,
                       const struct codec_limits *l, struct job *draft, struct option_fault *f) {
    const char *wrong;

    f->at = SIZE_MAX;
    switch (o->kind) {
    case KIND_NAME:
        return set_name(v, draft);
    case KIND_METADATA:
        return set_metadata(v, draft);
    case KIND_PRIORITY:
        return set_priority(v, draft, f);
    case KIND_PAUSED:
        return set_paused(v, draft);
    case KIND_U32:
    case KIND_U64:
        wrong = set_number(o, v, l, draft, f);
        break;
    case KIND_BOOL:
        wrong = set_bool(o, v, draft);
        break;
    case KIND_CHOICE:
        wrong = set_choice(o, v, draft, f);
        break;
    case KIND_ROBOTS:
        wrong = set_robots(o, v, l, draft, f);
        break;
    case KIND_USER_AGENT:
        wrong = set_user_agent(v, draft);
        break;
    case KIND_ELEMENTS:
        wrong = set_elements(v, draft);
        break;
    case KIND_SCHEMES:
        wrong = set_schemes(v, draft);
        break;
    case KIND_GLOBS:
        wrong = set_globs(o, v, draft, f);
        break;
    case KIND_HEADERS:
        wrong = fields_set(v, is_ours, &draft->options.headers, f);
        break;
    case KIND_WEBHOOK_URL:
        wrong = webhook_set_url(v, &draft->options);
        break;
    case KIND_WEBHOOK_EVENTS:
        wrong = webhook_set_events(v, &draft->options);
        break;
    case KIND_WEBHOOK_HEADERS:
        wrong = webhook_set_headers(v, &draft->options, f);
        break;
    case KIND_WEBHOOK_SECRET:
        wrong = webhook_set_secret(v, &draft->options);
        break;
    default:
        return "is not an option";
    }
    if (!wrong)
        draft->options.given |= 1U << o->bit;
    return wrong;
}

/* --- together ---------------------------------------------------------------------- */

static bool has(const struct job_options *o, enum job_option bit) {
    return o->given >> bit & 1;
}

/* Without these two they would be passed over in silence; a depth of 0 was meant. */
static const char *find_useless(const struct job_options *o) {
    static const struct {
        enum job_option bit;
        const char *name;
    } of_growth[] = {{OPTION_MAX_PAGES, "max_pages"},
                     {OPTION_SCOPE, "scope"},
                     {OPTION_INCLUDE, "include"},
                     {OPTION_EXCLUDE, "exclude"}};

    for (size_t i = 0; i < sizeof of_growth / sizeof *of_growth; i++)
        if (has(o, of_growth[i].bit) && !has(o, OPTION_MAX_DEPTH) && !has(o, OPTION_SITEMAP))
            return of_growth[i].name;
    return NULL;
}

static size_t count_lines(const char *text, size_t *bytes) {
    size_t n = text ? 1 : 0;

    for (; text && *text; text++) {
        n += *text == '\n';
        *bytes += *text != '\n';
    }
    return n;
}

static bool are_too_many(const struct job_options *o) {
    size_t bytes = 0, n = count_lines(o->include, &bytes) + count_lines(o->exclude, &bytes);

    return n > SCOPE_MAX_GLOBS || bytes > SCOPE_MAX_GLOB_BYTES;
}

const char *option_settle(struct job *draft, const char **ret_name) {
    struct job_options *o = &draft->options;

    *ret_name = find_useless(o);
    if (*ret_name)
        return "does nothing without max_depth or sitemap";
    *ret_name = "scope";
    if (o->sitemap != SITEMAP_SKIP && o->scope < SCOPE_MODE_HOST) /* of what would it be a part? */
        return "must be host, domain or any where sitemaps are read";
    *ret_name = "exclude";
    if (are_too_many(o))
        return "makes with include more than 200 globs, or more than 16 KiB";
    if (o->webhook_url && !has(o, OPTION_WEBHOOK_EVENTS))
        o->webhook_events = WEBHOOK_USUAL_EVENTS;
    if (job_options_grow(o) && !has(o, OPTION_MAX_PAGES))
        o->max_pages = CODEC_USUAL_PAGES;
    return NULL;
}

/* --- writing ---------------------------------------------------------------------- */

static void write_list(struct writer *w, const char *key, struct str list, char separator) {
    writer_key(w, key);
    writer_open(w, '[');
    while (list.len)
        writer_text(w, NULL, str_cut(&list, separator));
    writer_close(w, ']');
}

static void write_elements(struct writer *w, const char *key, uint64_t elements) {
    writer_key(w, key);
    writer_open(w, '[');
    if (elements == UINT64_MAX)
        writer_text(w, NULL, STR("*"));
    for (int tag = 1; tag < TAG_COUNT && elements != UINT64_MAX; tag++)
        if (elements >> tag & 1)
            writer_text(w, NULL, str_of(tag_text((enum tag)tag)));
    writer_close(w, ']');
}

static void write_value(struct writer *w, const char *key, const struct option *option,
                        const struct job_options *o) {
    const char *at = (const char *)o + option->offset;
    uint32_t small;
    uint64_t large;
    const char *text = NULL;

    if (option->kind == KIND_GLOBS)
        memcpy((void *)&text, at, sizeof text);
    memcpy(&small, at, sizeof small);
    switch (option->kind) {
    case KIND_U32:
        writer_number(w, key, small);
        break;
    case KIND_U64:
        memcpy(&large, at, sizeof large);
        writer_number(w, key, large);
        break;
    case KIND_BOOL:
        writer_bool(w, key, *at != 0);
        break;
    case KIND_USER_AGENT:
        writer_text(w, key, str_of(o->user_agent));
        break;
    case KIND_ELEMENTS:
        write_elements(w, key, o->elements);
        break;
    case KIND_SCHEMES:
        write_list(w, key, str_of(o->schemes), ',');
        break;
    case KIND_GLOBS:
        write_list(w, key, str_of(text), '\n');
        break;
    case KIND_HEADERS:
        fields_write(w, key, str_of(o->headers), field_is_secret);
        break;
    case KIND_WEBHOOK_URL:
        writer_text(w, key, str_of(o->webhook_url));
        break;
    case KIND_WEBHOOK_EVENTS:
        webhook_write_events(w, key, o);
        break;
    case KIND_WEBHOOK_HEADERS:
        webhook_write_headers(w, key, o);
        break;
    case KIND_WEBHOOK_SECRET:
        writer_text(w, key, STR("***"));
        break;
    default: /* choices */
        writer_text(w, key, str_of(option->words[small]));
        break;
    }
}

static bool is_given(const struct option *option, const struct job_options *o) {
    return !is_of_job(option) && (o->given >> option->bit & 1);
}

/* Ends the group |*inside| where |group| is another one, and begins that. */
static void enter_group(struct writer *w, const char **inside, const char *group) {
    char name[16];

    if (*inside == group)
        return;
    if (*inside != no_group)
        writer_close(w, '}');
    *inside = group;
    if (group == no_group)
        return;
    (void)snprintf(name, sizeof name, "%.*s", (int)strlen(group) - 1, group);
    writer_key(w, name);
    writer_open(w, '{');
}

void option_write_given(struct writer *w, const struct job_options *o) {
    const char *inside = no_group;

    for (size_t i = 0; i < OPTIONS; i++) {
        const char *group = group_of(&options[i]);

        if (!is_given(&options[i], o))
            continue;
        enter_group(w, &inside, group);
        write_value(w, options[i].name + strlen(group), &options[i], o);
    }
    enter_group(w, &inside, no_group);
}
