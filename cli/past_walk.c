/*
 * past_walk: all questions that the store keeps, a page at a time, so that memory does not grow with them.  A line
 * on the terminal tells how far it is.
 */
#include "cli/past.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/tally.h"

#define PROGRESS_MS 200

struct walk {
	const struct cli *cli;
	struct rtime since, until;
	enum past_part first;
	past_fn *fn;
	void *arg;

	bool host_known;
	struct asked_host host; /* owned */
	struct tally *sessions; /* whose login was told by the first part */

	bool progress;
	struct mtime shown;
	uint64_t done;
};

/* One part of what is kept. */
struct part {
	const char *name;
	enum past_part part;
	bool (*read)(const json_t *, struct asked *);
};

struct round {
	struct walk *walk;
	const struct part *part;
	struct asked *asked;
};

static struct bytes
copy(struct bytes text)
{
	char *p = text.n > 0 ? strndup(text.p, text.n) : NULL;

	return (struct bytes){.p = p, .n = p != NULL ? text.n : 0};
}

/* The store is one host's, and each page says whose. */
static void
take_host(struct walk *w, const json_t *o)
{
	const json_t *roles = answer_get(o, "roles"), *role;

	if (w->host_known)
		return;
	w->host_known = true;
	w->host.on = copy(answer_str(o, "on"));
	for (size_t i = 0; (role = answer_item(roles, i)) != NULL && i < ST_PAST_LIST; i++)
		w->host.roles[w->host.nroles++] = copy(answer_str(role, ""));
}

static void
free_host(struct asked_host *h)
{
	for (size_t i = 0; i < h->nroles; i++)
		free((void *)(uintptr_t)h->roles[i].p);
	free((void *)(uintptr_t)h->on.p);
}

static void
show_progress(struct walk *w)
{
	struct mtime now = mtime_now();

	w->done++;
	if (!w->progress || mtime_ms_since(now, w->shown) < PROGRESS_MS)
		return;
	w->shown = now;
	fprintf(stderr, "\r\033[K%llu asked", (unsigned long long)w->done);
}

/* False: it has been told. */
static bool
is_new(struct walk *w, enum past_part part, const struct asked *a)
{
	if (a->session.n == 0 || a->q.activity != ACT_LOGIN)
		return true;
	if (part != w->first)
		return !tally_has(w->sessions, a->session);
	(void)tally_add(w->sessions, a->session, 1);
	return true;
}

static bool
on_stored(const json_t *o, void *arg)
{
	const struct round *round = arg;
	struct walk *w = round->walk;

	if (answer_get(o, "on") != NULL) {
		take_host(w, o);
	} else if (round->part->read(o, round->asked)) {
		if (round->part->part == PAST_LOGINS)
			asked_on(round->asked, &w->host);
		if (is_new(w, round->part->part, round->asked))
			w->fn(round->part->part, round->asked, w->arg);
		show_progress(w);
	}
	return true;
}

/* Those of one of the two parts. */
static int
walk_parts(struct walk *w, enum past_part which, struct asked *asked)
{
	static const struct part parts[] = {
		{"logins", PAST_LOGINS, asked_logins},
		{"sessions", PAST_LOGINS, asked_session},
		{"findings", PAST_FINDINGS, asked_finding},
	};
	int status = CLI_OK;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == CLI_OK; i++) {
		struct round round = {.walk = w, .part = &parts[i], .asked = asked};
		const struct fetch_page first = {.part = parts[i].name, .since = w->since, .until = w->until};

		if (parts[i].part == which)
			status = fetch_pages(w->cli, first, on_stored, &round);
	}
	return status;
}

int
past_walk(const struct cli *cli, struct rtime since, struct rtime until, enum past_part first, past_fn *fn, void *arg)
{
	struct walk w = {.cli = cli, .since = since, .until = until, .first = first, .fn = fn, .arg = arg,
	    .progress = isatty(STDERR_FILENO), .sessions = tally_new(ST_REHEARSE_SESSIONS)};
	struct asked *asked = malloc(sizeof(*asked));
	int status = CLI_UNREACHABLE;

	if (asked == NULL || w.sessions == NULL)
		cli_error("out of memory");
	else
		status = walk_parts(&w, first, asked);
	if (status == CLI_OK)
		status = walk_parts(&w, first == PAST_LOGINS ? PAST_FINDINGS : PAST_LOGINS, asked);
	if (w.progress)
		fputs("\r\033[K", stderr);
	free_host(&w.host);
	tally_free(&w.sessions);
	free(asked);
	return status;
}

/* --- cases ------------------------------------------------------------------------------------ */

struct cases_told {
	past_case_fn *fn;
	void *arg;
};

static bool
on_alerted(const json_t *o, void *arg)
{
	const struct cases_told *t = arg;
	struct bytes session = answer_str(o, "session");

	if (session.n > 0)
		t->fn(session, t->arg);
	return true;
}

int
past_cases(const struct cli *cli, past_case_fn *fn, void *arg)
{
	struct cases_told t = {.fn = fn, .arg = arg};

	return fetch_pages(cli, (struct fetch_page){.part = "alerted"}, on_alerted, &t);
}
