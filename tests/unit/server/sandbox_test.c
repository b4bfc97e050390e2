#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

/* What a process that is confined tried, bit by bit. */
enum {
    WRITES_ITS_DATA = 1 << 0,
    READS_ITS_SETTINGS = 1 << 1,
    READS_THE_SYSTEMS = 1 << 2,
    BINDS_ITS_PORT = 1 << 3,
    MAY_ALL = (1 << 4) - 1,
    READS_ELSEWHERE = 1 << 4,
    WRITES_ELSEWHERE = 1 << 5,
    WRITES_ITS_SETTINGS = 1 << 6,
    RUNS_PROGRAMS = 1 << 7,
    BINDS_ANOTHER_PORT = 1 << 8,
    SEES_PACKETS = 1 << 9,
    READS_OTHERS = 1 << 10,
    CHANGES_RIGHTS = 1 << 11,
    MAKES_PROCESSES = 1 << 12,
    LEAVES_ITS_NAMESPACES = 1 << 13,
    SPEAKS_LOCALLY = 1 << 14,
    SENDS_RAW = 1 << 15,
    BY_CALLS = RUNS_PROGRAMS | SEES_PACKETS | CHANGES_RIGHTS | MAKES_PROCESSES |
               LEAVES_ITS_NAMESPACES | SPEAKS_LOCALLY | SENDS_RAW,
    TAKES_PRIVILEGES = LEAVES_ITS_NAMESPACES | SENDS_RAW,
};

static char home[] = "/tmp/crawld-sandbox-XXXXXX";

static const char *at(const char *name) {
    static char path[4][128];
    static unsigned n;
    char *p = path[n++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", home, name);
    return p;
}

static bool opens(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static int binds(uint16_t port, int bit) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound;

    if (fd < 0)
        return 0;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_bound = bind(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EADDRINUSE;
    (void)close(fd);
    return is_bound ? bit : 0;
}

/* Whether it is the sandbox that says no, not the lack of privileges. */
static bool can_open(int family, int type, int refusal) {
    int fd = socket(family, type | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 || errno != refusal;
}

static bool sends_raw(void) {
    return can_open(AF_INET, SOCK_RAW, EPERM) || can_open(AF_INET6, SOCK_RAW, EPERM);
}

/* There is no such program, but that is not what it is told. */
static bool runs_programs(void) {
    char *const argv[] = {(char[]){"/nowhere/true"}, NULL};

    (void)execv(argv[0], argv);
    return errno != EPERM;
}

static bool ended_well(pid_t child) {
    int status = -1;

    if (child == 0)
        _exit(0);
    (void)waitpid(child, &status, 0);
    return status == 0;
}

/* As fork() does it, of which clone3 is the first choice. */
static bool makes_processes(void) {
    return ended_well(fork());
}

static bool leaves_its_namespaces(void) {
    const unsigned long flags = CLONE_NEWUSER | CLONE_NEWNET | CLONE_VM | CLONE_VFORK | SIGCHLD;

    /* in this memory, with a stack of its own: EPERM before any of that */
    return syscall(SYS_clone, flags | CLONE_SIGHAND | CLONE_THREAD, NULL, NULL, NULL, NULL) >= 0 ||
           errno != EPERM;
}

static int try_all(void) {
    char others[64];

    (void)snprintf(others, sizeof others, "/proc/%d/environ", (int)getppid());
    return (opens(at("data/new"), O_RDWR | O_CREAT | O_TRUNC) && unlink(at("data/new")) == 0
                ? WRITES_ITS_DATA
                : 0) |
           (opens(at("settings/tokens"), O_RDONLY) ? READS_ITS_SETTINGS : 0) |
           (opens("/etc/passwd", O_RDONLY) ? READS_THE_SYSTEMS : 0) | binds(0, BINDS_ITS_PORT) |
           (opens(at("secret"), O_RDONLY) ? READS_ELSEWHERE : 0) |
           (opens(at("new"), O_RDWR | O_CREAT) ? WRITES_ELSEWHERE : 0) |
           (opens(at("settings/tokens"), O_RDWR) ? WRITES_ITS_SETTINGS : 0) |
           (runs_programs() ? RUNS_PROGRAMS : 0) | binds(47911, BINDS_ANOTHER_PORT) |
           (can_open(AF_PACKET, SOCK_RAW, EAFNOSUPPORT) ? SEES_PACKETS : 0) |
           (opens(others, O_RDONLY) ? READS_OTHERS : 0) |
           (chmod(at("secret"), 0600) == 0 ? CHANGES_RIGHTS : 0) |
           (makes_processes() ? MAKES_PROCESSES : 0) |
           (leaves_its_namespaces() ? LEAVES_ITS_NAMESPACES : 0) |
           (can_open(AF_UNIX, SOCK_STREAM, EAFNOSUPPORT) ? SPEAKS_LOCALLY : 0) |
           (sends_raw() ? SENDS_RAW : 0);
}

/* In a process of its own, which tells what it could do, and what is in force. */
static void try(bool enters, char *ret_state, size_t size, int *ret_able) {
    const char *files[] = {at("settings/tokens"), NULL};
    struct sandbox_options o = {.database = at("data/crawld.db"), .files = files, .port = 0};
    int pipe_fds[2];
    ssize_t n;
    pid_t child;

    CHECK(pipe(pipe_fds) == 0);
    child = fork();
    if (child == 0) {
        struct buf state = BUF_INIT(256), why = BUF_INIT(256);
        enum err e = enters ? sandbox_enter(&o, &state, &why) : ERR_OK;

        int able = e == ERR_OK ? try_all() : -1;

        (void)!write(pipe_fds[1], &able, sizeof able);
        (void)!write(pipe_fds[1], state.len ? state.ptr : "", state.len);
        _exit(0);
    }
    (void)close(pipe_fds[1]);
    CHECK(read(pipe_fds[0], ret_able, sizeof *ret_able) == sizeof *ret_able);
    n = read(pipe_fds[0], ret_state, size - 1);
    ret_state[n > 0 ? n : 0] = '\0';
    (void)close(pipe_fds[0]);
    (void)waitpid(child, NULL, 0);
}

static void put_file(const char *path) {
    CHECK(opens(path, O_RDWR | O_CREAT));
}

static void set_up(void) {
    CHECK(mkdtemp(home) != NULL);
    CHECK(mkdir(at("data"), 0700) == 0 && mkdir(at("settings"), 0700) == 0);
    put_file(at("settings/tokens"));
    put_file(at("secret"));
}

static void clean_up(void) {
    static const char *const files[] = {"settings/tokens", "secret", "new", "data/new"};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlink(at(files[i]));
    (void)rmdir(at("data"));
    (void)rmdir(at("settings"));
    CHECK(rmdir(home) == 0);
}

TEST(what_is_confined_may_do_its_work_and_no_more) {
    static const char landlock[] = "landlock ";
    char state[256] = "";
    int able = 0;
    long version;

    set_up();
    try(false, state, sizeof state, &able);
    CHECK((able & MAY_ALL) == MAY_ALL && (able & READS_ELSEWHERE));
    CHECK_INT(able & BY_CALLS & ~TAKES_PRIVILEGES, BY_CALLS & ~TAKES_PRIVILEGES);
    try(true, state, sizeof state, &able);
    CHECK_INT(able & MAY_ALL, MAY_ALL);
    version = str_starts(str_of(state), str_of(landlock))
                  ? strtol(state + strlen(landlock), NULL, 10)
                  : 0;
    if (!version)
        printf("no Landlock here: files and ports are not looked at\n");
    else
        CHECK_INT(able & (READS_ELSEWHERE | WRITES_ELSEWHERE | WRITES_ITS_SETTINGS | READS_OTHERS),
                  0);
    if (version >= 4)
        CHECK_INT(able & BINDS_ANOTHER_PORT, 0);
    if (!strstr(state, "seccomp"))
        printf("no seccomp here: calls are not looked at\n");
    else
        CHECK_INT(able & BY_CALLS, 0);
    CHECK(*state);
    clean_up();
}

TEST_MAIN
