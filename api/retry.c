/* Putting failed URLs back. */
#include <stdio.h>

#include "api/jobview.h"
#include "api/keyed.h"
#include "api/routes.h"

#define BIT(code) ((uint64_t)1 << (code))

static uint64_t transient_codes(void) {
    uint64_t codes = 0;

    for (int code = CODE_NONE + 1; code < CODE_COUNT; code++)
        if (code_is_transient((enum code)code))
            codes |= BIT(code);
    return codes;
}

/* What another try cannot mend: rejects are no URLs to fetch, a job that was cancelled is
 * over, and the limit is still the same. */
static const uint64_t final_codes = BIT(CODE_INVALID_URL) | BIT(CODE_UNSUPPORTED_SCHEME) |
                                    BIT(CODE_JOB_CANCELLED) | BIT(CODE_PAGE_LIMIT);

static bool take_code(struct api_call *c, struct str word, uint64_t *codes) {
    char detail[100];
    enum code code;

    if (code_of(word, &code) != ERR_OK) {
        call_refuse_parameter(c, "code",
                              "must be a list of codes as records have them, joined by commas");
        return false;
    }
    if (final_codes & BIT(code)) {
        (void)snprintf(detail, sizeof detail, "%s is nothing that another try could mend",
                       code_text(code));
        call_refuse_parameter(c, "code", detail);
        return false;
    }
    *codes |= BIT(code);
    return true;
}

/* False: the call is answered. */
static bool read_codes(struct api_call *c, uint64_t *ret_codes) {
    const struct str *given = query_get(&c->query, "code");
    struct str rest = given ? *given : STR_NONE;
    bool goes_on = given != NULL;

    *ret_codes = given ? 0 : transient_codes();
    while (goes_on) {
        goes_on = str_find(rest, ',') != STR_END;
        if (!take_code(c, str_trim(str_cut(&rest, ',')), ret_codes))
            return false;
    }
    return true;
}

static void answer(struct api_call *c, const struct job *j, uint64_t retried) {
    struct writer w = writer_on(&c->response.body);

    writer_open(&w, '{');
    jobview_write(c, &w, j);
    writer_number(&w, "retried", retried);
    writer_close(&w, '}');
    call_answer_body(c, 202, STR("application/json"), w.err);
}

/* Its body, if there is one, is not looked at but for telling whether it comes again. */
void route_retry_job_begin(struct api_call *c) {
    (void)keyed_begin(c, STR_NONE);
}

void route_retry_job(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    uint64_t codes, retried = 0;
    enum err e;

    if (keyed_is_repeat(c->keyed)) {
        keyed_answer(c);
        return;
    }
    if (!read_codes(c, &codes))
        return;
    e = store_job_retry(c->api->options.store, &c->job_id, codes, keyed_once(c->keyed), &retried,
                        &j);
    if (e == ERR_OK)
        answer(c, j, retried);
    else if (e == ERR_CONFLICT)
        jobview_refuse(c, j, ACTION_RETRY);
    else if (e == ERR_BUSY)
        call_refuse(c, PROBLEM_CONFLICT, "another call is putting URLs into this job");
    else
        call_store_error(c, e);
}
