/* The stored forms of what deliveries tell. */
#include <stdio.h>
#include <string.h>

#include "storage/model.h"

/* Varints in the order of this list. A later version may append: what follows is passed
 * over, and what is missing stays as it is. */
enum fact {
    VERSION,
    STATE,
    STOP_REASON,
    TOTAL,
    SUCCEEDED,
    FAILED,
    DISALLOWED,
    SKIPPED,
    CANCELLED,
    DUPLICATES,
    LINKS_FOUND,
    BYTES,
    OUT_OF_SCOPE,
    DEPTH_LIMIT,
    PAGE_LIMIT,
    STARTED_AT,
    FINISHED_AT,
    EXPIRES_AT,
    LAST_PROGRESS_AT,
    FACT_COUNT
};

enum err facts_put_job(struct buf *b, const struct job *j) {
    const struct job_counts *c = &j->counts;
    const uint64_t facts[FACT_COUNT] = {
        [VERSION] = j->version,
        [STATE] = j->state,
        [STOP_REASON] = j->stop_reason,
        [TOTAL] = c->total,
        [SUCCEEDED] = c->by_outcome[OUTCOME_SUCCEEDED],
        [FAILED] = c->by_outcome[OUTCOME_FAILED],
        [DISALLOWED] = c->by_outcome[OUTCOME_DISALLOWED],
        [SKIPPED] = c->by_outcome[OUTCOME_SKIPPED],
        [CANCELLED] = c->by_outcome[OUTCOME_CANCELLED],
        [DUPLICATES] = c->duplicates,
        [LINKS_FOUND] = c->links_found,
        [BYTES] = c->bytes,
        [OUT_OF_SCOPE] = c->not_followed.out_of_scope,
        [DEPTH_LIMIT] = c->not_followed.depth_limit,
        [PAGE_LIMIT] = c->not_followed.page_limit,
        [STARTED_AT] = (uint64_t)j->started_at,
        [FINISHED_AT] = (uint64_t)j->finished_at,
        [EXPIRES_AT] = (uint64_t)j->expires_at,
        [LAST_PROGRESS_AT] = (uint64_t)j->last_progress_at,
    };
    enum err e = ERR_OK;

    for (int i = 0; i < FACT_COUNT && e == ERR_OK; i++)
        e = buf_put_varint(b, facts[i]);
    return e;
}

static void set_job(struct job *j, const uint64_t *facts) {
    struct job_counts *c = &j->counts;

    j->version = facts[VERSION];
    j->state = (enum job_state)facts[STATE];
    j->stop_reason = (enum stop_reason)facts[STOP_REASON];
    c->total = facts[TOTAL];
    c->by_outcome[OUTCOME_SUCCEEDED] = facts[SUCCEEDED];
    c->by_outcome[OUTCOME_FAILED] = facts[FAILED];
    c->by_outcome[OUTCOME_DISALLOWED] = facts[DISALLOWED];
    c->by_outcome[OUTCOME_SKIPPED] = facts[SKIPPED];
    c->by_outcome[OUTCOME_CANCELLED] = facts[CANCELLED];
    c->duplicates = facts[DUPLICATES];
    c->links_found = facts[LINKS_FOUND];
    c->bytes = facts[BYTES];
    c->not_followed.out_of_scope = facts[OUT_OF_SCOPE];
    c->not_followed.depth_limit = facts[DEPTH_LIMIT];
    c->not_followed.page_limit = facts[PAGE_LIMIT];
    j->started_at = (int64_t)facts[STARTED_AT];
    j->finished_at = (int64_t)facts[FINISHED_AT];
    j->expires_at = (int64_t)facts[EXPIRES_AT];
    j->last_progress_at = (int64_t)facts[LAST_PROGRESS_AT];
}

enum err facts_take_job(struct str facts, struct job *j) {
    uint64_t numbers[FACT_COUNT];
    enum err e = ERR_OK;

    for (int i = 0; i < FACT_COUNT && e == ERR_OK; i++)
        e = str_take_varint(&facts, &numbers[i]);
    if (e == ERR_OK &&
        (numbers[STATE] >= JOB_STATE_COUNT || numbers[STOP_REASON] >= STOP_REASON_COUNT))
        e = ERR_CORRUPT;
    if (e == ERR_OK)
        set_job(j, numbers);
    return e;
}

/* --- failures -------------------------------------------------------------------------- */

/* kind, two numbers, length of the text, text */
enum kind { KIND_RECORD, KIND_HOST, KIND_COUNT };

static enum err put_failure(struct buf *b, enum kind kind, uint64_t first, uint64_t second,
                            struct str text) {
    size_t before = b->len;
    enum err e = buf_put_varint(b, kind);

    if (e == ERR_OK)
        e = buf_put_varint(b, first);
    if (e == ERR_OK)
        e = buf_put_varint(b, second);
    if (e == ERR_OK)
        e = buf_put_varint(b, text.len);
    if (e == ERR_OK)
        e = buf_put(b, text);
    if (e != ERR_OK)
        b->len = before;
    return e;
}

enum err facts_put_record(struct buf *b, int64_t seq, struct str record) {
    return put_failure(b, KIND_RECORD, (uint64_t)seq, 0, record);
}

enum err facts_put_host(struct buf *b, struct str host, enum code code, uint64_t n_urls) {
    return put_failure(b, KIND_HOST, code, n_urls, host);
}

static enum err read_failure(enum kind kind, uint64_t first, uint64_t second, struct str text,
                             struct failure *f) {
    enum err e;

    if (kind == KIND_HOST) {
        *f = (struct failure){
            .is_host = true, .host = text, .code = (enum code)first, .n_urls = second};
        return first < CODE_COUNT ? ERR_OK : ERR_CORRUPT;
    }
    *f = (struct failure){.is_host = false};
    e = record_decode(text, &f->record);
    f->record.seq = (int64_t)first;
    return e;
}

enum err facts_next(struct str *facts, struct failure *ret_failure) {
    uint64_t numbers[4]; /* kind, two of the failure's own, length */
    struct failure f;
    enum err e = ERR_OK;

    if (!facts->len)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < 4 && e == ERR_OK; i++)
        e = str_take_varint(facts, &numbers[i]);
    if (e != ERR_OK || numbers[0] >= KIND_COUNT || numbers[3] > facts->len)
        return ERR_CORRUPT;
    e = read_failure((enum kind)numbers[0], numbers[1], numbers[2],
                     str_upto(*facts, (size_t)numbers[3]), &f);
    if (e != ERR_OK)
        return e;
    *facts = str_from(*facts, (size_t)numbers[3]);
    *ret_failure = f;
    return ERR_OK;
}

/* --- names ----------------------------------------------------------------------------- */

void delivery_id_text(const struct uuid *job, uint64_t sequence,
                      char ret_text[DELIVERY_ID_CHARS + 1]) {
    uuid_text(job, ret_text);
    (void)snprintf(ret_text + UUID_TEXT_LEN, DELIVERY_ID_CHARS + 1 - UUID_TEXT_LEN, "-%llu",
                   (unsigned long long)sequence);
}

enum err delivery_id_parse(struct str text, const struct uuid *job, uint64_t *ret_sequence) {
    struct str number = str_from(text, UUID_TEXT_LEN);
    struct uuid id;
    uint64_t sequence;

    if (uuid_parse(str_upto(text, UUID_TEXT_LEN), &id) != ERR_OK ||
        memcmp(&id, job, sizeof id) != 0 || !str_starts(number, STR("-")) ||
        str_starts(number, STR("-0")) || /* 0 is none, and 01 not how 1 is written */
        str_to_u64(str_from(number, 1), INT64_MAX, &sequence) != ERR_OK)
        return ERR_NOT_FOUND;
    *ret_sequence = sequence;
    return ERR_OK;
}
