/* policy_files: see policy_files.h.  Engine process. */
#include "agentd/engine/policy_files.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/safe.h"

struct file {
	SLIST_ENTRY(file) link;
	char *path;      /* owned */
	struct buf text; /* owned */
};

struct policy_files {
	SLIST_HEAD(, file) files;
};

struct policy_files *
policy_files_new(void)
{
	return calloc(1, sizeof(struct policy_files));
}

static void
file_free(struct file *f)
{
	buf_free(&f->text);
	free(f->path);
	free(f);
}

void
policy_files_free(struct policy_files **fsp)
{
	struct policy_files *fs = *fsp;
	struct file *f;

	*fsp = NULL;
	if (fs == NULL)
		return;
	while ((f = SLIST_FIRST(&fs->files)) != NULL) {
		SLIST_REMOVE_HEAD(&fs->files, link);
		file_free(f);
	}
	free(fs);
}

static bool
keep(struct policy_files *fs, const char *path, struct bytes text)
{
	struct file *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return false;
	f->path = strdup(path);
	buf_putb(&f->text, text);
	if (f->path == NULL || !buf_ok(&f->text)) {
		file_free(f);
		return false;
	}
	SLIST_INSERT_HEAD(&fs->files, f, link);
	return true;
}

int
policy_files_read(const char *path, size_t max, struct buf *out, const char **why, void *arg)
{
	size_t from = out->n;
	int rc = safe_read(path, max, out, why);

	if (rc != 0)
		return rc;
	return keep(arg, path, (struct bytes){.p = out->p + from, .n = out->n - from}) ? 0 : -ENOMEM;
}

int
policy_files_again(const char *path, size_t max, struct buf *out, const char **why, void *arg)
{
	const struct policy_files *fs = arg;
	const struct file *f;

	(void)max;
	SLIST_FOREACH(f, &fs->files, link) {
		if (strcmp(f->path, path) != 0)
			continue;
		buf_putb(out, buf_bytes(&f->text));
		return buf_ok(out) ? 0 : -ENOMEM;
	}
	if (why != NULL)
		*why = "it was not read when the policy was loaded";
	return -ENOENT;
}
