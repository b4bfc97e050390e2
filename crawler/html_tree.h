/* html_tree - what html_tree.c, html_start.c, html_end.c, html_table.c
 * and html_foreign.c share: the stack
 * of open elements and the questions about it. Nobody else includes this.
 */
#ifndef CRAWLER_HTML_TREE_H
#define CRAWLER_HTML_TREE_H

#include <string.h>

#include "crawler/html_internal.h"

#define NOWHERE SIZE_MAX

enum { ADOPTION_ROUNDS = 8 };

enum tree_scope { SCOPE, SCOPE_LIST_ITEM, SCOPE_BUTTON }; /* section 13.2.4.2 */

/* |o| is an HTML element of this name. */
static inline bool tree_is(const struct html_open *o, enum html_element e, uint32_t name_hash) {
    return o->ns == NS_HTML && o->element == e && (e != EL_OTHER || o->name_hash == name_hash);
}

/* --- html_tree.c */
struct html_open *tree_top(struct html_tree *t); /* NULL: the body, or what stands for it */
bool tree_top_is(const struct html_tree *t, enum html_element e);
/* NULL where the stack is full. */
struct html_open *tree_push(struct html_tree *t, enum html_element e, uint32_t name_hash);
/* Until so many are open. */
void tree_pop_to(struct html_tree *t, size_t depth);
/* Takes out an HTML element, and leaves what is above it. */
void tree_remove(struct html_tree *t, size_t at);
/* Where in the stack, or NOWHERE. */
size_t tree_in_scope(const struct html_tree *t, enum html_element e, enum tree_scope scope);
/* Pops up to the nearest |e| and that; false where none is in scope. */
bool tree_pop_in_scope(struct html_tree *t, enum html_element e, enum tree_scope scope);
/* "Generate implied end tags", except for |but|. */
void tree_pop_implied(struct html_tree *t, enum html_element but);
void tree_adopt(struct html_tree *t, enum html_element e);
void tree_leave_select(struct html_tree *t);
void tree_begin_body(struct html_tree *t);
size_t tree_in_table_scope(const struct html_tree *t, enum html_element e);

/* --- html_table.c */
void tree_start_table(struct html_tree *t);
/* False: the tag is ignored. */
bool tree_start_table_part(struct html_tree *t, enum html_element e);
void tree_end_table_part(struct html_tree *t, enum html_element e);
/* The insertion mode is one of tables, and of those where content would be fostered. */
bool tree_is_in_table(const struct html_tree *t);
bool tree_is_between_cells(const struct html_tree *t);
void tree_end_template(struct html_tree *t);
/* Before any start tag in HTML content: lets an open template settle what it is
 * read as, and ends a colgroup. False: it ignores the tag. */
bool tree_template_takes(struct html_tree *t, enum html_element e);

/* --- html_foreign.c */
/* Whether this start tag is read by the rules of foreign content (section 13.2.6). */
bool tree_is_foreign_start(const struct html_tree *t, enum html_element e);
bool tree_breaks_out(const struct html *h);
void tree_leave_foreign(struct html_tree *t);
bool tree_start_foreign(struct html *h);
void tree_push_foreign(struct html *h, enum html_namespace ns);
/* True where the tag ended something foreign; else it is HTML's. */
bool tree_end_foreign(struct html *h);

#endif
