#include "server/forwarded.h"

/* Cuts the last item off. */
static struct str cut_last(struct str *list) {
    struct str item = *list;

    for (size_t i = list->len; i > 0; i--) {
        if (list->ptr[i - 1] != ',')
            continue;
        item = str_from(*list, i);
        *list = str_upto(*list, i - 1);
        return str_trim(item);
    }
    *list = STR_NONE;
    return str_trim(item);
}

struct str forwarded_client(struct str header, const struct addrguard *trusted) {
    struct str client = STR_NONE;
    struct endpoint address;

    while (header.len) {
        struct str item = cut_last(&header);

        if (endpoint_parse(item, 0, &address) != ERR_OK)
            break;
        client = item;
        if (!addrguard_allows(trusted, (const struct sockaddr *)(const void *)&address.bytes))
            break;
    }
    return client;
}
