#include "base/sha256.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/mem.h"

struct sha256 {
    EVP_MD_CTX *context;
};

/* Nothing from outside can make it fail, but that there is no memory for what is small. */
static void must(bool worked) {
    if (!worked)
        mem_die();
}

struct sha256 *sha256_new(void) {
    struct sha256 *h = NEW(struct sha256);

    h->context = EVP_MD_CTX_new();
    must(h->context && EVP_DigestInit_ex(h->context, EVP_sha256(), NULL));
    return h;
}

void sha256_free(struct sha256 *h) {
    if (!h)
        return;
    EVP_MD_CTX_free(h->context);
    free(h);
}

void sha256_put(struct sha256 *h, struct str piece) {
    must(EVP_DigestUpdate(h->context, piece.ptr, piece.len));
}

struct sha256_sum sha256_end(struct sha256 *h) {
    struct sha256_sum sum;

    must(EVP_DigestFinal_ex(h->context, sum.bytes, NULL));
    return sum;
}

struct sha256_sum sha256_hmac(struct str key, struct str message) {
    struct sha256_sum sum;

    /* key.len was a buffer's: far less than an int holds; NULL would mean no key at all */
    must(HMAC(EVP_sha256(), key.len ? key.ptr : "", (int)key.len,
              (const unsigned char *)message.ptr, message.len, sum.bytes, NULL));
    return sum;
}
