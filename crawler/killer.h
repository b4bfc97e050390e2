/* killer - remembers which page was being read when the process died, and names those where
 * that happened three times.
 *
 * What kills the process at once leaves no trace in the database: the page would be fetched
 * again after each start, and kill again. So each thread notes in a small file, mapped into
 * memory, what it is about to read, and wipes it out after. The kernel keeps the file
 * when the process dies; at the next start what is still noted counts as a crash of that
 * page. (After a loss of power it may not be there: that is no crash.)
 *
 * A page is read in pieces, many pages in turn: killer_enter and killer_leave go around each
 * piece, and killer_passed at its end forgets crashes that it was innocent of (another
 * thread's, or a kill -9).
 *
 * The file is a help, not a promise: what is damaged in it is passed over, and one that is
 * no such file is begun anew. All functions take NULL for a file that could not be opened,
 * and then do nothing. Threads: each slot has one; killer_is and killer_passed any. One
 * process a file (the database's lock sees to that).
 */
#ifndef CRAWLER_KILLER_H
#define CRAWLER_KILLER_H

#include "base/own.h"
#include "base/str.h"

enum {
    KILLER_SLOTS = 64,
    KILLER_CRASHES = 3,   /* make a killer */
    KILLER_ENTRIES = 256, /* pages with crashes that are remembered: the latest */
};

struct killer;

/* |path|: the file, created with mode 0600. ERR_IO: it cannot be opened, is a link or
 * no regular file; ERR_FULL: no room on the disk. */
MUST_USE enum err killer_open(const char *path, struct killer **ret_killer);
void killer_free(struct killer *k); /* NULL is fine; the file stays */
DEFINE_OWNED(killer)

/* The task that a page is of, as struct task has it. */
struct killer_key {
    int64_t job, host, seq;
};

/* Around each piece of reading; |slot| < KILLER_SLOTS: the thread's own. */
void killer_enter(struct killer *k, unsigned slot, const struct killer_key *key);
void killer_leave(struct killer *k, unsigned slot);

/* It was read to its end: its crashes are forgotten. */
void killer_passed(struct killer *k, const struct killer_key *key);
/* Did it crash KILLER_CRASHES times? */
bool killer_is(const struct killer *k, const struct killer_key *key);

#endif
