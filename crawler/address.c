#include "crawler/address.h"

#include <arpa/inet.h>
#include <string.h>

enum err address_parse(struct str text, struct address *ret_address) {
    char chars[INET6_ADDRSTRLEN];
    struct address a = {0};

    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = str_at(text.ptr + 1, text.len - 2);
    if (text.len == 0 || text.len >= sizeof chars)
        return ERR_INVALID;
    memcpy(chars, text.ptr, text.len);
    chars[text.len] = 0;
    if (inet_pton(AF_INET, chars, &a.v4.sin_addr) == 1)
        a.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, chars, &a.v6.sin6_addr) == 1)
        a.any.sa_family = AF_INET6;
    else
        return ERR_INVALID;
    *ret_address = a;
    return ERR_OK;
}

enum err address_copy(const struct sockaddr *from, struct address *ret_address) {
    struct address a = {0};

    if (from->sa_family == AF_INET)
        memcpy(&a.v4, from, sizeof a.v4);
    else if (from->sa_family == AF_INET6)
        memcpy(&a.v6, from, sizeof a.v6);
    else
        return ERR_UNSUPPORTED;
    *ret_address = a;
    return ERR_OK;
}

enum err address_put(struct buf *b, const struct address *a) {
    char chars[INET6_ADDRSTRLEN];
    const void *bytes = a->any.sa_family == AF_INET ? (const void *)&a->v4.sin_addr
                                                    : (const void *)&a->v6.sin6_addr;

    if (!inet_ntop(a->any.sa_family, bytes, chars, sizeof chars))
        return ERR_UNSUPPORTED;
    return buf_put(b, str_of(chars));
}
