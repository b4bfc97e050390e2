/* html_tree - the stack of open elements, and what else is known of the tree that
 * a tree builder would make (sections 13.2.4.2-3).
 *
 * No tree is made. What is kept is the stack by name, and of the insertion modes
 * what decides whether a tag becomes an element, in which namespace, and how its
 * contents are read. Left out, as no link depends on it: the list of active
 * formatting elements, foster parents, quirks.
 */
#include "crawler/html_tree.h"

void html_tree_init(struct html_tree *t) {
    t->frameset_ok = true;
}

/* --- the stack */

struct html_open *tree_top(struct html_tree *t) {
    return t->depth ? &t->stack[t->depth - 1] : NULL;
}

bool tree_top_is(const struct html_tree *t, enum html_element e) {
    return t->depth && tree_is(&t->stack[t->depth - 1], e, 0);
}

#define AS_HTML(id, flags)                                                                         \
    {.element = EL_##id,                                                                           \
     .ns = NS_HTML,                                                                                \
     .ends_scope = ((flags) & EF_SCOPE) != 0,                                                      \
     .is_special = ((flags) & EF_SPECIAL) != 0,                                                    \
     .is_plain = !((flags) & EF_NOT_PLAIN)}

const struct html_open html_as_opened[EL_COUNT] = {AS_HTML(OTHER, 0),
#define X(id, name, flags) AS_HTML(id, flags),
                                                   HTML_ELEMENTS(X)
#undef X
};

struct html_open *tree_push(struct html_tree *t, enum html_element e, uint32_t name_hash) {
    if (t->depth == HTML_MAX_DEPTH) {
        t->beyond++;
        return NULL;
    }
    html_tree_push_plain(t, e, name_hash);
    return &t->stack[t->depth - 1];
}

/* The insertion mode is "in select" where a select is the nearest of what decides. */
static void reset_mode(struct html_tree *t) {
    t->in_select = false;
    for (size_t i = t->depth; i-- > 0 && t->open[EL_SELECT];) {
        const struct html_open *o = &t->stack[i];

        if (o->ns != NS_HTML)
            continue;
        t->in_select = o->element == EL_SELECT;
        if (t->in_select || o->element == EL_TEMPLATE || o->element == EL_TABLE)
            return;
    }
}

void tree_pop_to(struct html_tree *t, size_t depth) {
    bool resets = false;

    t->beyond = 0;
    while (t->depth > depth) {
        const struct html_open *o = &t->stack[--t->depth];

        if (o->ns != NS_HTML)
            continue;
        t->open[o->element]--;
        resets |= o->element == EL_SELECT || o->element == EL_TEMPLATE;
    }
    if (resets)
        reset_mode(t);
}

void tree_remove(struct html_tree *t, size_t at) {
    t->open[t->stack[at].element]--;
    t->depth--;
    memmove(&t->stack[at], &t->stack[at + 1], (t->depth - at) * sizeof *t->stack);
}

/* --- scopes (section 13.2.4.2) */

static bool ends_scope(const struct html_open *o, enum tree_scope scope) {
    if (o->ends_scope || o->ns != NS_HTML)
        return o->ends_scope;
    if (scope == SCOPE_BUTTON)
        return o->element == EL_BUTTON;
    return scope == SCOPE_LIST_ITEM && (o->element == EL_OL || o->element == EL_UL);
}

size_t tree_in_scope(const struct html_tree *t, enum html_element e, enum tree_scope scope) {
    if (t->open[e] == 0)
        return NOWHERE;
    for (size_t i = t->depth; i-- > 0;) {
        if (tree_is(&t->stack[i], e, 0))
            return i;
        if (ends_scope(&t->stack[i], scope))
            break;
    }
    return NOWHERE;
}

size_t tree_in_table_scope(const struct html_tree *t, enum html_element e) {
    if (t->open[e] == 0)
        return NOWHERE;
    for (size_t i = t->depth; i-- > 0;) {
        if (tree_is(&t->stack[i], e, 0))
            return i;
        if (tree_is(&t->stack[i], EL_TABLE, 0) || tree_is(&t->stack[i], EL_TEMPLATE, 0))
            break;
    }
    return NOWHERE;
}

bool tree_pop_in_scope(struct html_tree *t, enum html_element e, enum tree_scope scope) {
    size_t at = tree_in_scope(t, e, scope);

    if (at == NOWHERE)
        return false;
    tree_pop_to(t, at);
    return true;
}

void tree_pop_implied(struct html_tree *t, enum html_element but) {
    while (t->depth) {
        const struct html_open *o = &t->stack[t->depth - 1];

        if (o->ns != NS_HTML || o->element == but || !(html_element_flags[o->element] & EF_IMPLIED))
            return;
        tree_pop_to(t, t->depth - 1);
    }
}

/* The adoption agency (section 13.2.6.4.7) as far as the stack shows it: the
 * formatting element goes, and all that is above the last special one within it. */
void tree_adopt(struct html_tree *t, enum html_element e) {
    size_t at = tree_in_scope(t, e, SCOPE), last = at;
    unsigned blocks = 0;

    if (at == NOWHERE)
        return;
    for (size_t i = at + 1; i < t->depth; i++)
        if (t->stack[i].is_special) {
            last = i;
            blocks++;
        }
    if (blocks == 0) {
        tree_pop_to(t, at);
        return;
    }
    if (blocks <= ADOPTION_ROUNDS)
        tree_pop_to(t, last + 1);
    tree_remove(t, at);
}

void tree_leave_select(struct html_tree *t) {
    size_t at = t->depth;

    while (at > 0 && !tree_is(&t->stack[at - 1], EL_SELECT, 0))
        at--;
    tree_pop_to(t, at ? at - 1 : 0);
}

void tree_begin_body(struct html_tree *t) {
    if (t->phase == PHASE_HEAD)
        t->phase = PHASE_BODY;
}

/* --- the rest */

/* Called while a frameset could still replace the body. */
void html_tree_text(struct html_tree *t, struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (html_is_space(s.ptr[i]))
            continue;
        if (t->phase <= PHASE_BODY && !t->in_select) {
            tree_begin_body(t);
            t->frameset_ok = false;
        }
        return;
    }
}

bool html_tree_shows_text(const struct html_tree *t) {
    return t->phase <= PHASE_BODY;
}

enum html_element html_tree_image(const struct html_tree *t) {
    return !t->is_off && !tree_is_foreign_start(t, EL_IMAGE) ? EL_IMG : EL_IMAGE;
}

bool html_tree_needs_attrs(const struct html_tree *t, enum html_element element) {
    switch (element) {
    case EL_INPUT:
        return t->frameset_ok;
    case EL_ANNOTATION_XML:
    case EL_FONT:
        return html_tree_is_foreign(t);
    default:
        return false;
    }
}

bool html_tree_wants_attr(enum html_element element, struct str name) {
    switch (element) {
    case EL_INPUT:
        return str_eq(name, STR("type"));
    case EL_ANNOTATION_XML:
        return str_eq(name, STR("encoding"));
    case EL_FONT:
        return str_eq(name, STR("color")) || str_eq(name, STR("face")) || str_eq(name, STR("size"));
    default:
        return false;
    }
}
