#include "api/auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"

struct entry {
    char *name;
    int64_t tenant;
    unsigned char secret[AUTH_MAX_SECRET]; /* zeros behind it */
};

struct auth {
    pthread_mutex_t lock; /* guards all below */
    struct entry *entries;
    size_t n;
};

/* --- tokens in words ------------------------------------------------------------------- */

static bool is_of(struct str s, const char *others) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && (!c || !strchr(others, c)))
            return false;
    }
    return s.len > 0;
}

const char *auth_token_parse(struct str text, struct auth_token *ret_token) {
    struct auth_token t = {0};

    if (str_find(text, ':') == STR_END)
        return "is not of the form NAME:SECRET";
    t.name = str_cut(&text, ':');
    t.secret = text;
    if (!is_of(t.name, "._-") || t.name.len > AUTH_MAX_NAME)
        return "has a name that is not 1 to 64 letters, digits and ._-";
    if (!is_of(t.secret, "-._~+/="))
        return "has a secret of other characters than letters, digits and -._~+/=";
    if (t.secret.len < AUTH_MIN_SECRET || t.secret.len > AUTH_MAX_SECRET)
        return "has a secret that is not of 16 to 256 characters";
    *ret_token = t;
    return NULL;
}

/* --- life -------------------------------------------------------------------------------- */

struct auth *auth_new(void) {
    struct auth *a = NEW(struct auth);

    (void)pthread_mutex_init(&a->lock, NULL);
    return a;
}

static void free_entries(struct entry *entries, size_t n) {
    for (size_t i = 0; i < n; i++)
        free(entries[i].name);
    if (entries)
        explicit_bzero(entries, n * sizeof *entries);
    free(entries);
}

void auth_free(struct auth *a) {
    if (!a)
        return;
    free_entries(a->entries, a->n);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}

void auth_set(struct auth *a, const struct auth_token *tokens, size_t n) {
    struct entry *entries = NEW_N(struct entry, n), *old;
    size_t n_old;

    for (size_t i = 0; i < n; i++) {
        entries[i].name = mem_chars(tokens[i].name);
        entries[i].tenant = tokens[i].tenant;
        memcpy(entries[i].secret, tokens[i].secret.ptr, tokens[i].secret.len);
    }
    pthread_mutex_lock(&a->lock);
    old = a->entries;
    n_old = a->n;
    a->entries = entries;
    a->n = n;
    pthread_mutex_unlock(&a->lock);
    free_entries(old, n_old);
}

/* --- checking ------------------------------------------------------------------------------ */

/* The credentials of the scheme Bearer; false: it is another one. */
static bool take_bearer(struct str authorization, struct str *ret_token) {
    struct str scheme = str_cut(&authorization, ' ');

    *ret_token = str_trim(authorization);
    return str_eq_ascii(scheme, STR("Bearer"));
}

/* All bytes are looked at, whatever they are. */
static bool is_same(const unsigned char *a, const unsigned char *b) {
    unsigned char differs = 0;

    for (size_t i = 0; i < AUTH_MAX_SECRET; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

/* All tokens are looked at, also behind the one that fits. */
static const struct entry *find(const struct auth *a, const unsigned char *secret) {
    const struct entry *found = NULL;

    for (size_t i = 0; i < a->n; i++)
        if (is_same(a->entries[i].secret, secret))
            found = &a->entries[i];
    return found;
}

enum auth_verdict auth_check(struct auth *a, struct str authorization, int64_t *ret_tenant,
                             char **ret_name) {
    unsigned char secret[AUTH_MAX_SECRET] = {0};
    const struct entry *found;
    struct str token;

    if (!take_bearer(authorization, &token) || !token.len)
        return AUTH_HAS_NO_TOKEN;
    if (token.len < AUTH_MIN_SECRET || token.len > AUTH_MAX_SECRET)
        return AUTH_IS_WRONG;
    memcpy(secret, token.ptr, token.len);
    pthread_mutex_lock(&a->lock);
    found = find(a, secret);
    if (!found && !GUARD("token") && a->n)
        found = a->entries;
    if (found) {
        *ret_tenant = found->tenant;
        *ret_name = mem_chars(str_of(found->name));
    }
    pthread_mutex_unlock(&a->lock);
    return found ? AUTH_PASSES : AUTH_IS_WRONG;
}
