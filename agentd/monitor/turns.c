/* turns: see turns.h.  Runs in the monitor, beside its loop. */
#include "agentd/monitor/turns.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "base/array.h"

#define ALL_MS   400 /* of all turns; the engine guesses who owns a socket after a second (detect/socket.c) */
#define SHARE_MS 100 /* of it, of one user: twenty thousand descriptors or so */

/* --- in which order ----------------------------------------------------------------------------------- */

static int
note_task(pid_t pid, void *arg)
{
	struct turns *t = arg;
	struct turn *wide;
	struct proc_status st;
	uint32_t auid;

	if (proc_status(pid, &st) != 0 || proc_loginuid(pid, &auid) != 0)
		return 0;
	wide = array_grow(t->turn, t->n, &t->cap, sizeof(*wide), ST_TASKS);
	if (wide == NULL)
		return -ENOMEM;
	t->turn = wide;
	t->turn[t->n++] = (struct turn){.pid = pid, .ppid = st.ppid, .user = auid != AUID_UNSET ? auid : st.ruid,
	    .ruid = st.ruid, .room = st.fd_room};
	return 0;
}

#define ORDER(x, y) (((x) > (y)) - ((x) < (y)))

static int
by_pid(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return ORDER(x->pid, y->pid);
}

static int
by_share(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return x->first != y->first ? ORDER(y->first, x->first) :
	    x->user != y->user      ? ORDER(x->user, y->user) :
	    x->room != y->room      ? ORDER(x->room, y->room) :
				      by_pid(a, b);
}

static int
by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return x->first != y->first ? ORDER(y->first, x->first) :
	    x->before != y->before  ? ORDER(x->before, y->before) :
				      by_pid(a, b);
}

/* Root's, or forked by one of root's, as who serves a login is.  Without a parent it is init's, whosever it is. */
static bool
is_roots_or_below(const struct turns *t, const struct turn *of)
{
	const struct turn key = {.pid = of->ppid}, *parent;

	if (of->ruid == 0 || of->ppid <= 1)
		return of->ruid == 0;
	parent = bsearch(&key, t->turn, t->n, sizeof(key), by_pid);
	return parent != NULL && parent->ruid == 0;
}

/* Each user's by their tables, the smallest first; then all users' side by side, by what each has had. */
static void
put_in_order(struct turns *t)
{
	qsort(t->turn, t->n, sizeof(*t->turn), by_pid);
	for (size_t i = 0; i < t->n; i++)
		t->turn[i].first = t->turn[i].room <= TURNS_FEW_ROOM && is_roots_or_below(t, &t->turn[i]);
	qsort(t->turn, t->n, sizeof(*t->turn), by_share);
	for (size_t i = 1; i < t->n; i++) {
		const struct turn *last = &t->turn[i - 1];
		struct turn *now = &t->turn[i];
		const bool same = now->first == last->first && now->user == last->user;

		now->share = last->share + !same;
		now->before = same ? last->before + last->room : 0;
	}
	qsort(t->turn, t->n, sizeof(*t->turn), by_turn);
}

/* --- how long ----------------------------------------------------------------------------------------- */

/* A host has many services of root's. */
static int64_t
share_ms(const struct turn *t)
{
	return t->first && t->user == 0 ? ALL_MS : SHARE_MS;
}

static void
take_turn(struct turns *t, struct turn *now, struct mtime end, turns_fn *fn, void *arg)
{
	const struct mtime start = mtime_now();
	struct mtime until = {.ns = mtime_after(start, share_ms(now)).ns - t->spent[now->share]};

	if (until.ns > end.ns)
		until = end;
	now->unread = start.ns >= until.ns || !fn(now->pid, until, arg);
	t->spent[now->share] += mtime_now().ns - start.ns;
}

int
turns_each(struct turns *t, turns_fn *fn, void *arg)
{
	struct mtime end;
	int rc = proc_each(note_task, t);

	if (rc != 0 || t->n == 0)
		return rc;
	put_in_order(t);
	t->spent = calloc(t->n, sizeof(*t->spent));
	if (t->spent == NULL)
		return -ENOMEM;
	end = mtime_after(mtime_now(), ALL_MS);
	for (size_t i = 0; i < t->n; i++)
		take_turn(t, &t->turn[i], end, fn, arg);
	return 0;
}

void
turns_done(struct turns *t)
{
	free(t->turn);
	free(t->spent);
}
