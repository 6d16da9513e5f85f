/*
 * glob_list: the files of a directory that a pattern names: a glob in its last part, as glob_match() has it.
 * Hidden files and directories are left out.  Sorted by their bytes, whatever the locale.
 */
#ifndef BASE_GLOB_LIST_H
#define BASE_GLOB_LIST_H

#include "base/buf.h"

/*
 * Appends at most max paths, each ended by a zero byte.  None is no error.  0 or −errno: E2BIG: there are more.
 */
int plain_list(const char *pattern, size_t max, struct buf *out);
/* The same of a directory as safe_read() wants files: root's, and nobody else's to write. */
int safe_list(const char *pattern, size_t max, struct buf *out, const char **why);

#endif
