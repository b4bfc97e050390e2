/* crawld links: prints the links of one document, read as if fetched from --url,
 * by the code and with the defaults of a job.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "api/format.h"
#include "api/option.h"
#include "base/mem.h"
#include "base/own.h"
#include "crawler/extract.h"
#include "crawler/url.h"
#include "server/args.h"
#include "server/commands.h"

enum { CHUNK = 64 << 10, MAX_LINE = 1 << 20 };

struct request {
    struct url url;
    struct job job; /* its options: as one would give them to a job */
    enum format format;
    struct str content_type;
    struct buf link_headers; /* a line each */
    const char *file;        /* NULL: standard input */
};

static int usage(const char *what, const char *why) {
    (void)fprintf(stderr, "crawld: links: %s: %s\n", what, why);
    return EXIT_USAGE;
}

static int fail(const char *what) {
    (void)fprintf(stderr, "crawld: links: %s: %s\n", what, strerror(errno));
    return 1;
}

/* --- the command line ------------------------------------------------------------------- */

static const char *set_url(struct request *r, struct str value) {
    if (url_parse(&r->url, value, NULL, NULL) == ERR_OK)
        return NULL;
    return url_why_invalid(value);
}

/* As the service takes the option |name| in a query. */
static const char *set_option(struct request *r, const char *name, struct str value) {
    static const struct codec_limits limits; /* of numbers, of which there are none here */
    static struct option_fault fault;
    const struct option *o = option_find(str_of(name));
    const struct option_value v = option_of_text(o, value);

    return option_set(o, &v, &limits, &r->job, &fault);
}

static const char *set_elements(struct request *r, struct str value) {
    return set_option(r, "extract.elements", value);
}

static const char *set_schemes(struct request *r, struct str value) {
    return set_option(r, "extract.schemes", value);
}

static const char *set_fragments(struct request *r, struct str value) {
    return set_option(r, "extract.fragments", value);
}

static const char *set_format(struct request *r, struct str value) {
    if (!str_eq(value, STR("tsv")) && !str_eq(value, STR("ndjson")))
        return "either tsv or ndjson";
    r->format = str_eq(value, STR("tsv")) ? FORMAT_TSV : FORMAT_NDJSON;
    return NULL;
}

static const char *set_content_type(struct request *r, struct str value) {
    r->content_type = value;
    return NULL;
}

static const char *set_link_header(struct request *r, struct str value) {
    enum err e = r->link_headers.len ? buf_put_char(&r->link_headers, '\n') : ERR_OK;

    if (e == ERR_OK)
        e = buf_put(&r->link_headers, value);
    return e == ERR_OK ? NULL : err_text(e);
}

static const struct {
    const char *name;
    const char *(*set)(struct request *r, struct str value); /* NULL, or what is wrong */
} options[] = {
    {"url", set_url},
    {"elements", set_elements},
    {"schemes", set_schemes},
    {"fragments", set_fragments},
    {"format", set_format},
    {"content-type", set_content_type},
    {"link-header", set_link_header},
};

static int read_option(struct request *r, struct args *args, const struct arg *arg) {
    const char *wrong = "unknown option (see crawld --help)";
    char name[32] = "--";
    struct str value;

    (void)strncat(name, arg->name.ptr, arg->name.len < 24 ? arg->name.len : 24);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!str_eq(arg->name, str_of(options[i].name)))
            continue;
        wrong =
            args_value(args, arg, &value) == ERR_OK ? options[i].set(r, value) : "needs a value";
        break;
    }
    return wrong ? usage(name, wrong) : 0;
}

static int read_args(struct request *r, char *const *argv) {
    struct args args = args_of(argv);
    struct arg arg;
    enum arg_kind kind;
    int status = 0;

    while (status == 0 && (kind = args_next(&args, &arg)) != ARG_END) {
        if (kind == ARG_OPTION)
            status = read_option(r, &args, &arg);
        else if (r->file)
            status = usage(arg.value.ptr, "only one file");
        else
            r->file = arg.value.ptr;
    }
    if (status == 0 && url_href(&r->url).len == 0)
        return usage("--url", "is needed: what the document's links are resolved against");
    return status;
}

/* --- the work --------------------------------------------------------------------------- */

static int read_document(const struct request *r, struct extract *x) {
    bool is_stdin = !r->file || strcmp(r->file, "-") == 0;
    OWNED_FD int opened = is_stdin ? -1 : open(r->file, O_RDONLY | O_CLOEXEC);
    int fd = is_stdin ? STDIN_FILENO : opened;
    static char chunk[CHUNK];
    ssize_t n = -1;

    while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0) {
        if (extract_feed(x, str_at(chunk, (size_t)n)) != ERR_OK) {
            errno = ENOMEM;
            break;
        }
    }
    return n == 0 ? 0 : fail(is_stdin ? "standard input" : r->file);
}

static enum err print_lines(const struct request *r, const struct links *links) {
    OWNED_BUF struct buf line = BUF_INIT(2 * MAX_LINE);
    struct columns columns = format_default_columns();
    struct links_view view = links_view(links);
    struct link link;
    enum err e = format_link_names(&line, r->format, &columns);

    while (e == ERR_OK) {
        struct format_line one = {.source_url = url_without_fragment(&r->url), .link = &link};

        if (line.len && fwrite(line.ptr, 1, line.len, stdout) != line.len)
            return ERR_IO;
        buf_clear(&line);
        e = links_view_next(&view, &link);
        if (e == ERR_OK)
            e = format_link(&line, r->format, &columns, &one);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err find_links(const struct request *r, struct links *links) {
    struct extract_options o = extract_options_of(&r->job.options);
    OWNED(extract) struct extract *x = extract_new(&o, url_href(&r->url), r->content_type);

    if (!x)
        return ERR_NO_MEMORY;
    extract_put_header(x, buf_str(&r->link_headers));
    return read_document(r, x) == 0 ? extract_finish(x, links) : ERR_IO;
}

static void say(enum err e) {
    (void)fprintf(stderr, "crawld: links: %s\n", err_text(e));
}

/* What a job would count as links_dropped. */
static void say_dropped(const struct links *links) {
    if (links->dropped)
        (void)fprintf(stderr,
                      "crawld: links: links dropped: %llu (beyond %u of one document, or longer "
                      "than 64 KiB)\n",
                      (unsigned long long)links->dropped, extract_defaults().max_links);
}

static int print_links(const struct request *r) {
    struct links links;
    enum err e;

    links_init(&links);
    e = find_links(r, &links);
    if (!extract_reads(r->content_type))
        (void)fprintf(stderr, "crawld: links: no document of this type is read\n");
    if (e == ERR_OK) {
        e = print_lines(r, &links);
        if (e == ERR_OK && fflush(stdout) != 0)
            e = ERR_IO;
        if (e != ERR_OK)
            say(e);
        say_dropped(&links);
    } else if (e != ERR_IO) { /* which was said */
        say(e);
    }
    links_done(&links);
    return e != ERR_OK;
}

static void set_defaults(struct job_options *o) {
    struct extract_options usual = extract_defaults();

    o->elements = usual.elements;
    o->schemes = mem_chars(usual.schemes);
    o->fragments = usual.fragments;
    o->text = usual.text;
    o->nofollow = usual.nofollow;
    o->max_links = usual.max_links;
}

int cmd_links(char *const *argv) {
    struct request r = {
        .content_type = STR("text/html"), .link_headers = BUF_INIT(MAX_LINE), .format = FORMAT_TSV};
    int status;

    url_init(&r.url);
    set_defaults(&r.job.options);
    status = read_args(&r, argv);
    if (status == 0)
        status = print_links(&r);
    url_done(&r.url);
    buf_done(&r.link_headers);
    job_options_done(&r.job.options);
    return status;
}
