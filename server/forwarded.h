/* forwarded - who called through proxies that are trusted: X-Forwarded-For. Pure. */
#ifndef SERVER_FORWARDED_H
#define SERVER_FORWARDED_H

#include "crawler/addrguard.h"
#include "server/endpoint.h"

/* The last address of |header| ("client, proxy, proxy") that no trusted proxy has, as text;
 * where they all are trusted, the first. From a word on that is no address nothing more is
 * believed. Empty where nothing is said. Borrowed from |header|. */
struct str forwarded_client(struct str header, const struct addrguard *trusted);

#endif
