/* html_start - start tags: which of them a tree builder takes (section 13.2.6). */
#include "crawler/html_tree.h"

/* --- in the body (section 13.2.6.4.7) */

/* "li", or "dd" and "dt": an open one that nothing special parts from here ends. */
static void end_item(struct html_tree *t, enum html_element e, enum html_element or_e) {
    for (size_t i = t->depth; i-- > 0;) {
        const struct html_open *o = &t->stack[i];

        if (tree_is(o, e, 0) || tree_is(o, or_e, 0)) {
            tree_pop_to(t, i);
            return;
        }
        if (o->is_special && !tree_is(o, EL_ADDRESS, 0) && !tree_is(o, EL_DIV, 0) &&
            !tree_is(o, EL_P, 0))
            return;
    }
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
        tree_pop_in_scope(t, EL_P, SCOPE_BUTTON);
        tree_push(t, EL_FORM, 0);
    } else if (in_template) {
        return false;
    }
    if (!in_template)
        t->has_form = true;
    return true;
}

/* The frameset takes the body's place. What the body held until then has been
 * told already: such pages are too rare to hold tokens back for them. */
static bool start_frameset(struct html_tree *t) {
    if (!t->frameset_ok || t->open[EL_TEMPLATE])
        return false;
    tree_pop_to(t, 0);
    t->phase = PHASE_FRAMESET;
    t->framesets = 1;
    t->frameset_ok = false;
    return true;
}

bool html_tree_rules_idle(const struct html_tree *t, enum html_element e, uint16_t flags) {
    enum html_element top;

    if (flags & ~(EF_OWN_RULES | EF_TABLE_PART | EF_HEADING) || t->depth == 0)
        return false;
    top = (enum html_element)t->stack[t->depth - 1].element;
    switch (e) {
    case EL_A:
    case EL_NOBR:
    case EL_BUTTON:
        return t->open[e] == 0;
    case EL_LI:
        return (top == EL_UL || top == EL_OL) && t->open[EL_P] == 0;
    case EL_DD:
    case EL_DT:
        return top == EL_DL && t->open[EL_P] == 0;
    case EL_TR:
        return top == EL_TBODY;
    case EL_TD:
    case EL_TH:
        return top == EL_TR;
    case EL_INPUT:
        return !t->frameset_ok;
    default:
        return flags & EF_HEADING && !(html_element_flags[top] & EF_HEADING);
    }
}

/* What ends before |e| begins, beyond what its flags say. */
static void make_way(struct html_tree *t, enum html_element e) {
    switch (e) {
    case EL_A:
    case EL_NOBR:
        tree_adopt(t, e);
        break;
    case EL_BUTTON:
        tree_pop_in_scope(t, EL_BUTTON, SCOPE);
        break;
    case EL_LI:
        end_item(t, EL_LI, EL_LI);
        tree_pop_in_scope(t, EL_P, SCOPE_BUTTON);
        break;
    case EL_DD:
    case EL_DT:
        end_item(t, EL_DD, EL_DT);
        tree_pop_in_scope(t, EL_P, SCOPE_BUTTON);
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
        if (tree_in_scope(t, EL_RUBY, SCOPE) != NOWHERE)
            tree_pop_implied(t, e == EL_RP || e == EL_RT ? EL_RTC : EL_OTHER);
        break;
    case EL_TABLE:
        tree_start_table(t);
        tree_pop_in_scope(t, EL_P, SCOPE_BUTTON);
        break;
    default: /* a heading */
        if (t->depth && tree_top(t)->ns == NS_HTML &&
            html_element_flags[tree_top(t)->element] & EF_HEADING)
            tree_pop_to(t, t->depth - 1);
        break;
    }
}

/* What the flags of html_names.h do not say. False: the tag is ignored. */
static bool start_by_own_rules(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    switch (e) {
    case EL_HTML:
        return true;
    case EL_HEAD:
    case EL_FRAME:
        return false;
    case EL_BODY:
        t->frameset_ok = false;
        return true;
    case EL_FRAMESET:
        return start_frameset(t);
    case EL_FORM:
        return start_form(t);
    case EL_INPUT:
        t->frameset_ok &= input_is_hidden(h);
        return true;
    case EL_SVG:
        tree_push_foreign(h, NS_SVG);
        return true;
    case EL_MATH:
        tree_push_foreign(h, NS_MATH);
        return true;
    case EL_PLAINTEXT:
        h->state = S_PLAINTEXT;
        return true;
    default:
        make_way(t, e);
        tree_push(t, e, 0);
        t->in_select |= e == EL_SELECT;
        return true;
    }
}

static void start_raw_text(struct html *h, enum html_state state) {
    h->state = state;
    buf_clear(&h->raw_name);
    html_keep(h, &h->raw_name, html_tag_name(h));
}

void html_tree_start_raw(struct html *h, enum html_element e) {
    uint16_t flags = html_element_flags[e];

    h->tag.element = e;
    if (e == EL_SCRIPT)
        start_raw_text(h, S_SCRIPT);
    else
        start_raw_text(h, flags & EF_RAWTEXT ? S_RAWTEXT : S_RCDATA);
}

static bool start_in_body(struct html *h) {
    struct html_tree *t = &h->tree;
    uint16_t flags = html_element_flags[h->tag.element];

    if (flags & EF_NO_FRAMESET)
        t->frameset_ok = false;
    if (flags & EF_CLOSES_P && t->open[EL_P])
        tree_pop_in_scope(t, EL_P, SCOPE_BUTTON);
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

/* --- elsewhere */

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
        tree_leave_select(t);
        return false;
    case EL_INPUT:
    case EL_KEYGEN:
    case EL_TEXTAREA:
        tree_leave_select(t);
        return html_tree_start(h);
    default:
        break;
    }
    if (e != EL_TABLE &&
        !(html_element_flags[e] & EF_TABLE_PART && e != EL_COL && e != EL_COLGROUP))
        return false;
    if (!tree_is_in_table(t))
        return false;
    tree_leave_select(t);
    return html_tree_start(h);
}

bool html_tree_start(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    if (t->is_off)
        return true;
    if (html_tree_is_plain_start(t, e)) {
        if (!(html_element_flags[e] & EF_VOID))
            html_tree_push_plain(t, e, h->tag.name_hash);
        return true;
    }
    if (html_tree_is_plain(t))
        return start_in_body(h);
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
        tree_begin_body(t);
    return start_in_body(h);
}
