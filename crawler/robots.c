#include "crawler/robots.h"

#include <assert.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crawler/robots_pattern.h"

enum {
    /* No list outgrows it: the largest item, a rule, is 16 bytes for a line of 8, and
     * escapes make a byte three. */
    LIST_MAX_BYTES = 4 * ROBOTS_MAX_BYTES,
    WORK_MAX_BYTES = 16 << 20, /* searched for one path */
};

struct span {
    uint32_t at, len; /* in robots.text */
};

struct agent {
    struct span name; /* the line's value */
    uint32_t group;
};

/* Agents that share rules and a delay. */
struct group {
    uint32_t first_rule, n_rules;
    uint32_t delay_ms;
};

struct rule {
    struct robots_pattern pattern;
    bool is_allow;
};

/* The agents of a group follow each other, as do its rules. */
struct robots {
    struct buf text;
    struct buf agents, groups, rules, sitemaps; /* of the structs above; sitemaps of spans */
};

struct robots_rules {
    const struct robots *robots;
    struct buf rules; /* the one that decides comes first */
    uint32_t delay_ms;
};

/* --- lists ---------------------------------------------------------------------------- */

#define LIST_LEN(list, type) ((list)->len / sizeof(type))
#define LIST_AT(list, type, i) (&((type *)(void *)(list)->ptr)[i])
#define LIST_PUT(list, item) buf_put((list), str_at((const char *)(item), sizeof *(item)))

static enum err put_text(struct robots *r, struct str s, struct span *ret_span) {
    struct span span = {(uint32_t)r->text.len, (uint32_t)s.len};
    enum err e = buf_put(&r->text, s);

    if (e == ERR_OK)
        *ret_span = span;
    return e;
}

static struct str text_at(const struct robots *r, struct span span) {
    return str_upto(str_from(buf_str(&r->text), span.at), span.len);
}

/* --- lines ---------------------------------------------------------------------------- */

enum field { FIELD_AGENT, FIELD_ALLOW, FIELD_DISALLOW, FIELD_DELAY, FIELD_SITEMAP, FIELD_UNKNOWN };

static enum field field_of(struct str name) {
    static const struct {
        const char *name;
        enum field field;
    } known[] = {
        {"user-agent", FIELD_AGENT},  {"useragent", FIELD_AGENT},   {"user agent", FIELD_AGENT},
        {"allow", FIELD_ALLOW},       {"disallow", FIELD_DISALLOW}, {"dissallow", FIELD_DISALLOW},
        {"dissalow", FIELD_DISALLOW}, {"disalow", FIELD_DISALLOW},  {"diasllow", FIELD_DISALLOW},
        {"disallaw", FIELD_DISALLOW}, {"crawl-delay", FIELD_DELAY}, {"sitemap", FIELD_SITEMAP},
        {"site-map", FIELD_SITEMAP},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq_ascii(name, str_of(known[i].name)))
            return known[i].field;
    return FIELD_UNKNOWN;
}

static size_t find_blank(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == ' ' || s.ptr[i] == '\t')
            return i;
    return STR_END;
}

/* "field: value", or two words: more of them are prose that lacks its "#". */
static enum field split_line(struct str line, struct str *ret_value) {
    size_t at;

    line = str_trim(str_upto(line, str_find(line, '#')));
    at = str_find(line, ':');
    if (at == STR_END) {
        at = find_blank(line);
        if (at == STR_END || find_blank(str_trim(str_from(line, at))) != STR_END)
            return FIELD_UNKNOWN;
    }
    *ret_value = str_trim(str_from(line, at + 1));
    return field_of(str_trim(str_upto(line, at)));
}

/* Seconds as a decimal fraction; ERR_INVALID for anything else. */
static enum err parse_delay(struct str value, uint32_t *ret_ms) {
    uint64_t ms = 0, unit = 1000;
    bool has_point = false, has_digit = false;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (c == '.' && !has_point) {
            has_point = true;
        } else if (!ascii_is_digit(c)) {
            return ERR_INVALID;
        } else {
            has_digit = true;
            unit = has_point ? unit / 10 : unit;
            ms = (has_point ? ms : ms * 10) + (uint64_t)(c - '0') * unit;
        }
        ms = ms > ROBOTS_MAX_DELAY_MS ? ROBOTS_MAX_DELAY_MS : ms;
    }
    *ret_ms = (uint32_t)ms;
    return has_digit ? ERR_OK : ERR_INVALID;
}

/* --- parsing -------------------------------------------------------------------------- */

struct parser {
    struct robots *r;
    bool is_naming; /* User-agent lines, and no rule yet behind them */
};

/* NULL before the first User-agent. */
static struct group *last_group(const struct robots *r) {
    size_t n = LIST_LEN(&r->groups, struct group);

    return n ? LIST_AT(&r->groups, struct group, n - 1) : NULL;
}

/* Only rules and a Crawl-delay end the naming of agents; other records do not
 * (section 2.2.4). */
static enum err begin_group(struct parser *p) {
    struct group group = {.first_rule = (uint32_t)LIST_LEN(&p->r->rules, struct rule)};

    if (p->is_naming)
        return ERR_OK;
    p->is_naming = true;
    return LIST_PUT(&p->r->groups, &group);
}

static enum err add_agent(struct parser *p, struct str value) {
    struct robots *r = p->r;
    struct agent agent;
    enum err e = begin_group(p);

    if (e == ERR_OK)
        e = put_text(r, value, &agent.name);
    if (e != ERR_OK)
        return e;
    agent.group = (uint32_t)LIST_LEN(&r->groups, struct group) - 1;
    return LIST_PUT(&r->agents, &agent);
}

static enum err put_rule(struct robots *r, const struct rule *rule) {
    enum err e = LIST_PUT(&r->rules, rule);

    if (e == ERR_OK)
        last_group(r)->n_rules++;
    return e;
}

/* "/a/index.html" is how owners of sites call what the web calls "/a/". */
static enum err add_folder_of(struct robots *r, struct rule rule) {
    struct str pattern = robots_pattern_str(&rule.pattern, buf_str(&r->text));
    size_t slash = pattern.len;

    while (slash && pattern.ptr[slash - 1] != '/')
        slash--;
    if (!rule.is_allow || !str_starts(str_from(pattern, slash), STR("index.htm")))
        return ERR_OK;
    rule.pattern.len = (uint32_t)slash;
    rule.pattern.is_anchored = true;
    return put_rule(r, &rule);
}

static enum err add_rule(struct parser *p, struct str value, bool is_allow) {
    struct rule rule = {.is_allow = is_allow};
    enum err e;

    p->is_naming = false;
    if (!last_group(p->r) || !robots_pattern_is(value))
        return ERR_OK;
    e = robots_pattern_put(&p->r->text, value, &rule.pattern);
    if (e == ERR_OK)
        e = put_rule(p->r, &rule);
    return e == ERR_OK ? add_folder_of(p->r, rule) : e;
}

static void add_delay(struct parser *p, struct str value) {
    struct group *group = last_group(p->r);
    uint32_t ms;

    if (!group || parse_delay(value, &ms) != ERR_OK)
        return;
    p->is_naming = false;
    if (ms > group->delay_ms)
        group->delay_ms = ms;
}

static enum err add_sitemap(struct parser *p, struct str value) {
    struct span span;
    enum err e;

    if (value.len == 0)
        return ERR_OK;
    e = put_text(p->r, value, &span);
    return e == ERR_OK ? LIST_PUT(&p->r->sitemaps, &span) : e;
}

static enum err add_line(struct parser *p, struct str line) {
    struct str value = STR_NONE;

    switch (split_line(line, &value)) {
    case FIELD_AGENT:
        return add_agent(p, value);
    case FIELD_ALLOW:
        return add_rule(p, value, true);
    case FIELD_DISALLOW:
        return add_rule(p, value, false);
    case FIELD_SITEMAP:
        return add_sitemap(p, value);
    case FIELD_DELAY:
        add_delay(p, value);
        return ERR_OK;
    case FIELD_UNKNOWN:
        return ERR_OK;
    }
    return ERR_OK;
}

static bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

/* The lines of |body| that end within the limit. */
static struct str what_is_read(struct str body) {
    size_t end = ROBOTS_MAX_BYTES;

    if (body.len <= end)
        return body;
    while (end && !is_line_end(body.ptr[end]))
        end--;
    return str_upto(body, end);
}

static struct robots *empty_robots(void) {
    struct robots *r = NEW(struct robots);

    buf_init(&r->text, LIST_MAX_BYTES);
    buf_init(&r->agents, LIST_MAX_BYTES);
    buf_init(&r->groups, LIST_MAX_BYTES);
    buf_init(&r->rules, LIST_MAX_BYTES);
    buf_init(&r->sitemaps, LIST_MAX_BYTES);
    return r;
}

void robots_free(struct robots *r) {
    if (!r)
        return;
    buf_done(&r->text);
    buf_done(&r->agents);
    buf_done(&r->groups);
    buf_done(&r->rules);
    buf_done(&r->sitemaps);
    free(r);
}

enum err robots_parse(struct str body, struct robots **ret_robots) {
    OWNED(robots) struct robots *r = empty_robots();
    struct parser p = {.r = r};
    enum err e = ERR_OK;

    body = what_is_read(body);
    if (str_starts(body, STR("\xef\xbb\xbf")))
        body = str_from(body, 3);
    while (body.len && e == ERR_OK) {
        struct str line = str_cut(&body, '\n');

        do
            e = add_line(&p, str_cut(&line, '\r'));
        while (line.len && e == ERR_OK);
    }
    assert(e != ERR_TOO_BIG);
    if (e != ERR_OK)
        return e;
    *ret_robots = TAKE(r);
    return ERR_OK;
}

struct str robots_sitemap(const struct robots *r, size_t i) {
    if (i >= LIST_LEN(&r->sitemaps, struct span))
        return STR_NONE;
    return text_at(r, *LIST_AT(&r->sitemaps, struct span, i));
}

/* --- rules of an agent ---------------------------------------------------------------- */

static bool is_in_token(char c) {
    return ascii_is_alpha(c) || c == '_' || c == '-';
}

struct str robots_token_of(struct str user_agent) {
    size_t n = 0;

    while (n < user_agent.len && is_in_token(user_agent.ptr[n]))
        n++;
    return str_upto(user_agent, n);
}

static bool names(struct str name, struct str token) {
    return token.len && str_starts_ascii(name, token) &&
           (name.len == token.len || !is_in_token(name.ptr[token.len]));
}

static enum err copy_rules(struct robots_rules *rules, const struct group *g) {
    struct str all = buf_str(&rules->robots->rules);

    all = str_from(all, g->first_rule * sizeof(struct rule));
    return buf_put(&rules->rules, str_upto(all, g->n_rules * sizeof(struct rule)));
}

/* Rules come once, however often their groups name |token|: all stands in the order
 * of the file. */
static enum err add_groups_of(struct robots_rules *rules, struct str token, bool *ret_found) {
    const struct robots *r = rules->robots;
    uint32_t next_rule = 0;
    bool is_found = false;
    enum err e = ERR_OK;

    for (size_t i = 0; i < LIST_LEN(&r->agents, struct agent) && e == ERR_OK; i++) {
        const struct agent *agent = LIST_AT(&r->agents, struct agent, i);
        const struct group *g = LIST_AT(&r->groups, struct group, agent->group);

        if (!names(text_at(r, agent->name), token))
            continue;
        is_found = true;
        rules->delay_ms = g->delay_ms > rules->delay_ms ? g->delay_ms : rules->delay_ms;
        if (g->first_rule >= next_rule)
            e = copy_rules(rules, g);
        next_rule = g->first_rule + g->n_rules;
    }
    if (e == ERR_OK)
        *ret_found = is_found;
    return e;
}

static int compare_rules(const void *a, const void *b) {
    const struct rule *left = a, *right = b;
    uint32_t left_octets = robots_pattern_octets(&left->pattern);
    uint32_t right_octets = robots_pattern_octets(&right->pattern);

    if (left_octets != right_octets)
        return left_octets > right_octets ? -1 : 1;
    return right->is_allow - left->is_allow;
}

enum err robots_rules_for(const struct robots *r, struct str token,
                          struct robots_rules **ret_rules) {
    OWNED(robots_rules) struct robots_rules *rules = NEW(struct robots_rules);
    bool is_found = false;
    enum err e;

    rules->robots = r;
    buf_init(&rules->rules, LIST_MAX_BYTES);
    e = add_groups_of(rules, token, &is_found);
    if (e == ERR_OK && !is_found)
        e = add_groups_of(rules, STR("*"), &is_found);
    if (e != ERR_OK)
        return e;
    if (rules->rules.len)
        qsort(rules->rules.ptr, LIST_LEN(&rules->rules, struct rule), sizeof(struct rule),
              compare_rules);
    *ret_rules = TAKE(rules);
    return ERR_OK;
}

void robots_rules_free(struct robots_rules *rules) {
    if (!rules)
        return;
    buf_done(&rules->rules);
    free(rules);
}

uint32_t robots_delay_ms(const struct robots_rules *rules) {
    return rules->delay_ms;
}

/* --- answers -------------------------------------------------------------------------- */

static bool rules_allow(const struct robots_rules *rules, struct str path) {
    struct str text = buf_str(&rules->robots->text);
    size_t work = 0;

    for (size_t i = 0; i < LIST_LEN(&rules->rules, struct rule); i++) {
        const struct rule *rule = LIST_AT(&rules->rules, struct rule, i);

        if (robots_pattern_matches(&rule->pattern, text, path, &work))
            return rule->is_allow;
        if (work > WORK_MAX_BYTES)
            return false;
    }
    return true;
}

/* An empty query is no query, to rules as to most servers. */
static struct str without_empty_query(struct str path) {
    bool is_empty = str_ends(path, STR("?")) && str_find(path, '?') == path.len - 1;

    return is_empty ? str_upto(path, path.len - 1) : path;
}

bool robots_allows(const struct robots_rules *rules, struct str path_and_query) {
    OWNED_BUF struct buf path = BUF_INIT(path_and_query.len * ROBOTS_PATTERN_GROWTH + 1);
    enum err e = ERR_OK;

    if (rules->rules.len == 0)
        return true;
    if (!str_starts(path_and_query, STR("/")))
        e = buf_put_char(&path, '/');
    if (e == ERR_OK)
        e = robots_path_put(&path, without_empty_query(path_and_query));
    if (e != ERR_OK)
        return false;
    return str_eq(buf_str(&path), STR("/robots.txt")) || rules_allow(rules, buf_str(&path));
}
