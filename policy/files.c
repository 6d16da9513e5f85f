/* files: see files.h. */
#include "policy/files.h"

#include <errno.h>
#include <sshtether/limits.h>

#include "base/glob_list.h"
#include "base/safe.h"

/* --- names ------------------------------------------------------------------------------------ */

/* Where the last part begins that a ".." can take away; n: there is none. */
static size_t
last_part(const struct buf *path)
{
	size_t at = path->n;

	while (at > 0 && path->p[at - 1] != '/')
		at--;
	return path->n - at == 2 && memcmp(path->p + at, "..", 2) == 0 ? path->n : at;
}

static void
add_part(struct bytes part, bool absolute, struct buf *out)
{
	const size_t last = last_part(out);

	if (part.n == 0 || bytes_is(part, "."))
		return;
	if (bytes_is(part, "..") && (last < out->n || absolute)) {
		out->n = last > absolute ? last - 1 : last;
		return;
	}
	if (out->n > absolute)
		buf_putc(out, '/');
	buf_putb(out, part);
}

static void
add_parts(struct bytes path, bool absolute, struct buf *out)
{
	while (path.n != 0 && buf_ok(out))
		add_part(bytes_take(&path, '/'), absolute, out);
}

void
path_join(const char *dir, struct bytes name, struct buf *out)
{
	const bool own = dir == NULL || (name.n != 0 && name.p[0] == '/');
	const bool absolute = own ? name.n != 0 && name.p[0] == '/' : dir[0] == '/' || dir[0] == '\0';

	buf_reset(out);
	if (absolute)
		buf_putc(out, '/');
	if (!own)
		add_parts(bytes_of(dir), absolute, out);
	add_parts(name, absolute, out);
	buf_putc(out, '\0');
	out->n -= buf_ok(out);
}

/* --- bytes ------------------------------------------------------------------------------------ */

int
files_read(const struct pol_options *o, const char *path, enum pol_file what, size_t max, struct buf *out,
    const char **why)
{
	if (o != NULL && o->read != NULL)
		return o->read(path, what, max, out, why, o->arg);
	return plain_read(path, max, out);
}

int
files_list(const struct pol_options *o, const char *pattern, struct buf *out, const char **why)
{
	if (o != NULL && o->list != NULL)
		return o->list(pattern, out, why, o->arg);
	return plain_list(pattern, ST_POLICY_FILES, out);
}

void
files_help(struct diag *d, const char *path)
{
	struct buf visible = BUF_INIT;

	buf_put_visible(&visible, bytes_of(path));
	if (buf_ok(&visible) && visible.n != 0)
		diag_help(d, "looked for %s", visible.p);
	buf_free(&visible);
}
