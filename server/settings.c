#include "server/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/own.h"
#include "server/args.h"

enum { MAX_VALUE = 64 << 10, MAX_NAME = 64 };

#define PREFIX "CRAWLD_"

/* Where a value comes from, for messages and for what beats what. */
struct origin {
    const char *name; /* "--listen", "CRAWLD_LISTEN" */
    char separator;   /* between the items of a list; 0: one item */
};

struct reading {
    const struct settings *settings;
    void *target;
    struct settings_result *result;
    struct buf *why;
    bool *is_fresh; /* one a setting: a list not yet begun anew by this source */
};

void texts_put(struct texts *t, struct str text) {
    t->items = mem_resize(t->items, t->n + 1, sizeof t->items[0]);
    t->items[t->n++] = mem_chars(text);
}

void texts_done(struct texts *t) {
    for (size_t i = 0; i < t->n; i++)
        free(t->items[i]);
    free(t->items);
    *t = (struct texts){NULL, 0};
}

/* --- values ------------------------------------------------------------------- */

static enum err refuse(struct reading *r, const struct origin *from, const char *format,
                       const char *what) {
    (void)!buf_printf(r->why, "%s: ", from->name);
    (void)!buf_printf(r->why, format, what);
    return ERR_INVALID;
}

static enum err refuse_value(struct reading *r, const struct origin *from, struct str value,
                             const char *what) {
    (void)!buf_printf(r->why, "%s: \"%.*s\" %s", from->name, (int)value.len,
                      value.len ? value.ptr : "", what);
    return ERR_INVALID;
}

/* "10MiB" in bytes. */
static enum err parse_size(struct str text, uint64_t max, uint64_t *ret_bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB"};
    unsigned shift = 0;
    uint64_t value;
    enum err e;

    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!str_ends(text, str_of(units[i])))
            continue;
        text = str_upto(text, text.len - strlen(units[i]));
        shift = 10 * (i + 1);
    }
    e = str_to_u64(text, max >> shift, &value);
    if (e == ERR_OK)
        *ret_bytes = value << shift;
    return e;
}

static enum err set_number(struct reading *r, const struct setting *s, const struct origin *from,
                           struct str text) {
    uint64_t *at = (uint64_t *)(void *)((char *)r->target + s->offset);
    uint64_t value;
    enum err e = s->kind == SETTING_SIZE ? parse_size(text, s->max, &value)
                                         : str_to_u64(text, s->max, &value);

    if (e == ERR_OK && value >= s->min) {
        *at = value;
        return ERR_OK;
    }
    (void)!buf_printf(
        r->why, "%s: \"%.*s\" is not a %s between %llu and %llu", from->name, (int)text.len,
        text.ptr, s->kind == SETTING_SIZE ? "size (bytes, or with KiB, MiB, GiB)" : "whole number",
        (unsigned long long)s->min, (unsigned long long)s->max);
    return ERR_INVALID;
}

static bool is_word_of(struct str text, const char *const *words) {
    for (; *words; words++)
        if (str_eq_ascii(text, str_of(*words)))
            return true;
    return false;
}

static enum err set_flag(struct reading *r, const struct setting *s, const struct origin *from,
                         struct str text) {
    static const char *const yes[] = {"1", "true", "yes", "on", NULL};
    static const char *const no[] = {"0", "false", "no", "off", NULL};
    bool *at = (bool *)((char *)r->target + s->offset);

    if (!is_word_of(text, yes) && !is_word_of(text, no))
        return refuse_value(r, from, text, "is neither true nor false");
    *at = is_word_of(text, yes);
    return ERR_OK;
}

static enum err set_choice(struct reading *r, const struct setting *s, const struct origin *from,
                           struct str text) {
    unsigned *at = (unsigned *)(void *)((char *)r->target + s->offset);
    char what[80];

    for (unsigned i = 0; s->choices[i]; i++) {
        if (str_eq(text, str_of(s->choices[i]))) {
            *at = i;
            return ERR_OK;
        }
    }
    (void)snprintf(what, sizeof what, "is not one of %s", s->hint);
    return refuse_value(r, from, text, what);
}

static enum err check(struct reading *r, const struct setting *s, const struct origin *from,
                      struct str value) {
    const char *wrong = s->check ? s->check(value) : NULL;

    if (wrong && s->is_secret)
        return refuse(r, from, "%s", wrong);
    return wrong ? refuse_value(r, from, value, wrong) : ERR_OK;
}

static enum err set_text(struct reading *r, const struct setting *s, const struct origin *from,
                         struct str text) {
    char **at = (char **)(void *)((char *)r->target + s->offset);

    if (text.len == 0)
        return refuse(r, from, "%s", "needs a value");
    if (check(r, s, from, text) != ERR_OK)
        return ERR_INVALID;
    free(*at);
    *at = mem_chars(text);
    return ERR_OK;
}

static enum err add_texts(struct reading *r, const struct setting *s, const struct origin *from,
                          struct str text) {
    struct texts *at = (struct texts *)(void *)((char *)r->target + s->offset);
    size_t i = (size_t)(s - r->settings->table);

    if (r->is_fresh[i])
        texts_done(at);
    r->is_fresh[i] = false;
    if (!from->separator && str_trim(text).len == 0)
        return refuse(r, from, "%s", "needs a value");
    while (text.len) {
        struct str item = str_trim(from->separator ? str_cut(&text, from->separator) : text);

        if (item.len && check(r, s, from, item) != ERR_OK)
            return ERR_INVALID;
        if (item.len)
            texts_put(at, item);
        if (!from->separator)
            break;
    }
    return ERR_OK;
}

static enum err set(struct reading *r, const struct setting *s, const struct origin *from,
                    struct str text) {
    static enum err (*const setters[])(struct reading *, const struct setting *,
                                       const struct origin *, struct str) = {
        [SETTING_TEXT] = set_text,   [SETTING_LIST] = add_texts, [SETTING_NUMBER] = set_number,
        [SETTING_SIZE] = set_number, [SETTING_FLAG] = set_flag,  [SETTING_CHOICE] = set_choice,
    };

    r->result->given[s - r->settings->table] = true;
    return setters[s->kind](r, s, from, text);
}

/* --- flags --------------------------------------------------------------------- */

static const struct setting *find(const struct settings *s, struct str name) {
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(name, str_of(s->table[i].name)))
            return &s->table[i];
    return NULL;
}

static enum err read_flag(struct reading *r, struct args *args, const struct arg *arg) {
    const struct setting *s = find(r->settings, arg->name);
    char name[MAX_NAME + 3] = "--";
    struct origin from = {name, 0};
    struct str value = STR("true");

    (void)strncat(name, arg->name.ptr, arg->name.len < MAX_NAME ? arg->name.len : MAX_NAME);
    if (!s)
        return refuse(r, &from, "%s", "unknown option (see crawld serve --help)");
    if (s->kind == SETTING_FLAG && !arg->value.ptr)
        return set(r, s, &from, value);
    if (args_value(args, arg, &value) != ERR_OK)
        return refuse(r, &from, "%s", "needs a value");
    return set(r, s, &from, value);
}

static enum err read_flags(struct reading *r, char *const *argv) {
    struct args args = args_of(argv);
    struct arg arg;
    enum arg_kind kind;

    while ((kind = args_next(&args, &arg)) != ARG_END) {
        if (kind == ARG_PLAIN) {
            (void)!buf_printf(r->why, "%.*s: unexpected argument", (int)arg.value.len,
                              arg.value.ptr);
            return ERR_INVALID;
        }
        if (str_eq(arg.name, STR("help")) || str_eq(arg.name, STR("h")))
            r->result->wants_help = true;
        else if (read_flag(r, &args, &arg) != ERR_OK)
            return ERR_INVALID;
    }
    return ERR_OK;
}

/* --- variables ------------------------------------------------------------------ */

/* The setting that a variable's name (without the prefix) stands for. */
static const struct setting *find_variable(const struct settings *s, struct str name) {
    char flag[MAX_NAME];

    if (name.len >= sizeof flag)
        return NULL;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '_' && !ascii_is_digit(name.ptr[i]) &&
            (name.ptr[i] < 'A' || name.ptr[i] > 'Z'))
            return NULL;
        flag[i] = name.ptr[i] == '_' ? '-' : ascii_lower(name.ptr[i]);
    }
    return find(s, str_at(flag, name.len));
}

static enum err read_file(const char *path, struct buf *out) {
    OWNED_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    for (;;) {
        char *room;
        ssize_t n;

        if (fd < 0)
            return ERR_IO;
        if (buf_room(out, 4096, &room) != ERR_OK)
            return ERR_TOO_BIG;
        n = read(fd, room, 4096);
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return ERR_OK;
        buf_grew(out, (size_t)n);
    }
}

static enum err read_from_file(struct reading *r, const struct setting *s, const char *name,
                               struct str path) {
    OWNED_BUF struct buf content = BUF_INIT(MAX_VALUE);
    OWNED_CHARS char *file = mem_chars(path);
    struct origin from = {name, '\n'};
    struct str value;
    enum err e = read_file(file, &content);

    if (e == ERR_IO)
        return refuse(r, &from, "cannot be read: %s", strerror(errno));
    if (e != ERR_OK)
        return refuse(r, &from, "%s", "names a file that is too long");
    value = str_trim(buf_str(&content));
    if (s->kind != SETTING_LIST && str_find(value, '\n') != STR_END)
        return refuse(r, &from, "%s", "names a file of more than one line");
    return set(r, s, &from, value);
}

/* Container platforms describe each service to the others in variables; ours may
 * be called crawld. */
static bool is_passed_over(struct str name) {
#ifdef CRAWLD_TEST_SWITCHES
    if (str_starts(name, STR("TEST_")))
        return true;
#endif
    return str_eq(name, STR("PORT")) || str_starts(name, STR("PORT_")) ||
           str_starts(name, STR("SERVICE_"));
}

static enum err read_variable(struct reading *r, const char *variable) {
    struct str value = str_of(variable), whole = str_cut(&value, '=');
    struct str name = str_from(whole, strlen(PREFIX));
    const struct setting *s = find_variable(r->settings, name);
    OWNED_CHARS char *shown = mem_chars(whole);
    OWNED_BUF struct buf warning = BUF_INIT(MAX_VALUE);

    if (s && value.len)
        return set(r, s, &(struct origin){shown, ','}, value);
    if (s || is_passed_over(name))
        return ERR_OK;
    if (str_ends(name, STR("_FILE"))) {
        s = find_variable(r->settings, str_upto(name, name.len - strlen("_FILE")));
        if (s && value.len && r->result->given[s - r->settings->table])
            return refuse(r, &(struct origin){shown, 0}, "%s", "the setting has two values");
        if (s)
            return value.len ? read_from_file(r, s, shown, value) : ERR_OK;
    }
    (void)!buf_printf(&warning, "%s is no setting of crawld", shown);
    texts_put(&r->result->warnings, buf_str(&warning));
    return ERR_OK;
}

/* Plain variables before those that name files: so two values are seen in any order. */
static enum err read_variables(struct reading *r, char *const *env) {
    for (int files = 0; files < 2; files++) {
        for (char *const *at = env; *at; at++) {
            struct str rest = str_of(*at), name = str_cut(&rest, '=');

            if (!str_starts(name, STR(PREFIX)) || str_ends(name, STR("_FILE")) != files)
                continue;
            if (read_variable(r, *at) != ERR_OK)
                return ERR_INVALID;
        }
    }
    return ERR_OK;
}

/* --- all together ----------------------------------------------------------------- */

static void refresh(struct reading *r) {
    memset(r->is_fresh, true, r->settings->n);
}

enum err settings_read(const struct settings *s, char *const *argv, char *const *env, void *target,
                       struct settings_result *result, struct buf *why) {
    struct reading r = {s, target, result, why, NEW_N(bool, s->n)};
    enum err e = ERR_OK;

    for (size_t i = 0; i < s->n && e == ERR_OK; i++)
        if (s->table[i].initial)
            e = set(&r, &s->table[i], &(struct origin){s->table[i].name, 0},
                    str_of(s->table[i].initial));
    memset(result->given, false, s->n);
    refresh(&r);
    if (e == ERR_OK)
        e = read_variables(&r, env);
    refresh(&r);
    if (e == ERR_OK)
        e = read_flags(&r, argv);
    free(r.is_fresh);
    return e;
}

void settings_done(const struct settings *s, void *target) {
    for (size_t i = 0; i < s->n; i++) {
        char *at = (char *)target + s->table[i].offset;

        if (s->table[i].kind == SETTING_TEXT) {
            free(*(char **)(void *)at);
            *(char **)(void *)at = NULL;
        } else if (s->table[i].kind == SETTING_LIST) {
            texts_done((struct texts *)(void *)at);
        }
    }
}

static enum err put_variable(struct buf *out, const char *name) {
    enum err e = buf_put(out, STR(PREFIX));

    for (; *name && e == ERR_OK; name++)
        e = buf_put_char(out, *name == '-' ? '_' : (char)(*name - 'a' + 'A'));
    return e;
}

static enum err put_help(struct buf *out, const struct setting *s) {
    const char *initial = s->shown ? s->shown : s->initial;
    enum err e = buf_printf(out, "  --%s%s%s\n      %s\n      [", s->name, s->hint ? " " : "",
                            s->hint ? s->hint : "", s->help);

    if (e == ERR_OK)
        e = put_variable(out, s->name);
    return e == ERR_OK ? buf_printf(out, ", default: %s]\n", initial ? initial : "none") : e;
}

enum err settings_help(const struct settings *s, struct buf *out) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < s->n && e == ERR_OK; i++)
        e = put_help(out, &s->table[i]);
    return e;
}
