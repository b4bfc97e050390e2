/* html_tree - what html_tree.c, html_table.c and html_foreign.c share: the stack
 * of open elements and the questions about it. Nobody else includes this.
 */
#ifndef CRAWLER_HTML_TREE_H
#define CRAWLER_HTML_TREE_H

#include <string.h>

#include "crawler/html_internal.h"

#define NOWHERE SIZE_MAX

enum { ADOPTION_ROUNDS = 8 };

/* --- html_tree.c */
struct html_open *tree_top(struct html_tree *t); /* NULL: the body, or what stands for it */
bool tree_top_is(const struct html_tree *t, enum html_element e);
/* NULL where the stack is full. */
struct html_open *tree_push(struct html_tree *t, enum html_element e, uint32_t name_hash);
void tree_pop_to(struct html_tree *t, size_t depth);
void tree_remove(struct html_tree *t, size_t at);
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
