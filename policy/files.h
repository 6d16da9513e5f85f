/*
 * files: the files that a policy names: where their names lead, and their bytes, through the functions that a
 * load was given.  Internal to policy/.
 */
#ifndef POLICY_FILES_H
#define POLICY_FILES_H

#include "policy/diag.h"
#include "policy/policy.h"

/*
 * The name as it is seen from dir (NULL: from where it stands), without "." and "//"; ".." takes the part before
 * it away, so that a file has one name however it is reached.  Only the text is looked at.
 */
void path_join(const char *dir, struct bytes name, struct buf *out);

/* As pol_read_fn; without a function of the options' own the file as it is. */
int files_read(const struct pol_options *, const char *path, enum pol_file, size_t max, struct buf *out,
    const char **why);
/* As pol_list_fn. */
int files_list(const struct pol_options *, const char *pattern, struct buf *out, const char **why);
/* Below the message that it could not be had: where it was looked for. */
void files_help(struct diag *, const char *path);

#endif
