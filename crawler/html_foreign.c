/* html_foreign - SVG and MathML: which tags are theirs (section 13.2.6.5), and
 * where HTML goes on inside them (integration points, section 13.2.4.2).
 */
#include "crawler/html_tree.h"

static const struct html_open *top_of(const struct html_tree *t) {
    return t->depth ? &t->stack[t->depth - 1] : NULL;
}

bool html_tree_is_foreign(const struct html_tree *t) {
    const struct html_open *top = top_of(t);

    return top && top->ns != NS_HTML;
}

bool tree_is_foreign_start(const struct html_tree *t, enum html_element e) {
    const struct html_open *top = top_of(t);

    if (!top || top->ns == NS_HTML || top->html_inside)
        return false;
    if (top->text_inside)
        return e == EL_MGLYPH || e == EL_MALIGNMARK;
    return !(top->ns == NS_MATH && top->element == EL_ANNOTATION_XML && e == EL_SVG);
}

bool tree_breaks_out(const struct html *h) {
    if (h->tag.element == EL_FONT)
        return html_tag_attr(h, STR("color")) || html_tag_attr(h, STR("face")) ||
               html_tag_attr(h, STR("size"));
    return html_element_flags[h->tag.element] & EF_BREAKOUT;
}

void tree_leave_foreign(struct html_tree *t) {
    size_t depth = t->depth;

    while (depth) {
        const struct html_open *o = &t->stack[depth - 1];

        if (o->ns == NS_HTML || o->html_inside || o->text_inside)
            break;
        depth--;
    }
    tree_pop_to(t, depth);
}

static bool says_html(const struct html *h) {
    const struct html_kept *a = html_tag_attr(h, STR("encoding"));

    return a && (str_eq_ascii(html_attr_value(h, a), STR("text/html")) ||
                 str_eq_ascii(html_attr_value(h, a), STR("application/xhtml+xml")));
}

static void mark_integration_point(const struct html *h, struct html_open *o) {
    switch (h->tag.element) {
    case EL_MI:
    case EL_MO:
    case EL_MN:
    case EL_MS:
    case EL_MTEXT:
        o->text_inside = o->ns == NS_MATH;
        break;
    case EL_ANNOTATION_XML:
        o->html_inside = o->ns == NS_MATH && says_html(h);
        break;
    case EL_FOREIGNOBJECT:
    case EL_DESC:
    case EL_TITLE:
        o->html_inside = o->ns == NS_SVG;
        break;
    default:
        break;
    }
    o->is_special = o->ends_scope =
        o->html_inside || o->text_inside || (o->ns == NS_MATH && o->element == EL_ANNOTATION_XML);
}

void tree_push_foreign(struct html *h, enum html_namespace ns) {
    struct html_tree *t = &h->tree;
    struct html_open *o;

    h->tag.in_foreign = true;
    if (h->tag.self_closing)
        return;
    if (t->depth == HTML_MAX_DEPTH) {
        t->beyond++;
        return;
    }
    o = &t->stack[t->depth++];
    *o = (struct html_open){
        .element = (uint8_t)h->tag.element, .name_hash = h->tag.name_hash, .ns = (uint8_t)ns};
    mark_integration_point(h, o);
}

bool tree_start_foreign(struct html *h) {
    tree_push_foreign(h, (enum html_namespace)top_of(&h->tree)->ns);
    return true;
}

bool tree_end_foreign(struct html *h) {
    struct html_tree *t = &h->tree;

    if (!html_tree_is_foreign(t))
        return false;
    if (h->tag.element == EL_BR || h->tag.element == EL_P) {
        tree_leave_foreign(t);
        return false;
    }
    for (size_t i = t->depth; i-- > 0;) {
        const struct html_open *o = &t->stack[i];

        if (o->ns == NS_HTML)
            break;
        if (o->element == h->tag.element && o->name_hash == h->tag.name_hash) {
            tree_pop_to(t, i);
            h->tag.in_foreign = true;
            return true;
        }
    }
    return false;
}
