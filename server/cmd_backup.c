/* crawld backup: copies the database of a service, which may be running. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "server/args.h"
#include "server/commands.h"
#include "storage/store.h"

enum { MAX_LINE = 4096 };

struct request {
    struct str database;
    const char *file;
};

static int usage(const char *why) {
    (void)fprintf(stderr, "crawld: backup: %s\n", why);
    return EXIT_USAGE;
}

/* NULL, or what is wrong. */
static const char *read_option(struct args *args, const struct arg *arg, struct request *r) {
    if (!str_eq(arg->name, STR("database")))
        return "the only option is --database";
    return args_value(args, arg, &r->database) == ERR_OK ? NULL : "--database: a value is missing";
}

static const char *read_arguments(char *const *argv, struct request *r) {
    struct args args = args_of(argv);
    const char *wrong = NULL;
    struct arg arg;
    enum arg_kind kind;

    while (!wrong && (kind = args_next(&args, &arg)) != ARG_END) {
        if (kind == ARG_OPTION)
            wrong = read_option(&args, &arg, r);
        else if (r->file)
            wrong = "one file, please";
        else
            r->file = arg.value.ptr;
    }
    return wrong || (r->file && *r->file) ? wrong : "the name of a new file is missing";
}

int cmd_backup(char *const *argv) {
    const char *given = getenv("CRAWLD_DATABASE");
    struct request r = {.database = str_of(given && *given ? given : "sqlite:crawld.db")};
    OWNED_BUF struct buf why = BUF_INIT(MAX_LINE);
    const char *wrong = read_arguments(argv, &r);

    if (wrong)
        return usage(wrong);
    (void)umask(S_IRWXG | S_IRWXO);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (store_backup(r.database, r.file, &why) == ERR_OK)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "crawld: backup: %.*s\n", (int)why.len, why.ptr);
    return EXIT_FAILURE;
}
