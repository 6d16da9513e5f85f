/* in_force: see in_force.h. */
#include "cli/in_force.h"

#include <stdlib.h>

#include "base/array.h"
#include "cli/past_fetch.h"

static char *
copy(struct bytes text)
{
	return strndup(text.n > 0 ? text.p : "", text.n);
}

static bool
add_place(struct in_force *f, const json_t *o)
{
	struct pol_place *more = array_grow(f->places, f->nplaces, &f->room, sizeof(*more), SIZE_MAX / sizeof(*more));
	char *file;

	if (more == NULL)
		return false;
	f->places = more;
	if ((file = copy(answer_str(o, "file"))) == NULL)
		return false;
	f->places[f->nplaces++] = (struct pol_place){.file = file, .line = (unsigned)answer_int(o, "line")};
	return true;
}

/* The object of the whole policy, and then one a rule, in their order. */
static bool
on_object(const json_t *o, void *arg)
{
	struct in_force *f = arg;
	struct bytes path = answer_str(o, "path");

	if (answer_get(o, "rule") != NULL)
		return add_place(f, o);
	if (f->path != NULL)
		return false;
	buf_putb(&f->text, answer_str(o, "text"));
	f->path = copy(path.n > 0 ? path : BYTES_LIT("policy"));
	return f->path != NULL && buf_ok(&f->text);
}

int
in_force_fetch(const struct cli *cli, struct in_force *out)
{
	*out = (struct in_force){0};
	return fetch_policy(cli, on_object, out);
}

void
in_force_free(struct in_force *f)
{
	for (size_t i = 0; i < f->nplaces; i++)
		free((void *)(uintptr_t)f->places[i].file);
	free(f->places);
	free(f->path);
	buf_free(&f->text);
}

struct policy *
in_force_parse(const struct in_force *f, struct pol_options options, struct buf *diag)
{
	unsigned errors = 0;

	options.skip_expect = true;
	options.places = (struct pol_places){.list = f->places, .n = f->nplaces};
	return pol_parse(f->path != NULL ? f->path : "policy", buf_bytes(&f->text), &options, diag, &errors);
}

int
in_force_load(const struct cli *cli, const struct pol_options *options, struct in_force *f, struct policy_file *out)
{
	int status = in_force_fetch(cli, f);

	*out = (struct policy_file){.path = "the policy in force"};
	if (status != CLI_OK)
		return status;
	out->policy = in_force_parse(f, *options, &out->diag);
	if (out->policy != NULL)
		return CLI_OK;
	(void)policy_file_show(out);
	return CLI_UNREACHABLE;
}
