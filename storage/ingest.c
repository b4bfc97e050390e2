/* The door's side of an ingest: counts what is asked, remembers the first rejects,
 * and hands the settled seeds to the back end. */
#include "storage/backend.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "storage/survey.h"

struct ingest {
    struct backend *backend;
    struct seeds *seeds;
    uint64_t reserved; /* our part of backend->receiving */
    struct submission submission;
    const struct once *once; /* borrowed; or NULL */
};

void submission_done(struct submission *sub) {
    for (size_t i = 0; i < sub->n_rejects; i++) {
        free(sub->rejects[i].input);
        free(sub->rejects[i].detail);
    }
    sub->n_rejects = 0;
}

/* For |n| more URLs. */
static enum err check_room(const struct backend *b, uint64_t n) {
    if (b->low_space || b->degraded)
        return ERR_FULL;
    return b->queued_urls + b->receiving + n > b->max_queued_urls ? ERR_QUOTA : ERR_OK;
}

enum err store_ingest_new(struct store *s, struct ingest **ret_ingest) {
    struct backend *b = store_backend(s);
    struct ingest *in;
    enum err e = b->damaged ? ERR_CORRUPT : check_room(b, 1);

    if (e != ERR_OK)
        return e;
    in = NEW(struct ingest);
    in->backend = b;
    in->seeds = seeds_new(b->spool_folder);
    *ret_ingest = in;
    return ERR_OK;
}

static struct str cut_to_characters(struct str s, size_t most) {
    struct str rest = s;

    for (size_t n = 0, len; n < most && rest.len; n++) {
        (void)utf8_first(rest, &len);
        rest = str_from(rest, len);
    }
    return str_upto(s, s.len - rest.len);
}

static void note_reject(struct submission *sub, const struct seed *seed, uint64_t index) {
    struct str input = seed->input.ptr ? seed->input : seed->url;

    if (sub->n_rejects == REJECTS_SHOWN)
        return;
    sub->rejects[sub->n_rejects++] = (struct reject){
        .index = (int64_t)index,
        .input = mem_chars(cut_to_characters(input, INPUT_SHOWN_CHARS)),
        .code = seed->code,
        .detail = mem_chars(seed->detail),
    };
}

void ingest_once(struct ingest *in, const struct once *o) {
    in->once = o;
}

uint64_t ingest_received(const struct ingest *in) {
    return seeds_counts(in->seeds).received;
}

enum err ingest_add(struct ingest *in, const struct seed *seed) {
    uint64_t index = ingest_received(in), places = seed->code == CODE_NONE ? 1 : 0;
    enum err e = check_room(in->backend, places);

    if (e == ERR_OK)
        e = seeds_add(in->seeds, seed);
    if (e != ERR_OK)
        return e;
    in->backend->receiving += places;
    in->reserved += places;
    if (!places)
        note_reject(&in->submission, seed, index);
    return ERR_OK;
}

static void release(struct ingest *in) {
    in->backend->receiving -= in->reserved;
    in->reserved = 0;
}

static enum err load(struct ingest *in, const struct job *draft, struct job **ret_job) {
    struct job with_id = *draft; /* borrows |draft|'s texts */

    with_id.id = uuid_new(draft->created_at);
    return in->backend->ops->load(in->backend, in->seeds, &with_id, in->once, ret_job);
}

/* A paused job may begin without a list. */
static bool is_empty_on_purpose(const struct seeds_counts *c, const struct job *draft) {
    return c->received == 0 && draft->state == JOB_PAUSED;
}

static void count(struct submission *sub, const struct seeds_counts *c) {
    sub->received = c->received;
    sub->accepted = c->accepted;
    sub->duplicates = c->duplicates;
    sub->rejected = c->rejected;
}

/* What is told of the list, with |e| as the end of the call. */
static enum err answer(struct ingest *in, enum err e, struct submission *ret_submission) {
    if (e == ERR_OK)
        release(in); /* the back end counts them now */
    if (e == ERR_OK || e == ERR_INVALID) {
        *ret_submission = in->submission;
        in->submission = (struct submission){0};
    }
    return e;
}

enum err ingest_commit(struct ingest *in, const struct job *draft, struct job **ret_job,
                       struct submission *ret_submission) {
    struct seeds_counts counts = {0};
    enum err e = seeds_settle(in->seeds, &counts);

    if (e != ERR_OK)
        return e;
    count(&in->submission, &counts);
    e = counts.accepted || is_empty_on_purpose(&counts, draft) ? load(in, draft, ret_job)
                                                               : ERR_INVALID;
    return answer(in, e, ret_submission);
}

enum err ingest_commit_into(struct ingest *in, const struct uuid *id, struct job **ret_job,
                            struct submission *ret_submission) {
    struct seeds_counts counts = {0};
    enum err e = seeds_settle(in->seeds, &counts);

    if (e != ERR_OK)
        return e;
    e = counts.accepted
            ? in->backend->ops->add(in->backend, in->seeds, id, in->once, ret_job, &counts)
            : ERR_INVALID;
    count(&in->submission, &counts);
    return answer(in, e, ret_submission);
}

enum err ingest_survey(struct ingest *in, struct survey *ret_survey,
                       struct submission *ret_submission) {
    struct seeds_counts counts = {0};
    enum err e = seeds_settle(in->seeds, &counts);

    if (e != ERR_OK)
        return e;
    count(&in->submission, &counts);
    e = counts.accepted || !counts.received ? survey_take(in->seeds, ret_survey) : ERR_INVALID;
    return answer(in, e, ret_submission);
}

void ingest_free(struct ingest *in) {
    if (!in)
        return;
    release(in);
    seeds_free(in->seeds);
    submission_done(&in->submission);
    free(in);
}
