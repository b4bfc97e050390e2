/* idna - international domain names to ASCII.
 *
 * Pure. Unicode ToASCII (UTS 46) as the URL Standard calls it (section 3.3):
 * non-transitional, CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength false,
 * CheckBidi and CheckJoiners true. The data is libunistring's: libidn2 itself
 * refuses symbols (IDNA 2008), two hyphens, and long names, which browsers take.
 */
#ifndef CRAWLER_IDNA_H
#define CRAWLER_IDNA_H

#include "base/buf.h"

/* Appends the ASCII form of |domain| (valid UTF-8), which may be empty. ASCII
 * symbols are passed through: whoever calls checks them. */
MUST_USE enum err idna_to_ascii(struct str domain, struct buf *out);

#endif
