/* sandbox - takes from the process what it never needs, before anybody outside is heard: should
 * a page, a client or a library's fault get hold of it, it is to find no files and no programs.
 *
 * Landlock: files are written in the data folder only, and read there, where the system keeps
 * its settings, and beside the files that the configuration names; TCP ports are bound at that
 * of the service only. seccomp: no programs are run, no kernel interfaces used that a crawler
 * has no use for. What the kernel lacks is left out. Main thread, before the first other one.
 */
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include <stdint.h>

#include "base/buf.h"

struct sandbox_options {
    const char *database;     /* the file, which need not be there yet */
    const char *const *files; /* that may be read again, with their folders; NULL ends */
    uint16_t port;            /* to be bound; 0: a free one */
};

/* Writes into |state| what is in force: "landlock 6, seccomp", or "none". ERR_IO with one line
 * in |why| where the kernel can but refuses: what is half confined is not to be run. */
MUST_USE enum err sandbox_enter(const struct sandbox_options *o, struct buf *state,
                                struct buf *why);

#endif
