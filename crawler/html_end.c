/* html_end - end tags: what they close (section 13.2.6). */
#include "crawler/html_tree.h"

static void end_other(struct html_tree *t, enum html_element e, uint32_t name_hash) {
    if (t->open[e] == 0)
        return;
    for (size_t i = t->depth; i-- > 0;) {
        if (tree_is(&t->stack[i], e, name_hash)) {
            tree_pop_to(t, i);
            return;
        }
        if (t->stack[i].is_special)
            return;
    }
}

static void end_form(struct html_tree *t) {
    size_t at = tree_in_scope(t, EL_FORM, SCOPE);

    if (t->open[EL_TEMPLATE]) {
        tree_pop_in_scope(t, EL_FORM, SCOPE);
        return;
    }
    if (t->has_form && at != NOWHERE) {
        tree_pop_implied(t, EL_OTHER);
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
        if (tree_top_is(t, EL_OPTION) && depth > 1 && tree_is(&t->stack[depth - 2], EL_OPTGROUP, 0))
            tree_pop_to(t, depth - 1);
        if (tree_top_is(t, EL_OPTGROUP))
            tree_pop_to(t, t->depth - 1);
        return true;
    case EL_OPTION:
        if (tree_top_is(t, EL_OPTION))
            tree_pop_to(t, depth - 1);
        return true;
    case EL_SELECT:
        tree_leave_select(t);
        return true;
    default:
        break;
    }
    if (!(html_element_flags[e] & EF_TABLE_PART || e == EL_TABLE) ||
        tree_in_table_scope(t, e) == NOWHERE)
        return false;
    tree_leave_select(t);
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
        tree_pop_in_scope(t, e, SCOPE_BUTTON);
    else if (e == EL_LI)
        tree_pop_in_scope(t, e, SCOPE_LIST_ITEM);
    else if (e == EL_BR)
        t->frameset_ok = false;
    else if (e == EL_TABLE || flags & EF_TABLE_PART)
        tree_end_table_part(t, e);
    else if (flags & EF_HEADING)
        end_heading(t);
    else if (flags & EF_FORMATTING)
        tree_adopt(t, e);
    else if (flags & EF_BLOCK_END)
        tree_pop_in_scope(t, e, SCOPE);
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
    return top->is_plain && tree_is(top, h->tag.element, h->tag.name_hash);
}

bool html_tree_end(struct html *h) {
    struct html_tree *t = &h->tree;
    enum html_element e = h->tag.element;

    if (t->is_off)
        return true;
    if (is_plain_end(t, h)) {
        html_tree_pop_plain(t);
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
        tree_begin_body(t);
    end_in_body(h);
    return true;
}
