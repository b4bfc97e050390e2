/* own - ownership that the compiler carries: cleanup at the end of a scope.
 *
 *   DEFINE_OWNED(job)                    after job_free() is declared
 *   OWNED(job) struct job *job = NULL;   job_free() runs at the end of the scope
 *   *ret_job = TAKE(job);                unless it was handed on
 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <stdlib.h>
#include <unistd.h>

#define DEFINE_OWNED(name)                                                                         \
    static inline void own_##name(struct name **p) {                                               \
        name##_free(*p);                                                                           \
    }

#define OWNED(name) __attribute__((cleanup(own_##name)))

/* The value of the pointer |p|, which becomes NULL. */
#define TAKE(p)                                                                                    \
    (__extension__({                                                                               \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    }))

static inline void own_chars_(char **p) {
    free(*p);
}
static inline void own_fd_(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
}

#define OWNED_CHARS __attribute__((cleanup(own_chars_))) /* char *, from malloc */
#define OWNED_FD __attribute__((cleanup(own_fd_)))       /* int, -1 for none */

#endif
