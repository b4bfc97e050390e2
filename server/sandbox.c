#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/own.h"

/* --- Landlock ---------------------------------------------------------------------------- */

/* As in linux/landlock.h, which Debian 12 has in an early version. */
struct ruleset {
    uint64_t files, net, scoped;
};
struct file_rule {
    uint64_t allowed;
    int32_t folder_fd;
} __attribute__((packed));
struct port_rule {
    uint64_t allowed, port;
};
enum { RULE_FILES = 1, RULE_PORT = 2, ASK_VERSION = 1 };

#define BIT(n) (UINT64_C(1) << (n))
#define MAY_EXECUTE BIT(0)
#define MAY_WRITE_FILE BIT(1)
#define MAY_READ_FILE BIT(2)
#define MAY_READ_FOLDER BIT(3)
#define MAY_REMOVE_FILE BIT(5)
#define MAY_MAKE_FILE BIT(8)
#define MAY_TRUNCATE BIT(14) /* from version 3 on */
#define OF_VERSION_1 (BIT(13) - 1)
#define MAY_LINK_ELSEWHERE BIT(13)  /* from version 2 on */
#define MAY_BIND_TCP BIT(0)         /* from version 4 on */
#define SCOPE_ALL (BIT(0) | BIT(1)) /* abstract sockets, signals; from version 6 on */

#define READING (MAY_READ_FILE | MAY_READ_FOLDER)
#define KEEPING (READING | MAY_WRITE_FILE | MAY_REMOVE_FILE | MAY_MAKE_FILE | MAY_TRUNCATE)
/* Of a file, what can be said of folders only must not be asked for. */
#define OF_A_FILE (MAY_EXECUTE | MAY_WRITE_FILE | MAY_READ_FILE | MAY_TRUNCATE)

/* What the libraries read at any time: names and their servers, certificates, settings, shared
 * objects, zones; the process's own memory map and statistics, for /metrics and crashes. */
static const char *const readable[] = {
    "/etc",        "/usr",
    "/lib",        "/lib64",
    "/proc/self",  "/sys/devices/system/cpu",
    "/dev/null",   "/dev/urandom",
    "/dev/random", "/run/systemd/resolve",
    NULL,
};

struct landlock {
    int version; /* 0: the kernel has none, or it is turned off */
    int fd;
    uint64_t handled;
    struct buf *why;
};

static struct ruleset rules_of(int version) {
    struct ruleset r = {.files = OF_VERSION_1};

    if (version >= 2)
        r.files |= MAY_LINK_ELSEWHERE;
    if (version >= 3)
        r.files |= MAY_TRUNCATE;
    if (version >= 4)
        r.net = MAY_BIND_TCP;
    if (version >= 6)
        r.scoped = SCOPE_ALL;
    return r;
}

/* Older kernels take the members that they know, and no more. */
static size_t size_of(int version) {
    if (version >= 6)
        return sizeof(struct ruleset);
    return version >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
}

static enum err refuse(struct landlock *l, const char *what) {
    (void)!buf_printf(l->why, "the sandbox cannot be set up: %s: %s (--sandbox=off does without)",
                      what, strerror(errno));
    return ERR_IO;
}

static enum err begin(struct landlock *l) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
    struct ruleset rules;

    l->version = version > 0 ? (int)version : 0;
    if (!l->version)
        return ERR_OK;
    rules = rules_of(l->version);
    l->handled = rules.files;
    l->fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size_of(l->version), 0);
    return l->fd >= 0 ? ERR_OK : refuse(l, "Landlock");
}

/* What is not there cannot be read either. */
static enum err allow(struct landlock *l, const char *path, uint64_t what) {
    OWNED_FD int fd = open(path, O_PATH | O_CLOEXEC);
    struct file_rule rule = {.allowed = what & l->handled, .folder_fd = fd};

    if (fd < 0)
        return ERR_OK;
    if (syscall(SYS_landlock_add_rule, l->fd, RULE_FILES, &rule, 0) == 0)
        return ERR_OK;
    rule.allowed &= OF_A_FILE;
    if (errno == EINVAL && syscall(SYS_landlock_add_rule, l->fd, RULE_FILES, &rule, 0) == 0)
        return ERR_OK;
    return refuse(l, path);
}

/* A file may be replaced by another one of its name, so it is its folder that counts. */
static enum err allow_folder_of(struct landlock *l, const char *file, uint64_t what) {
    OWNED_CHARS char *path = mem_chars(str_of(file));

    return allow(l, dirname(path), what);
}

/* Where |file| is a link, what it leads to lies elsewhere. */
static enum err allow_file(struct landlock *l, const char *file, uint64_t what) {
    OWNED_CHARS char *real = realpath(file, NULL);
    enum err e = allow_folder_of(l, file, what);

    return e == ERR_OK && real ? allow_folder_of(l, real, what) : e;
}

static enum err allow_port(struct landlock *l, uint16_t port) {
    struct port_rule rule = {.allowed = MAY_BIND_TCP, .port = port};

    if (l->version < 4 || syscall(SYS_landlock_add_rule, l->fd, RULE_PORT, &rule, 0) == 0)
        return ERR_OK;
    return refuse(l, "Landlock, of the port");
}

static enum err allow_all(struct landlock *l, const struct sandbox_options *o) {
    enum err e = allow_file(l, o->database, KEEPING);

    for (size_t i = 0; readable[i] && e == ERR_OK; i++)
        e = allow(l, readable[i], READING);
    for (size_t i = 0; o->files[i] && e == ERR_OK; i++)
        e = allow_file(l, o->files[i], READING);
    return e == ERR_OK ? allow_port(l, o->port) : e;
}

static enum err confine(struct landlock *l, const struct sandbox_options *o) {
    enum err e = begin(l);

    if (e != ERR_OK || !l->version)
        return e;
    e = allow_all(l, o);
    if (e == ERR_OK && syscall(SYS_landlock_restrict_self, l->fd, 0) != 0)
        e = refuse(l, "Landlock");
    (void)close(l->fd);
    return e;
}

/* --- seccomp ------------------------------------------------------------------------------ */

/* Not the list of what is needed, which changes with each library and kernel, but what would
 * help whoever got in. */
static const char *const denied[] = {
    "execve",
    "execveat",
#ifndef CRAWLD_TEST_SWITCHES /* the leak checker stops the other threads by it */
    "ptrace",
#endif
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsmount",
    "fspick",
    "mount_setattr",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "open_by_handle_at",
    "name_to_handle_at",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "modify_ldt",
    "syslog",
    "lookup_dcookie",
    "nfsservctl",
    "vhangup",
    "mknod",
    "mknodat",
    /* what Landlock does not hold of files: whose they are, and who may what with them */
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "lchown",
    "fchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "inotify_init",
    "inotify_init1",
    "fanotify_init",
    /* processes, and what they share */
    "fork",
    "vfork",
    "process_madvise",
    "personality",
    "shmget",
    "shmat",
    "msgget",
    "semget",
};

/* A crawler speaks IP. Local sockets lead to whoever listens there, a container engine for one. */
static const int families[] = {AF_UNIX,      AF_PACKET, AF_KEY,  AF_ALG, AF_VSOCK,
                               AF_BLUETOOTH, AF_CAN,    AF_TIPC, AF_RDS, 44 /* AF_XDP */};

#define ARG(n, operation, ...)                                                                     \
    ((struct scmp_arg_cmp){.arg = (n), .op = SCMP_CMP_##operation, __VA_ARGS__})
#define IS(n, value) ARG(n, EQ, .datum_a = (scmp_datum_t)(value))
#define IS_NOT(n, value) ARG(n, NE, .datum_a = (scmp_datum_t)(value))
#define HAS_BITS(n, mask, value) ARG(n, MASKED_EQ, .datum_a = (mask), .datum_b = (value))

static bool deny(scmp_filter_ctx filter, int error, int number, unsigned n,
                 const struct scmp_arg_cmp *where) {
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((unsigned)error), number, n, where) == 0;
}

/* Raw packets, and of netlink all but what libc asks for its addresses by. */
static bool deny_sockets(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp raw[] = {IS(0, AF_INET), HAS_BITS(1, 0xf, SOCK_RAW)};
    const struct scmp_arg_cmp raw6[] = {IS(0, AF_INET6), HAS_BITS(1, 0xf, SOCK_RAW)};
    const struct scmp_arg_cmp netlink[] = {IS(0, AF_NETLINK), IS_NOT(2, 0 /* NETLINK_ROUTE */)};

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct scmp_arg_cmp family = IS(0, families[i]);

        if (!deny(filter, EAFNOSUPPORT, SCMP_SYS(socket), 1, &family))
            return false;
    }
    return deny(filter, EPERM, SCMP_SYS(socket), 2, raw) &&
           deny(filter, EPERM, SCMP_SYS(socket), 2, raw6) &&
           deny(filter, EAFNOSUPPORT, SCMP_SYS(socket), 2, netlink);
}

/* Threads are all that it makes. clone3 has its flags where a filter cannot look, and libc does
 * without. */
static bool deny_processes(scmp_filter_ctx filter) {
    static const unsigned namespaces[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                          CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                          CLONE_NEWNET};
    const struct scmp_arg_cmp own_memory = HAS_BITS(0, CLONE_VM, 0);

    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        const struct scmp_arg_cmp has = HAS_BITS(0, namespaces[i], namespaces[i]);

        if (!deny(filter, EPERM, SCMP_SYS(clone), 1, &has))
            return false;
    }
    return deny(filter, EPERM, SCMP_SYS(clone), 1, &own_memory) &&
           deny(filter, ENOSYS, SCMP_SYS(clone3), 0, NULL);
}

static bool deny_calls(scmp_filter_ctx filter) {
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        int number = seccomp_syscall_resolve_name(denied[i]);

        if (number != __NR_SCMP_ERROR && !deny(filter, EPERM, number, 0, NULL))
            return false;
    }
    return deny_sockets(filter) && deny_processes(filter);
}

/* False: the kernel has none. */
static bool filter_calls(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool is_on = filter && deny_calls(filter) && seccomp_load(filter) == 0;

    seccomp_release(filter);
    return is_on;
}

/* --- both ----------------------------------------------------------------------------------- */

enum err sandbox_enter(const struct sandbox_options *o, struct buf *state, struct buf *why) {
    struct landlock l = {.why = why};
    bool is_filtered;
    enum err e;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refuse(&l, "no_new_privs");
    e = confine(&l, o);
    if (e != ERR_OK)
        return e;
    is_filtered = filter_calls();
    if (l.version)
        e = buf_printf(state, "landlock %d%s", l.version, is_filtered ? ", " : "");
    if (e == ERR_OK && is_filtered)
        e = buf_put(state, STR("seccomp"));
    return e == ERR_OK && !state->len ? buf_put(state, STR("none")) : e;
}
