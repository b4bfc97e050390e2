#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static bool sees_packets(void) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 || errno != EAFNOSUPPORT;
}

static bool runs_programs(void) {
    char *const argv[] = {(char[]){"/bin/true"}, NULL};
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        (void)execv(argv[0], argv);
        _exit(1);
    }
    (void)waitpid(child, &status, 0);
    return status == 0;
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
           (sees_packets() ? SEES_PACKETS : 0) | (opens(others, O_RDONLY) ? READS_OTHERS : 0);
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
    CHECK((able & MAY_ALL) == MAY_ALL && (able & RUNS_PROGRAMS) && (able & READS_ELSEWHERE));
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
        printf("no seccomp here: programs are not looked at\n");
    else
        CHECK_INT(able & (RUNS_PROGRAMS | SEES_PACKETS), 0);
    CHECK(*state);
    clean_up();
}

TEST_MAIN
