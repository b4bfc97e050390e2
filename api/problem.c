#include "api/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/writer.h"
#include "base/mem.h"

static const struct {
    unsigned status;
    const char *code, *title;
} problems[] = {
#define X(name, status, text, title) {status, text, title},
    PROBLEM_TABLE(X)
#undef X
};

unsigned problem_status(enum problem_code c) {
    return problems[c].status;
}

void problem_init(struct problem *p, enum problem_code code) {
    *p = (struct problem){.code = code};
}

void problem_done(struct problem *p) {
    free(p->detail);
    for (size_t i = 0; i < p->n_faults; i++) {
        free(p->faults[i].where);
        free(p->faults[i].detail);
    }
    problem_init(p, p->code);
}

/* Longer details are cut; a character cut in two is mended when it is written. */
__attribute__((format(printf, 1, 0))) static char *phrase(const char *format, va_list args) {
    char text[PROBLEM_DETAIL_CHARS + 1];

    (void)vsnprintf(text, sizeof text, format, args);
    return mem_chars(str_of(text));
}

void problem_detail(struct problem *p, const char *format, ...) {
    va_list args;

    free(p->detail);
    va_start(args, format);
    p->detail = phrase(format, args);
    va_end(args);
}

void problem_fault(struct problem *p, enum fault_place place, struct str where, const char *format,
                   ...) {
    struct fault *f = &p->faults[p->n_faults];
    va_list args;

    if (p->n_faults == PROBLEM_MAX_FAULTS)
        return;
    p->n_faults++;
    *f = (struct fault){.place = place};
    if (place != FAULT_GENERAL)
        f->where = mem_chars(str_upto(where, PROBLEM_DETAIL_CHARS));
    va_start(args, format);
    f->detail = phrase(format, args);
    va_end(args);
}

void problem_fault_line(struct problem *p, uint64_t line, const char *format, ...) {
    struct fault *f = &p->faults[p->n_faults];
    va_list args;

    if (p->n_faults == PROBLEM_MAX_FAULTS)
        return;
    p->n_faults++;
    *f = (struct fault){.place = FAULT_LINE, .line = line};
    va_start(args, format);
    f->detail = phrase(format, args);
    va_end(args);
}

static void write_fault(struct writer *w, const struct fault *f) {
    writer_open(w, '{');
    if (f->place == FAULT_POINTER)
        writer_text(w, "pointer", str_of(f->where));
    else if (f->place == FAULT_PARAMETER)
        writer_text(w, "parameter", str_of(f->where));
    else if (f->place == FAULT_LINE)
        writer_number(w, "line", f->line);
    writer_text(w, "detail", str_of(f->detail));
    writer_close(w, '}');
}

/* The first fault with its place: who is shown only the detail shall know what it speaks of. */
static enum err say_detail(const struct problem *p, struct buf *out) {
    const struct fault *f = p->faults;

    if (p->detail)
        return buf_printf(out, "%s", p->detail);
    if (p->n_faults == 0)
        return buf_printf(out, "%s", problems[p->code].title);
    if (f->place == FAULT_LINE)
        return buf_printf(out, "line %llu: %s", (unsigned long long)f->line, f->detail);
    if (f->where)
        return buf_printf(out, "%s: %s", f->where, f->detail);
    return buf_printf(out, "%s", f->detail);
}

enum err problem_write(const struct problem *p, struct str request_id, struct buf *out) {
    OWNED_BUF struct buf detail = BUF_INIT(3 * PROBLEM_DETAIL_CHARS);
    struct writer w = writer_on(out);
    enum err e = say_detail(p, &detail);

    if (e != ERR_OK)
        return e;
    writer_open(&w, '{');
    writer_key(&w, "type");
    writer_raw(&w, STR("\"urn:crawld:problem:"));
    writer_raw(&w, str_of(problems[p->code].code));
    writer_raw(&w, STR("\""));
    writer_text(&w, "code", str_of(problems[p->code].code));
    writer_text(&w, "title", str_of(problems[p->code].title));
    writer_number(&w, "status", problems[p->code].status);
    writer_text(&w, "detail", buf_str(&detail));
    writer_text(&w, "request_id", request_id);
    writer_key(&w, "errors");
    writer_open(&w, '[');
    for (size_t i = 0; i < p->n_faults; i++)
        write_fault(&w, &p->faults[i]);
    writer_close(&w, ']');
    writer_close(&w, '}');
    return w.err;
}
