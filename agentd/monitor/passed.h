/*
 * passed: descriptors that come with a packet.  To close one that only names a place (O_PATH) costs nothing; with any
 * other the kernel may have to ask the server of its file system, and that may be anybody, who need not answer.
 */
#ifndef MONITOR_PASSED_H
#define MONITOR_PASSED_H

#include <stdbool.h>

struct aside;

bool passed_is_place(int fd);
/* Beside the loop.  Where there is no room for that it stays open. */
void passed_close(struct aside *, int fd);

#endif
