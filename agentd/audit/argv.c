/* argv: a command line, out of EXECVE records; see draft.h. */
#include "agentd/audit/draft.h"

struct argument {
	uint64_t index, part;
	bool split; /* a1[0]= */
};

/* "a12", "a12[3]"; a12_len is not one. */
static bool
argument_name(struct bytes name, struct argument *out)
{
	if (name.n < 2 || name.p[0] != 'a')
		return false;

	struct bytes rest = {.p = name.p + 1, .n = name.n - 1};
	const char *open = memchr(rest.p, '[', rest.n);
	struct argument a = {.split = open != NULL};

	if (open != NULL) {
		struct bytes part = {.p = open + 1, .n = (size_t)(rest.p + rest.n - open) - 1};

		if (part.n == 0 || part.p[part.n - 1] != ']')
			return false;
		part.n--;
		rest.n = (size_t)(open - rest.p);
		if (!bytes_u64(part, &a.part))
			return false;
	}
	if (!bytes_u64(rest, &a.index))
		return false;
	*out = a;
	return true;
}

static void
argv_put(struct draft *d, const struct field *f)
{
	struct fact_scratch *s = d->s;
	size_t n, room = sizeof(s->argv) - s->nargv;
	char *at = s->argv + s->nargv;

	if (f->quote == 0 && f->value.n / 2 <= room && bytes_unhex(f->value, at, room, &n)) {
		s->nargv += n;
		return;
	}
	n = f->value.n < room ? f->value.n : room;
	if (f->quote == 0 || n < f->value.n)
		d->f.argv_cut = true;
	memcpy(at, f->value.p, n);
	s->nargv += n;
}

/* kernel/auditsc.c, audit_log_execve_info(): a long argument goes on in parts, over several records. */
static void
read_argument(struct draft *d, const struct argument *a, const struct field *f)
{
	bool goes_on = a->split && a->part > 0 && a->index + 1 == d->next_arg;

	if (goes_on ? a->part != d->next_part : a->index != d->next_arg || a->part > 0)
		d->f.argv_cut = true;
	if (!goes_on && d->next_arg > 0) {
		if (d->s->nargv == sizeof(d->s->argv)) {
			d->f.argv_cut = true;
			return;
		}
		d->s->argv[d->s->nargv++] = '\0';
	}
	d->next_arg = a->index + 1;
	d->next_part = a->part + 1;
	argv_put(d, f);
}

void
draft_execve(struct draft *d, const struct record *r)
{
	struct field_iter it;
	struct argument a;
	struct field f;
	uint64_t argc;

	field_iter_init(&it, r->body);
	while (field_next(&it, &f) && !f.enriched)
		if (argument_name(f.name, &a))
			read_argument(d, &a, &f);
		else if (bytes_is(f.name, "argc") && bytes_u64(f.value, &argc) && argc <= UINT32_MAX)
			d->f.argc = (uint32_t)argc;
}
