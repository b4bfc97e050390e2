/* clock - what time it is, in milliseconds. Only engine, httpd, app and the
 * store's writer ask; everyone else takes the time as an argument. Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/buf.h"

int64_t clock_mono_ms(void); /* since an arbitrary start; never goes back */
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z */

enum { CLOCK_TEXT_LEN = 24 };
/* "2026-11-22T09:00:00.000Z" (RFC 3339) and a NUL; years 0 to 9999. */
void clock_text(int64_t wall_ms, char ret_text[CLOCK_TEXT_LEN + 1]);

#endif
