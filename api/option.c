#include "api/option.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "api/format.h"
#include "base/mem.h"
#include "crawler/extract.h"

enum kind {
    KIND_U32,
    KIND_U64,
    KIND_BOOL,
    KIND_CHOICE,
    KIND_ROBOTS,
    KIND_USER_AGENT,
    KIND_ELEMENTS,
    KIND_SCHEMES,
    KIND_NAME, /* from here on: members of the job itself, see is_of_job */
    KIND_METADATA,
    KIND_PRIORITY,
    KIND_PAUSED,
    KIND_LATER, /* promised by the contract, not available yet */
};

struct option {
    const char *name;
    enum kind kind;
    enum job_option bit;
    size_t offset;        /* in struct job_options */
    const char *words[3]; /* of a choice: in the order of its enum */
};

#define AT(member) offsetof(struct job_options, member)

/* Those of "extract" stand together: option_write_given goes by that. */
static const struct option options[] = {
    {"name", KIND_NAME, 0, 0, {0}},
    {"metadata", KIND_METADATA, 0, 0, {0}},
    {"priority", KIND_PRIORITY, 0, 0, {0}},
    {"paused", KIND_PAUSED, 0, 0, {0}},
    {"deadline_seconds", KIND_U32, OPTION_DEADLINE_SECONDS, AT(deadline_seconds), {0}},
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
    {"max_depth", KIND_LATER, 0, 0, {0}},
    {"max_pages", KIND_LATER, 0, 0, {0}},
    {"scope", KIND_LATER, 0, 0, {0}},
    {"include", KIND_LATER, 0, 0, {0}},
    {"exclude", KIND_LATER, 0, 0, {0}},
    {"sitemap", KIND_LATER, 0, 0, {0}},
    {"headers", KIND_LATER, 0, 0, {0}},
    {"index_links", KIND_LATER, 0, 0, {0}},
    {"revalidate", KIND_LATER, 0, 0, {0}},
    {"webhook", KIND_LATER, 0, 0, {0}},
    {"retention_seconds", KIND_LATER, 0, 0, {0}},
    {"strict", KIND_LATER, 0, 0, {0}},
    {"dry_run", KIND_LATER, 0, 0, {0}},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

const struct option *option_find(struct str name) {
    for (size_t i = 0; i < OPTIONS; i++)
        if (str_eq(name, str_of(options[i].name)))
            return &options[i];
    return NULL;
}

bool option_is_available(const struct option *o) {
    return o->kind != KIND_LATER;
}

/* Not one of job_options: not under "options" in the answer. */
static bool is_of_job(const struct option *o) {
    return o->kind >= KIND_NAME;
}

bool option_is_json_only(const struct option *o) {
    return o->kind == KIND_METADATA;
}

/* --- values ------------------------------------------------------------------- */

static struct option_value list_of(struct str text) {
    struct option_value v = {.type = OPTION_LIST};

    if (str_ends(text, STR(","))) /* after which str_cut sees nothing */
        return (struct option_value){.type = OPTION_OTHER};
    while (text.len) {
        if (v.n == OPTION_MAX_LIST)
            return (struct option_value){.type = OPTION_OTHER};
        v.list[v.n++] = str_trim(str_cut(&text, ','));
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
        return list_of(text);
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
                                char why[OPTION_WHY_BYTES]) {
    uint64_t number = (uint64_t)v->number;

    if (v->type == OPTION_NUMBER && v->number >= 0 && number >= range.min && number <= range.max)
        return NULL;
    (void)snprintf(why, OPTION_WHY_BYTES, "must be a whole number from %llu to %llu",
                   (unsigned long long)range.min, (unsigned long long)range.max);
    return why;
}

static const char *set_number(const struct option *o, const struct option_value *v,
                              const struct codec_limits *l, struct job *draft,
                              char why[OPTION_WHY_BYTES]) {
    const char *wrong = check_number(v, l->of[o->bit], why);
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
                                char why[OPTION_WHY_BYTES]) {
    const char *wrong = check_number(v, (struct codec_range){0, CODEC_MAX_PRIORITY}, why);

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

static const char *set_choice(const struct option *o, const struct option_value *v,
                              struct job *draft, char why[OPTION_WHY_BYTES]) {
    for (unsigned i = 0; v->type == OPTION_TEXT_VALUE && o->words[i]; i++) {
        if (str_eq(v->text, str_of(o->words[i]))) {
            memcpy(place(o, draft), &i, sizeof i);
            return NULL;
        }
    }
    (void)snprintf(why, OPTION_WHY_BYTES, "must be \"%s\" or \"%s\"", o->words[0], o->words[1]);
    return why;
}

static const char *set_robots(const struct option *o, const struct option_value *v,
                              const struct codec_limits *l, struct job *draft,
                              char why[OPTION_WHY_BYTES]) {
    if (l->robots_enforced && v->type == OPTION_TEXT_VALUE && str_eq(v->text, STR("ignore")))
        return "this service obeys robots.txt in every job";
    return set_choice(o, v, draft, why);
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

static const char star_is_alone[] = "has \"*\", which means all, beside others";

static const char *set_elements(const struct option_value *v, struct job *draft) {
    uint64_t elements = 0;
    enum tag tag;

    if (v->type != OPTION_LIST || v->n == 0)
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
                       const struct codec_limits *l, struct job *draft,
                       char why[OPTION_WHY_BYTES]) {
    const char *wrong;

    switch (o->kind) {
    case KIND_NAME:
        return set_name(v, draft);
    case KIND_METADATA:
        return set_metadata(v, draft);
    case KIND_PRIORITY:
        return set_priority(v, draft, why);
    case KIND_PAUSED:
        return set_paused(v, draft);
    case KIND_U32:
    case KIND_U64:
        wrong = set_number(o, v, l, draft, why);
        break;
    case KIND_BOOL:
        wrong = set_bool(o, v, draft);
        break;
    case KIND_CHOICE:
        wrong = set_choice(o, v, draft, why);
        break;
    case KIND_ROBOTS:
        wrong = set_robots(o, v, l, draft, why);
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
    default:
        return "is not available yet";
    }
    if (!wrong)
        draft->options.given |= 1U << o->bit;
    return wrong;
}

/* --- writing ---------------------------------------------------------------------- */

static void write_list(struct writer *w, const char *key, struct str list) {
    writer_key(w, key);
    writer_open(w, '[');
    while (list.len)
        writer_text(w, NULL, str_cut(&list, ','));
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
        write_list(w, key, str_of(o->schemes));
        break;
    default: /* choices */
        writer_text(w, key, str_of(option->words[small]));
        break;
    }
}

static bool is_given(const struct option *option, const struct job_options *o) {
    return !is_of_job(option) && (o->given >> option->bit & 1);
}

void option_write_given(struct writer *w, const struct job_options *o) {
    static const char extract[] = "extract.";
    bool is_inside = false;

    for (size_t i = 0; i < OPTIONS; i++) {
        const char *name = options[i].name;

        if (!is_given(&options[i], o))
            continue;
        if (str_starts(str_of(name), STR("extract."))) {
            name += sizeof extract - 1;
            if (!is_inside) {
                writer_key(w, "extract");
                writer_open(w, '{');
            }
            is_inside = true;
        }
        write_value(w, name, &options[i], o);
    }
    if (is_inside)
        writer_close(w, '}');
}
