/* err - the one set of results that a fallible call of crawld returns.
 *
 * ERR_OK is 0. Outputs named ret_... are written only on ERR_OK.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

#define ERR_TABLE(X)                                                                               \
    X(OK, "ok")                                                                                    \
    X(INVALID, "invalid input")                                                                    \
    X(TOO_BIG, "larger than the limit")                                                            \
    X(NOT_FOUND, "not found")                                                                      \
    X(CONFLICT, "not possible in this state")                                                      \
    X(BUSY, "busy")                                                                                \
    X(FULL, "no space left")                                                                       \
    X(QUOTA, "beyond what is allowed")                                                             \
    X(QUOTA_JOBS, "more jobs than a tenant may have")                                              \
    X(QUOTA_URLS, "more URLs than a tenant may have")                                              \
    X(IO, "input/output error")                                                                    \
    X(CORRUPT, "damaged data")                                                                     \
    X(UNSUPPORTED, "not supported")                                                                \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(STOPPED, "stopping")

enum err {
#define X(name, text) ERR_##name,
    ERR_TABLE(X)
#undef X
};

/* A lower-case English phrase; static storage. */
const char *err_text(enum err e);

#endif
