/*
 * policy_files: the bytes of a policy and of the files that it names, as a load read them: so that it can be
 * built anew, with other exceptions before it, as it is in force and not as its files are by now.
 * Engine process.
 */
#ifndef ENGINE_POLICY_FILES_H
#define ENGINE_POLICY_FILES_H

#include "base/buf.h"

struct policy_files;

struct policy_files *policy_files_new(void);
void policy_files_free(struct policy_files **);

/* Both are pol_read_fn; arg is the struct policy_files.  From the disk, by safe_read(), and kept: */
int policy_files_read(const char *path, size_t max, struct buf *out, const char **why, void *arg);
/* As it was kept; −ENOENT: it was not. */
int policy_files_again(const char *path, size_t max, struct buf *out, const char **why, void *arg);

#endif
