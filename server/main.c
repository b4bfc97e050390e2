/* main - which subcommand is meant. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "server/commands.h"
#include "server/crash.h"

static const char help[] =
    "crawld - crawls lists of URLs and serves every link found\n"
    "\n"
    "  crawld [serve] [options]    run the service (crawld serve --help lists the options)\n"
    "  crawld links --url URL [--elements LIST] [--schemes LIST] [--fragments strip|keep]\n"
    "               [--format tsv|ndjson] [--content-type TYPE] [--link-header VALUE] [FILE|-]\n"
    "                              print the links of one document, read as if fetched from URL\n"
    "  crawld url BASE INPUT       print INPUT resolved against BASE (empty for none)\n"
    "  crawld health [URL]         ask the service at URL (HOST:PORT) whether it is ready;\n"
    "                              without one that at CRAWLD_LISTEN, or at 127.0.0.1:8080\n"
    "  crawld backup [--database URL] FILE\n"
    "                              copy the database, which a service may be using, to a new file\n"
    "  crawld --version | --help\n";

static const struct {
    const char *name;
    int (*run)(char *const *argv); /* NULL: not available yet */
} commands[] = {
    {"serve", cmd_serve},   {"links", cmd_links}, {"url", cmd_url},
    {"health", cmd_health}, {"crawl", NULL},      {"backup", cmd_backup},
};

static bool is_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int print(const char *text) {
    return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

/* |rest|: what stands behind a word that wants nothing behind it. */
static int print_alone(const char *text, char *const *rest) {
    if (!*rest)
        return print(text);
    (void)fprintf(stderr, "crawld: %s: unexpected argument\n", *rest);
    return EXIT_USAGE;
}

static int run(const char *name, char *const *argv) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (commands[i].run != cmd_serve)
            (void)signal(SIGPIPE, SIG_DFL); /* "crawld links | head" ends as others do */
        if (commands[i].run && commands[i].run != cmd_serve && *argv && is_help(*argv))
            return print_alone(help, argv + 1);
        if (commands[i].run)
            return commands[i].run(argv);
        (void)fprintf(stderr, "crawld: %s: not available yet\n", name);
        return EXIT_USAGE;
    }
    (void)fprintf(stderr, "crawld: %s: unknown command (see crawld --help)\n", name);
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    const char *first = argc > 1 ? argv[1] : "serve";

    crash_set_up();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk */
    if (is_help(first) || strcmp(first, "help") == 0)
        return print_alone(help, argv + 2);
    if (strcmp(first, "--version") == 0)
        return print_alone("crawld " CRAWLD_VERSION "\n", argv + 2);
    if (argc < 2 || first[0] == '-')
        return cmd_serve(argv + (argc > 0));
    return run(first, argv + 2);
}
