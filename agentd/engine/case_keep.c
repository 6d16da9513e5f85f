/* case_keep: see case_keep.h. */
#include "agentd/engine/case_keep.h"

#include "agentd/engine/case_read.h"
#include "base/log.h"

static void
keep_one(const struct case_file *c, void *arg)
{
	const struct case_context ctx = {.lives = c->over.ms == 0};
	struct archive *a = arg;
	struct buf json = BUF_INIT;

	case_json(c, &ctx, &json);
	if (buf_ok(&json))
		archive_case(a, &(struct store_case){.boot = c->boot, .ses = c->ses, .user = c->user,
		    .changed_ms = c->changed.ms, .over_ms = c->over.ms, .score = c->score, .severity = c->severity,
		    .json = buf_bytes(&json)});
	buf_free(&json);
}

void
case_keep(struct cases *cases, struct archive *a)
{
	if (a != NULL)
		cases_changed(cases, keep_one, a);
}

static void
on_kept(struct bytes lines, bool cut, const char *why, void *arg)
{
	struct cases *cases = arg;

	(void)cut;
	if (why != NULL)
		log_warn("the cases of living sessions could not be read: %s", why);
	while (lines.n > 0) {
		struct case_file *c = case_read(bytes_take(&lines, '\n'));

		if (c != NULL)
			cases_restore(cases, c);
	}
}

void
case_keep_restore(struct cases *cases, struct archive *a, const char *boot_id)
{
	const struct store_query q = {.part = STORE_CASES, .boot = boot_id, .living = true};

	if (a != NULL && boot_id[0] != '\0')
		(void)archive_find(a, &q, on_kept, cases);
}
