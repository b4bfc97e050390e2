/* html_table - tables and templates: which of their parts become elements
 * (sections 13.2.6.4.9-15 and 13.2.6.4.18).
 *
 * The insertion mode follows from the nearest open part of a table, so it is
 * looked up, not kept; a template keeps its own.
 */
#include "crawler/html_tree.h"

/* --- the context: the nearest part of a table or template */

struct context {
    enum html_element element; /* EL_OTHER: no table */
    size_t depth;              /* of the stack with that element on top */
};

static enum html_element of_template(uint8_t mode) {
    switch ((enum html_template_mode)mode) {
    case TM_TABLE:
        return EL_TABLE;
    case TM_TBODY:
        return EL_TBODY;
    case TM_ROW:
        return EL_TR;
    case TM_COLGROUP:
        return EL_COLGROUP;
    case TM_ANY:
    case TM_BODY:
        break;
    }
    return EL_OTHER;
}

static struct context context_of(const struct html_tree *t) {
    for (size_t i = t->depth; i-- > 0;) {
        const struct html_open *o = &t->stack[i];

        if (o->ns != NS_HTML)
            continue;
        if (o->element == EL_TEMPLATE)
            return (struct context){of_template(o->template_mode), i + 1};
        if (o->element == EL_TABLE || html_element_flags[o->element] & EF_TABLE_PART)
            return (struct context){o->element, i + 1};
    }
    return (struct context){EL_OTHER, 0};
}

static bool is_section(enum html_element e) {
    return e == EL_TBODY || e == EL_THEAD || e == EL_TFOOT;
}

static bool is_cell(enum html_element e) {
    return e == EL_TD || e == EL_TH;
}

bool tree_is_in_table(const struct html_tree *t) {
    return context_of(t).element != EL_OTHER;
}

bool tree_is_between_cells(const struct html_tree *t) {
    enum html_element e = context_of(t).element;

    return e == EL_TABLE || is_section(e) || e == EL_TR;
}

/* --- tables */

void tree_start_table(struct html_tree *t) {
    size_t at;

    if (!tree_is_between_cells(t))
        return;
    at = tree_in_table_scope(t, EL_TABLE);
    if (at != NOWHERE)
        tree_pop_to(t, at);
}

/* The contents of a template have no element around them that could end. */
static bool is_open(const struct html_tree *t, struct context c) {
    return t->stack[c.depth - 1].element == c.element;
}

/* What must be open around |e|, or EL_OTHER where |context| may hold it. */
static enum html_element implied(enum html_element context, enum html_element e) {
    if (context == EL_TABLE && e == EL_COL)
        return EL_COLGROUP;
    if (context == EL_TABLE && (e == EL_TR || is_cell(e)))
        return EL_TBODY;
    return is_section(context) && is_cell(e) ? EL_TR : EL_OTHER;
}

static bool holds(enum html_element context, enum html_element e) {
    switch (context) {
    case EL_TABLE:
        return true;
    case EL_TBODY:
    case EL_THEAD:
    case EL_TFOOT:
        return e == EL_TR || is_cell(e);
    case EL_TR:
        return is_cell(e);
    case EL_COLGROUP:
        return e == EL_COL;
    default:
        return false;
    }
}

bool tree_start_table_part(struct html_tree *t, enum html_element e) {
    for (;;) {
        struct context c = context_of(t);
        enum html_element around;

        if (c.element == EL_OTHER)
            return false;
        if (!holds(c.element, e)) {
            if (!is_open(t, c))
                return false;
            tree_pop_to(t, c.depth - 1);
            continue;
        }
        tree_pop_to(t, c.depth);
        around = implied(c.element, e);
        if (around == EL_OTHER)
            break;
        if (!tree_push(t, around, 0))
            return true;
    }
    if (e != EL_COL)
        tree_push(t, e, 0);
    return true;
}

void tree_end_table_part(struct html_tree *t, enum html_element e) {
    size_t at = tree_in_table_scope(t, e);

    if (at != NOWHERE)
        tree_pop_to(t, at);
}

/* --- templates */

void tree_end_template(struct html_tree *t) {
    size_t at = t->depth;

    if (t->open[EL_TEMPLATE] == 0)
        return;
    while (t->stack[at - 1].ns != NS_HTML || t->stack[at - 1].element != EL_TEMPLATE)
        at--;
    tree_pop_to(t, at - 1);
}

static enum html_template_mode mode_for(enum html_element e) {
    if (e == EL_CAPTION || e == EL_COLGROUP || is_section(e))
        return TM_TABLE;
    if (e == EL_COL)
        return TM_COLGROUP;
    if (e == EL_TR)
        return TM_TBODY;
    return is_cell(e) ? TM_ROW : TM_BODY;
}

bool tree_template_takes(struct html_tree *t, enum html_element e) {
    struct html_open *top = tree_top(t);

    if (!top || e == EL_TEMPLATE)
        return true;
    if (tree_top_is(t, EL_COLGROUP) && e != EL_COL && e != EL_HTML)
        tree_pop_to(t, t->depth - 1);
    if (!tree_top_is(t, EL_TEMPLATE))
        return true;
    if (top->template_mode == TM_ANY && !(html_element_flags[e] & EF_HEAD))
        top->template_mode = (uint8_t)mode_for(e);
    return top->template_mode != TM_COLGROUP || e == EL_COL;
}
