/* keep: a line of text that outlives the daemon, in the directory that only root can reach. */
#ifndef MONITOR_KEEP_H
#define MONITOR_KEEP_H

#include "base/bytes.h"

/* The file, without its newline, terminated.  Its length or −errno. */
long keep_read(int dir, const char *name, char *out, size_t cap);
/* In one step: the old line or the new one.  0 or −errno. */
int keep_write(int dir, const char *name, const char *line);
void keep_remove(int dir, const char *name);

#endif
