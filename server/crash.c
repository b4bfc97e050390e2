#include "server/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FRAMES = 64, STACK_BYTES = 64 << 10 };

static const struct {
    int number;
    const char *words;
} faults[] = {
    {SIGSEGV, "crawld " CRAWLD_VERSION ": crashed by SIGSEGV; please report this:\n"},
    {SIGBUS, "crawld " CRAWLD_VERSION ": crashed by SIGBUS; please report this:\n"},
    {SIGFPE, "crawld " CRAWLD_VERSION ": crashed by SIGFPE; please report this:\n"},
    {SIGILL, "crawld " CRAWLD_VERSION ": crashed by SIGILL; please report this:\n"},
    {SIGABRT, "crawld " CRAWLD_VERSION ": crashed by SIGABRT; please report this:\n"},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static void say(int number) {
    for (size_t i = 0; i < FAULTS; i++)
        if (faults[i].number == number)
            (void)!write(STDERR_FILENO, faults[i].words, strlen(faults[i].words));
}

/* SA_RESETHAND: what comes next is the end, also if a fault comes in here. */
static void on_fault(int number) {
    void *frames[MAX_FRAMES];
    int n;

    say(number);
    n = backtrace(frames, MAX_FRAMES);
    backtrace_symbols_fd(frames, n, STDERR_FILENO);
    (void)raise(number);
}

static bool is_taken(int number) {
    struct sigaction there;

    return sigaction(number, NULL, &there) != 0 || there.sa_handler != SIG_DFL;
}

/* A thread whose stack is used up has none to say it on: only the main thread has a second
 * one. */
static void set_up_stack(void) {
    static char bytes[STACK_BYTES];
    const stack_t stack = {.ss_sp = bytes, .ss_size = sizeof bytes};

    (void)sigaltstack(&stack, NULL);
}

void crash_set_up(void) {
    struct sigaction action = {.sa_handler = on_fault,
                               .sa_flags = (int)SA_RESETHAND | SA_NODEFER | SA_ONSTACK};
    void *frame;

    (void)backtrace(&frame, 1); /* loads what it needs, which a handler may not */
    set_up_stack();
    for (size_t i = 0; i < FAULTS; i++)
        if (!is_taken(faults[i].number))
            (void)sigaction(faults[i].number, &action, NULL);
}
