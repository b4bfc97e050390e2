/* html_tree - which tags a tree builder would take (section 13.2.6).
 *
 * No tree is made. What is kept is the stack of open elements by name, and of
 * the insertion modes what decides whether a tag becomes an element, in which
 * namespace, and how its contents are read. Left out, as no link depends on it:
 * the list of active formatting elements, foster parents, quirks.
 */
#include "crawler/html_tree.h"

void html_tree_init(struct html_tree *t) {
    t->frameset_ok = true;
}

/* --- the stack */

static bool is(const struct html_open *o, enum html_element e, uint32_t name_hash) {
    return o->ns == NS_HTML && o->element == e && (e != EL_OTHER || o->name_hash == name_hash);
}

struct html_open *tree_top(struct html_tree *t) {
    return t->depth ? &t->stack[t->depth - 1] : NULL;
}

bool tree_top_is(const struct html_tree *t, enum html_element e) {
    return t->depth && is(&t->stack[t->depth - 1], e, 0);
}

struct html_open *tree_push(struct html_tree *t, enum html_element e, uint32_t name_hash) {
    uint16_t flags = html_element_flags[e];
    struct html_open *o;

    if (t->depth == HTML_MAX_DEPTH) {
        t->beyond++;
        return NULL;
    }
    o = &t->stack[t->depth++];
    *o = (struct html_open){.element = (uint8_t)e,
                            .name_hash = name_hash,
                            .ns = NS_HTML,
                            .ends_scope = flags & EF_SCOPE,
                            .is_special = flags & EF_SPECIAL,
                            .is_plain = !(flags & EF_NOT_PLAIN)};
    t->open[e]++;
    return o;
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

enum scope { SCOPE, SCOPE_LIST_ITEM, SCOPE_BUTTON };

static bool ends_scope(const struct html_open *o, enum scope scope) {
    if (o->ends_scope || o->ns != NS_HTML)
        return o->ends_scope;
    if (scope == SCOPE_BUTTON)
        return o->element == EL_BUTTON;
    return scope == SCOPE_LIST_ITEM && (o->element == EL_OL || o->element == EL_UL);
}

static size_t in_scope(const struct html_tree *t, enum html_element e, enum scope scope) {
    if (t->open[e] == 0)
        return NOWHERE;
    for (size_t i = t->depth; i-- > 0;) {
        if (is(&t->stack[i], e, 0))
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
        if (is(&t->stack[i], e, 0))
            return i;
        if (is(&t->stack[i], EL_TABLE, 0) || is(&t->stack[i], EL_TEMPLATE, 0))
            break;
    }
    return NOWHERE;
}

static bool pop_in_scope(struct html_tree *t, enum html_element e, enum scope scope) {
    size_t at = in_scope(t, e, scope);

    if (at == NOWHERE)
        return false;
    tree_pop_to(t, at);
    return true;
}

static void generate_implied(struct html_tree *t, enum html_element but) {
    while (t->depth) {
        const struct html_open *o = &t->stack[t->depth - 1];

        if (o->ns != NS_HTML || o->element == but || !(html_element_flags[o->element] & EF_IMPLIED))
            return;
        tree_pop_to(t, t->depth - 1);
    }
}

/* --- start tags in the body (section 13.2.6.4.7) */

static void begin_body(struct html_tree *t) {
    if (t->phase == PHASE_HEAD)
        t->phase = PHASE_BODY;
}

/* "li", or "dd" and "dt": an open one that nothing special parts from here ends. */
static void end_item(struct html_tree *t, enum html_element e, enum html_element or_e) {
    for (size_t i = t->depth; i-- > 0;) {
        const struct html_open *o = &t->stack[i];

        if (is(o, e, 0) || is(o, or_e, 0)) {
            tree_pop_to(t, i);
            return;
        }
        if (o->is_special && !is(o, EL_ADDRESS, 0) && !is(o, EL_DIV, 0) && !is(o, EL_P, 0))
            return;
    }
}

/* The adoption agency (section 13.2.6.4.7) as far as the stack shows it: the
 * formatting element goes, and all that is above the last special one within it. */
static void adopt(struct html_tree *t, enum html_element e) {
    size_t at = in_scope(t, e, SCOPE), last = at;
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

static bool input_is_hidden(const struct html *h) {
    const struct html_kept *type = html_tag_attr(h, STR("type"));

    return type && str_eq_ascii(html_attr_value(h, type), STR("hidden"));
}

static bool start_form(struct html_tree *t) {
    bool in_template = t->open[EL_TEMPLATE] > 0;

    if (t->has_form && !in_template)
        return false;
    if (!tree_is_between_cells(t)) {
        pop_in_scope(t, EL_P, SCOPE_BUTTON);
        tree_push(t, EL_FORM, 0);
    } else if (in_template) {
        return false;
    }
    if (!in_template)
        t->has_form = true;
    return true;
}

/* The stack loses html's only child but keeps nothing else: the body is gone. */
static bool start_frameset(struct html_tree *t) {
    if (!t->frameset_ok || t->open[EL_TEMPLATE])
        return false;
    tree_pop_to(t, 0);
    t->phase = PHASE_FRAMESET;
    t->framesets = 1;
    t->frameset_ok = false;
    return true;
}

static bool start_foreign_root(struct html *h, enum html_namespace ns) {
    tree_push_foreign(h, ns);
    return true;
}

/* What the flags of html_names.h do not say. False: the tag is ignored. */
static bool start_by_own_rules(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    switch (e) {
    case EL_HTML:
    case EL_HEAD:
    case EL_BODY:
        t->frameset_ok &= e != EL_BODY;
        return e != EL_HEAD;
    case EL_FRAMESET:
        return start_frameset(t);
    case EL_FRAME:
        return false;
    case EL_FORM:
        return start_form(t);
    case EL_INPUT:
        t->frameset_ok &= input_is_hidden(h);
        return true;
    case EL_SVG:
        return start_foreign_root(h, NS_SVG);
    case EL_MATH:
        return start_foreign_root(h, NS_MATH);
    case EL_PLAINTEXT:
        h->state = S_PLAINTEXT;
        return true;
    case EL_A:
    case EL_NOBR:
        adopt(t, e);
        break;
    case EL_BUTTON:
        pop_in_scope(t, EL_BUTTON, SCOPE);
        break;
    case EL_LI:
        end_item(t, EL_LI, EL_LI);
        pop_in_scope(t, EL_P, SCOPE_BUTTON);
        break;
    case EL_DD:
    case EL_DT:
        end_item(t, EL_DD, EL_DT);
        pop_in_scope(t, EL_P, SCOPE_BUTTON);
        break;
    case EL_OPTION:
    case EL_OPTGROUP:
        if (tree_top_is(t, EL_OPTION))
            tree_pop_to(t, t->depth - 1);
        break;
    case EL_RB:
    case EL_RTC:
    case EL_RP:
    case EL_RT:
        if (in_scope(t, EL_RUBY, SCOPE) != NOWHERE)
            generate_implied(t, e == EL_RP || e == EL_RT ? EL_RTC : EL_OTHER);
        break;
    case EL_TABLE:
        tree_start_table(t);
        pop_in_scope(t, EL_P, SCOPE_BUTTON);
        break;
    default:
        if (html_element_flags[e] & EF_HEADING && t->depth && tree_top(t)->ns == NS_HTML &&
            html_element_flags[tree_top(t)->element] & EF_HEADING)
            tree_pop_to(t, t->depth - 1);
        break;
    }
    tree_push(t, e, 0);
    t->in_select |= e == EL_SELECT;
    return true;
}

static void start_raw_text(struct html *h, enum html_state state) {
    h->state = state;
    buf_clear(&h->raw_name);
    html_keep(h, &h->raw_name, html_tag_name(h));
}

static bool start_in_body(struct html *h) {
    struct html_tree *t = &h->tree;
    uint16_t flags = html_element_flags[h->tag.element];

    if (flags & EF_NO_FRAMESET)
        t->frameset_ok = false;
    if (flags & EF_CLOSES_P && t->open[EL_P])
        pop_in_scope(t, EL_P, SCOPE_BUTTON);
    if (flags & EF_TABLE_PART)
        return tree_start_table_part(t, h->tag.element);
    if (flags & EF_RAWTEXT)
        start_raw_text(h, S_RAWTEXT);
    else if (flags & EF_RCDATA)
        start_raw_text(h, S_RCDATA);
    else if (h->tag.element == EL_SCRIPT)
        start_raw_text(h, S_SCRIPT);
    else if (flags & EF_OWN_RULES)
        return start_by_own_rules(h);
    else if (!(flags & EF_VOID))
        tree_push(t, h->tag.element, h->tag.name_hash);
    return true;
}

/* --- start tags elsewhere */

/* Sections 13.2.6.4.20-21: nothing but frames, and what is read without them. */
static bool start_in_frameset(struct html *h) {
    struct html_tree *t = &h->tree;

    switch (h->tag.element) {
    case EL_HTML:
        return true;
    case EL_NOFRAMES:
        start_raw_text(h, S_RAWTEXT);
        return true;
    case EL_FRAMESET:
        t->framesets += t->phase == PHASE_FRAMESET;
        return t->phase == PHASE_FRAMESET;
    case EL_FRAME:
        return t->phase == PHASE_FRAMESET;
    default:
        return false;
    }
}

static void leave_select(struct html_tree *t) {
    size_t at = t->depth;

    while (at > 0 && !is(&t->stack[at - 1], EL_SELECT, 0))
        at--;
    tree_pop_to(t, at ? at - 1 : 0);
}

/* Sections 13.2.6.4.16-17. */
static bool start_in_select(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    switch (e) {
    case EL_SCRIPT:
    case EL_TEMPLATE:
        return start_in_body(h);
    case EL_OPTION:
    case EL_OPTGROUP:
    case EL_HR:
        if (tree_top_is(t, EL_OPTION))
            tree_pop_to(t, t->depth - 1);
        if (e != EL_OPTION && tree_top_is(t, EL_OPTGROUP))
            tree_pop_to(t, t->depth - 1);
        if (e != EL_HR)
            tree_push(t, e, 0);
        return true;
    case EL_SELECT:
        leave_select(t);
        return false;
    case EL_INPUT:
    case EL_KEYGEN:
    case EL_TEXTAREA:
        leave_select(t);
        return html_tree_start(h);
    default:
        break;
    }
    if (e != EL_TABLE &&
        !(html_element_flags[e] & EF_TABLE_PART && e != EL_COL && e != EL_COLGROUP))
        return false;
    if (!tree_is_in_table(t))
        return false;
    leave_select(t);
    return html_tree_start(h);
}

/* The common case: an element of no particular rules, among such. */
static bool is_plain_start(const struct html_tree *t, uint16_t flags) {
    const uint16_t no_matter =
        EF_SPECIAL | EF_FORMATTING | EF_SCOPE | EF_IMPLIED | EF_BREAKOUT | EF_BLOCK_END | EF_VOID;

    if (flags & EF_CLOSES_P && t->open[EL_P] == 0)
        flags &= (uint16_t)~EF_CLOSES_P;
    if (flags & ~no_matter)
        return false;
    return t->depth ? t->stack[t->depth - 1].is_plain : t->phase == PHASE_BODY;
}

bool html_tree_start(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    if (t->is_off)
        return true;
    if (is_plain_start(t, html_element_flags[e])) {
        if (!(html_element_flags[e] & EF_VOID))
            tree_push(t, e, h->tag.name_hash);
        return true;
    }
    if (tree_is_foreign_start(t, e)) {
        if (!tree_breaks_out(h))
            return tree_start_foreign(h);
        tree_leave_foreign(t);
        return html_tree_start(h);
    }
    if (t->phase >= PHASE_FRAMESET)
        return start_in_frameset(h);
    if (t->in_select)
        return start_in_select(h);
    if (!tree_template_takes(t, e))
        return false;
    if (t->phase == PHASE_HEAD && t->depth == 0 && !(html_element_flags[e] & EF_HEAD) &&
        e != EL_HTML && e != EL_HEAD && e != EL_NOSCRIPT && e != EL_FRAMESET)
        begin_body(t);
    return start_in_body(h);
}

/* --- end tags */

static void end_other(struct html_tree *t, enum html_element e, uint32_t name_hash) {
    if (t->open[e] == 0)
        return;
    for (size_t i = t->depth; i-- > 0;) {
        if (is(&t->stack[i], e, name_hash)) {
            tree_pop_to(t, i);
            return;
        }
        if (t->stack[i].is_special)
            return;
    }
}

static void end_form(struct html_tree *t) {
    size_t at = in_scope(t, EL_FORM, SCOPE);

    if (t->open[EL_TEMPLATE]) {
        pop_in_scope(t, EL_FORM, SCOPE);
        return;
    }
    if (t->has_form && at != NOWHERE) {
        generate_implied(t, EL_OTHER);
        tree_remove(t, at);
    }
    t->has_form = false;
}

static void end_heading(struct html_tree *t) {
    for (size_t i = t->depth; i-- > 0;) {
        const struct html_open *o = &t->stack[i];

        if (o->ns == NS_HTML && html_element_flags[o->element] & EF_HEADING) {
            tree_pop_to(t, i);
            return;
        }
        if (o->ends_scope)
            return;
    }
}

static bool end_in_select(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;
    size_t depth = t->depth;

    switch (e) {
    case EL_TEMPLATE:
        tree_end_template(t);
        return true;
    case EL_OPTGROUP:
        if (tree_top_is(t, EL_OPTION) && depth > 1 && is(&t->stack[depth - 2], EL_OPTGROUP, 0))
            tree_pop_to(t, depth - 1);
        if (tree_top_is(t, EL_OPTGROUP))
            tree_pop_to(t, t->depth - 1);
        return true;
    case EL_OPTION:
        if (tree_top_is(t, EL_OPTION))
            tree_pop_to(t, depth - 1);
        return true;
    case EL_SELECT:
        leave_select(t);
        return true;
    default:
        break;
    }
    if (!(html_element_flags[e] & EF_TABLE_PART || e == EL_TABLE) ||
        tree_in_table_scope(t, e) == NOWHERE)
        return false;
    leave_select(t);
    return html_tree_end(h);
}

static void end_in_body(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;
    uint16_t flags = html_element_flags[e];

    if (e == EL_TEMPLATE)
        tree_end_template(t);
    else if (e == EL_FORM)
        end_form(t);
    else if (e == EL_P)
        pop_in_scope(t, e, SCOPE_BUTTON);
    else if (e == EL_LI)
        pop_in_scope(t, e, SCOPE_LIST_ITEM);
    else if (e == EL_BR)
        t->frameset_ok = false;
    else if (e == EL_TABLE || flags & EF_TABLE_PART)
        tree_end_table_part(t, e);
    else if (flags & EF_HEADING)
        end_heading(t);
    else if (flags & EF_FORMATTING)
        adopt(t, e);
    else if (flags & EF_BLOCK_END)
        pop_in_scope(t, e, SCOPE);
    else
        end_other(t, e, h->tag.name_hash);
}

static bool end_in_frameset(struct html_tree *t, enum html_element e) {
    if (e != EL_FRAMESET || t->phase != PHASE_FRAMESET)
        return false;
    if (--t->framesets == 0)
        t->phase = PHASE_AFTER_FRAMESET;
    return true;
}

/* The common case: the end tag of what is on top. */
static bool is_plain_end(const struct html_tree *t, const struct html *h) {
    const struct html_open *top;

    if (t->depth == 0 || t->beyond)
        return false;
    top = &t->stack[t->depth - 1];
    return top->is_plain && is(top, h->tag.element, h->tag.name_hash);
}

bool html_tree_end(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    if (t->is_off)
        return true;
    if (is_plain_end(t, h)) {
        t->open[e]--;
        t->depth--;
        return true;
    }
    if (t->beyond) {
        t->beyond--;
        return true;
    }
    if (tree_end_foreign(h))
        return true;
    if (t->phase >= PHASE_FRAMESET)
        return end_in_frameset(t, e);
    if (t->in_select)
        return end_in_select(h);
    if (t->phase == PHASE_HEAD && t->depth == 0 && (e == EL_BODY || e == EL_HTML || e == EL_BR))
        begin_body(t);
    end_in_body(h);
    return true;
}

/* --- the rest */

/* Called while a frameset could still replace the body. */
void html_tree_text(struct html_tree *t, struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (html_is_space(s.ptr[i]))
            continue;
        if (t->phase <= PHASE_BODY && !t->in_select) {
            begin_body(t);
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
