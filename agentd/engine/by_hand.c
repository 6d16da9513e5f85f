/* by_hand: see by_hand.h. */
#include "agentd/engine/by_hand.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/safe.h"

static const char *
file_name(const char *state_dir, struct buf *out)
{
	buf_printf(out, "%s/loaded-policy", state_dir);
	return buf_ok(out) ? out->p : NULL;
}

bool
by_hand_keep(const char *state_dir, const char *path)
{
	struct buf file = BUF_INIT;
	const char *name = file_name(state_dir, &file);
	int rc = name != NULL ? atomic_write(name, bytes_of(path), 0600) : -ENOMEM;

	buf_free(&file);
	errno = -rc;
	return rc == 0;
}

bool
by_hand_get(const char *state_dir, struct buf *path)
{
	struct buf file = BUF_INIT;
	const char *name = file_name(state_dir, &file);
	bool ok = name != NULL && safe_read(name, PATH_MAX, path, NULL) == 0 && path->n > 0 &&
	    path->p[0] == '/' && memchr(path->p, '\0', path->n) == NULL;

	buf_free(&file);
	return ok;
}

void
by_hand_forget(const char *state_dir)
{
	struct buf file = BUF_INIT;
	const char *name = file_name(state_dir, &file);

	if (name != NULL)
		(void)unlink(name);
	buf_free(&file);
}
