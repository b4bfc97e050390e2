/* crash - the last words of a process that dies by a fault: where it was.
 *
 * One line with the signal, then a line a frame, all on standard error; then it dies by that
 * signal as it would have. Frames are addresses in files: addr2line tells the place.
 */
#ifndef SERVER_CRASH_H
#define SERVER_CRASH_H

/* Before the first thread. A sanitizer's own handlers stay where they are. */
void crash_set_up(void);

#endif
