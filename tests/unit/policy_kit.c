/* policy_kit: see policy_kit.h. */
#include "tests/unit/unit.h"

#include "tests/unit/policy_kit.h"

#include <errno.h>

struct policy *
kit_policy(const char *text)
{
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_parse("/etc/p", bytes_of(text), NULL, &diag, &errors);

	if (pol == NULL)
		fail_msg("%s\n%s", diag.p, text);
	buf_free(&diag);
	return pol;
}

int
kit_read(const struct file *files, const char *path, size_t max, struct buf *out, const char **why)
{
	for (const struct file *f = files; f->path != NULL; f++) {
		if (strcmp(f->path, path) != 0)
			continue;
		if (f->text == NULL) {
			*why = "it is not root's";
			return -EPERM;
		}
		if (strlen(f->text) > max)
			return -EFBIG;
		buf_puts(out, f->text);
		return buf_ok(out) ? 0 : -ENOMEM;
	}
	return -ENOENT;
}
