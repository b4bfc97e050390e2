/* quota - how often each tenant may call: a bucket of a second's calls for each, filled
 * evenly. In memory only; any thread.
 */
#ifndef API_QUOTA_H
#define API_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/own.h"

struct quota;
struct quota *quota_new(uint64_t calls_per_second); /* greater than 0 */
void quota_free(struct quota *q);                   /* NULL is fine */
DEFINE_OWNED(quota)

/* One call of |tenant|, at |now_ms| (wall clock): may it? *ret_left: calls it may make at
 * once after that. */
bool quota_take(struct quota *q, int64_t tenant, int64_t now_ms, uint64_t *ret_left);

#endif
