/* policy_file: see policy_file.h. */
#include "cli/policy_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "base/safe.h"

static int
read_stdin(struct buf *out)
{
	while (out->n <= ST_POLICY_BYTES) {
		char *room = buf_room(out, 65536);
		ssize_t n = room != NULL ? read(STDIN_FILENO, room, 65536) : -1;

		if (room == NULL)
			return -ENOMEM;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		out->n += n > 0 ? (size_t)n : 0;
	}
	return -EFBIG;
}

int
policy_file_load(const char *path, bool skip_expect, struct policy_file *out)
{
	const struct pol_options options = {.skip_expect = skip_expect};

	return policy_file_load_with(path, &options, out);
}

int
policy_file_load_with(const char *path, const struct pol_options *options, struct policy_file *out)
{
	static bool had_stdin;
	struct buf text = BUF_INIT;
	const bool from_stdin = strcmp(path, "-") == 0, again = from_stdin && had_stdin;
	int err = again ? -ESPIPE : from_stdin ? read_stdin(&text) : plain_read(path, ST_POLICY_BYTES, &text);

	had_stdin = had_stdin || from_stdin;
	if (from_stdin)
		path = "<stdin>";
	*out = (struct policy_file){.path = path};
	if (err != 0) {
		cli_error("%s: %s", path, again ? "it can be read once" : strerror(-err));
		buf_free(&text);
		return CLI_UNREACHABLE;
	}
	out->policy = pol_parse(path, buf_bytes(&text), options, &out->diag, &out->errors);
	buf_free(&text);
	return out->policy != NULL ? CLI_OK : CLI_FOUND;
}

void
policy_file_free(struct policy_file *l)
{
	pol_free(&l->policy);
	buf_free(&l->diag);
}

bool
policy_file_show(const struct policy_file *l)
{
	return l->diag.n == 0 || cli_write(stderr, buf_bytes(&l->diag));
}
