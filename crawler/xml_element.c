/* What comes of a whole tag: attributes, namespaces, and what is open. */
#include <string.h>

#include "crawler/xml_internal.h"

static struct str prefix_of(struct str name) {
    size_t colon = str_find(name, ':');

    return colon == STR_END ? STR_NONE : str_upto(name, colon);
}

static struct str local_of(struct str name) {
    size_t colon = str_find(name, ':');

    return colon == STR_END ? name : str_from(name, colon + 1);
}

static bool is_declaration(struct str name) {
    return str_eq(name, STR("xmlns")) || str_starts(name, STR("xmlns:"));
}

/* --- attributes ------------------------------------------------------------------------ */

void xml_begin_tag(struct xml *x) {
    x->name_len = 0;
    x->n_kept = 0;
    buf_clear(&x->values);
}

/* The name gathers in the place after the last one that is kept, or in none. */
void xml_begin_attr(struct xml *x) {
    x->keeps_attr = x->n_kept < XML_MAX_ATTRS;
    if (x->keeps_attr)
        x->kept[x->n_kept] = (struct xml_kept){.name_len = 0};
}

static bool is_kept(const struct xml *x, struct str name) {
    for (size_t i = 0; i < x->n_kept; i++) {
        if (str_eq(str_at(x->kept[i].name, x->kept[i].name_len), name))
            return true;
    }
    return false;
}

void xml_name_attr(struct xml *x) {
    struct str element = local_of(str_at(x->name, x->name_len)), name;
    struct xml_kept *a;

    if (!x->keeps_attr)
        return;
    a = &x->kept[x->n_kept];
    name = str_at(a->name, a->name_len);
    x->keeps_attr =
        (is_declaration(name) || x->options.wants_attr(x->options.arg, element, local_of(name))) &&
        !is_kept(x, name);
    if (!x->keeps_attr)
        return;
    a->start = x->values.len;
    x->n_kept++;
}

void xml_put_value(struct xml *x, struct str bytes) {
    struct xml_kept *a;
    enum err e;

    if (!x->keeps_attr)
        return;
    a = &x->kept[x->n_kept - 1];
    if (a->too_long)
        return;
    e = a->len + bytes.len > XML_MAX_VALUE ? ERR_TOO_BIG : buf_put(&x->values, bytes);
    if (e == ERR_TOO_BIG) {
        x->values.len = a->start;
        a->len = 0;
        a->too_long = true;
    } else if (e != ERR_OK) {
        x->e = e;
    } else {
        a->len += bytes.len;
    }
}

static struct str value_of(const struct xml *x, const struct xml_kept *a) {
    return str_from(str_upto(buf_str(&x->values), a->start + a->len), a->start);
}

/* --- namespaces ------------------------------------------------------------------------- */

static int undeclared(const struct xml *x, struct str prefix) {
    if (!prefix.len)
        return XML_NO_NAMESPACE;
    if (str_eq(prefix, STR("xml")))
        return XML_NAMESPACE;
    return x->options.namespace_of(x->options.arg, STR_NONE, prefix);
}

/* The last declaration counts. */
static int namespace_of(const struct xml *x, struct str prefix) {
    for (size_t i = x->n_bindings; i-- > 0;) {
        const struct xml_binding *b = &x->bindings[i];

        if (str_eq(str_at(b->prefix, b->prefix_len), prefix))
            return b->ns;
    }
    return undeclared(x, prefix);
}

static void bind(struct xml *x, struct str prefix, struct str uri) {
    struct xml_binding *b = &x->bindings[x->n_bindings];

    if (x->n_bindings == XML_MAX_BINDINGS || prefix.len > sizeof b->prefix)
        return;
    if (prefix.len)
        memcpy(b->prefix, prefix.ptr, prefix.len);
    b->prefix_len = prefix.len;
    b->ns = uri.len ? x->options.namespace_of(x->options.arg, str_upto(uri, XML_URI_BYTES), prefix)
                    : XML_NO_NAMESPACE;
    x->n_bindings++;
}

static void bind_all(struct xml *x) {
    for (size_t i = 0; i < x->n_kept; i++) {
        struct str name = str_at(x->kept[i].name, x->kept[i].name_len);

        if (is_declaration(name))
            bind(x, str_from(name, strlen("xmlns:")), value_of(x, &x->kept[i]));
    }
}

/* --- elements ---------------------------------------------------------------------------- */

static struct str open_name(const struct xml *x, size_t i) {
    size_t end = i + 1 < x->depth ? x->open[i + 1].name_start : x->names.len;

    return str_from(str_upto(buf_str(&x->names), end), x->open[i].name_start);
}

static bool push(struct xml *x, struct str name) {
    struct xml_open *o = &x->open[x->depth];

    *o = (struct xml_open){.name_start = x->names.len, .n_bindings = x->n_bindings};
    x->e = buf_put(&x->names, name);
    if (x->e != ERR_OK)
        return false;
    bind_all(x);
    o->ns = namespace_of(x, prefix_of(name));
    x->depth++;
    return true;
}

/* What is too long to have been kept is told as such, its declaration is not. */
static size_t list_attrs(const struct xml *x, struct xml_attr *attrs) {
    size_t n = 0;

    for (size_t i = 0; i < x->n_kept; i++) {
        const struct xml_kept *a = &x->kept[i];
        struct str name = str_at(a->name, a->name_len), prefix = prefix_of(name);

        if (is_declaration(name))
            continue;
        attrs[n++] =
            (struct xml_attr){.name = local_of(name),
                              .ns = prefix.len ? namespace_of(x, prefix) : XML_NO_NAMESPACE,
                              .value = value_of(x, a),
                              .too_long = a->too_long};
    }
    return n;
}

static void tell(struct xml *x, bool (*callback)(void *arg, const struct xml_element *e),
                 const struct xml_element *e) {
    if (x->e == ERR_OK && !callback(x->options.arg, e))
        x->e = ERR_STOPPED;
}

static struct xml_element innermost(const struct xml *x) {
    return (struct xml_element){.name = local_of(open_name(x, x->depth - 1)),
                                .ns = x->open[x->depth - 1].ns,
                                .depth = (unsigned)x->depth};
}

static void pop(struct xml *x) {
    struct xml_element e = innermost(x);

    tell(x, x->options.end, &e);
    x->depth--;
    x->names.len = x->open[x->depth].name_start;
    x->n_bindings = x->open[x->depth].n_bindings;
    if (x->depth == 0)
        x->state = XML_OVER;
}

void xml_start_element(struct xml *x, bool is_empty) {
    struct xml_attr attrs[XML_MAX_ATTRS];
    struct xml_element e;

    x->state = XML_TEXT;
    if (x->depth == XML_MAX_DEPTH) {
        x->too_deep += !is_empty;
        return;
    }
    if (!push(x, str_at(x->name, x->name_len)))
        return;
    e = innermost(x);
    e.attrs = attrs;
    e.n_attrs = list_attrs(x, attrs);
    tell(x, x->options.start, &e);
    if (is_empty && x->e == ERR_OK)
        pop(x);
}

void xml_end_element(struct xml *x) {
    struct str name = str_at(x->name, x->name_len);
    size_t i = x->depth;

    x->state = XML_TEXT;
    if (x->too_deep) {
        x->too_deep--;
        return;
    }
    while (i > 0 && !str_eq(open_name(x, i - 1), name))
        i--;
    while (i > 0 && x->depth >= i && x->e == ERR_OK)
        pop(x);
}
