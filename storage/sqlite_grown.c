#include "storage/sqlite_grown.h"

void grown_add(struct grown *g, int64_t host) {
    if (g->n > GROWN_TOLD || (g->n && g->hosts[g->n - 1] == host))
        return;
    if (g->n < GROWN_TOLD)
        g->hosts[g->n] = host;
    g->n++;
}

void grown_note_all(struct grown *g) {
    g->n = GROWN_TOLD + 1;
}

void grown_tell(const struct grown *g, struct writer *w, const struct ledger *l) {
    struct job_change c = {.job = l->job.no, .state = l->job.state, .has_grown = true, .host = -1};

    if (g->n > GROWN_TOLD) {
        writer_tell(w, c);
        return;
    }
    for (size_t i = 0; i < g->n; i++) {
        c.host = g->hosts[i];
        writer_tell(w, c);
    }
}
