/* auth - who calls: bearer tokens (RFC 6750) and the tenants that they stand for.
 *
 * The tokens may be replaced while calls are answered. Any thread.
 */
#ifndef API_AUTH_H
#define API_AUTH_H

#include <stdbool.h>

#include "base/err.h"
#include "base/own.h"
#include "base/str.h"

enum { AUTH_MAX_NAME = 64, AUTH_MIN_SECRET = 16, AUTH_MAX_SECRET = 256 };

struct auth_token {
    struct str name;   /* of the tenant: letters, digits and "._-" */
    struct str secret; /* RFC 6750's b64token, within the lengths above */
    int64_t tenant;    /* its number: store_tenant */
};
/* Cuts "NAME:SECRET". NULL, or what is wrong with it, in words that hold nothing of it. */
const char *auth_token_parse(struct str text, struct auth_token *ret_token);

struct auth;
struct auth *auth_new(void); /* without tokens: nobody passes */
void auth_free(struct auth *a);
DEFINE_OWNED(auth)
/* These and no others from now on; copied. A tenant may have several. */
void auth_set(struct auth *a, const struct auth_token *tokens, size_t n);

enum auth_verdict { AUTH_PASSES, AUTH_HAS_NO_TOKEN, AUTH_IS_WRONG };
/* |authorization|: the header's value, empty where there is none. *ret_name is the
 * caller's. How long it takes tells nothing of the secrets but how many there are. */
enum auth_verdict auth_check(struct auth *a, struct str authorization, int64_t *ret_tenant,
                             char **ret_name);

#endif
