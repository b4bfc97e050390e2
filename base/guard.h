/* guard - switches that turn one guard off, so that its test can be seen to
 * fail. They exist only where CRAWLD_TEST_SWITCHES is defined, in test builds:
 * in a release build GUARD("...") is the constant true and its name is in no
 * string of the binary.
 *
 *   if (GUARD("addrguard_connect") && addrguard_blocks(...)) refuse;
 *
 * A test build reads the comma-separated CRAWLD_TEST_GUARDS_OFF from its environment.
 */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <stdbool.h>

#ifdef CRAWLD_TEST_SWITCHES
bool guard_is_on(const char *name);
#define GUARD(name) guard_is_on(name)
#else
#define GUARD(name) true
#endif

#endif
