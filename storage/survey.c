#include "storage/survey.h"

#include <string.h>

#include "base/mem.h"

void survey_done(struct survey *v) {
    for (size_t i = 0; i < v->n_top; i++)
        free(v->top[i].name);
    v->n_top = 0;
}

/* The host whose tasks are passing by. */
struct passing {
    int64_t host;
    struct buf key;
    uint64_t n_urls;
};

static bool is_before(const struct passing *p, const struct survey_host *h) {
    return p->n_urls != h->n_urls ? p->n_urls > h->n_urls
                                  : str_cmp(buf_str(&p->key), str_of(h->name)) < 0;
}

/* Its place among the largest, SURVEY_TOP: none. */
static size_t find_place(const struct survey *v, const struct passing *p) {
    size_t at = v->n_top;

    while (at > 0 && is_before(p, &v->top[at - 1]))
        at--;
    return at;
}

static void rank(struct survey *v, const struct passing *p) {
    size_t at = find_place(v, p);

    if (at == SURVEY_TOP)
        return;
    if (v->n_top == SURVEY_TOP)
        free(v->top[--v->n_top].name);
    memmove(&v->top[at + 1], &v->top[at], (v->n_top - at) * sizeof v->top[0]);
    v->top[at] = (struct survey_host){mem_chars(buf_str(&p->key)), p->n_urls};
    v->n_top++;
}

static void leave(struct survey *v, struct passing *p) {
    if (!p->n_urls)
        return;
    v->n_hosts++;
    rank(v, p);
    p->n_urls = 0;
}

static enum err meet(struct survey *v, struct passing *p, const struct seedrow *task) {
    enum err e = ERR_OK;

    if (!p->n_urls || task->host != p->host) {
        leave(v, p);
        p->host = task->host;
        buf_clear(&p->key);
        e = buf_put(&p->key, task->host_key);
    }
    p->n_urls++;
    return e;
}

enum err survey_take(struct seeds *seeds, struct survey *ret_survey) {
    struct passing p = {.key = BUF_INIT(SEEDROW_MAX_BYTES)};
    struct survey v = {0};
    struct seedrow task;
    enum err e;

    while ((e = seeds_next_task(seeds, &task)) == ERR_OK && (e = meet(&v, &p, &task)) == ERR_OK)
        ;
    leave(&v, &p);
    buf_done(&p.key);
    if (e != ERR_NOT_FOUND) {
        survey_done(&v);
        return e;
    }
    *ret_survey = v;
    return ERR_OK;
}
