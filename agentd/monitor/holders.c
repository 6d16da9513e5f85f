/* holders: see holders.h.  Runs in the monitor, beside its loop. */
#include "agentd/monitor/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/sockets.h"
#include "agentd/monitor/turns.h"

/* The sockets that are sought, and whose table is being read. */
struct walk {
	struct sought **sought; /* by inode */
	size_t nsought;
	pid_t pid;
};

/* --- a find ------------------------------------------------------------------------------------------- */

static bool
is_better(const struct sought *s, const struct facts *f)
{
	const struct facts *h = &s->holder;
	bool younger = f->start_ticks != h->start_ticks ? f->start_ticks > h->start_ticks : f->pid > h->pid;

	return s->rc != 0 || younger != s->oldest;
}

static void
note_holder(struct sought *s, pid_t pid)
{
	struct facts f;
	int pidfd;

	if (s->last == pid)
		return;
	s->last = pid;
	pidfd = proc_pidfd(pid);
	if (pidfd < 0)
		return;
	if (facts_of(pidfd, pid, &f) == 0 && is_better(s, &f)) {
		s->holder = f;
		s->rc = 0;
	}
	close(pidfd);
}

/* The first in order that is not before inode. */
static size_t
place_of(const struct walk *w, uint64_t inode)
{
	size_t lo = 0, hi = w->nsought;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (w->sought[mid]->inode < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
note_socket(int number, uint64_t inode, void *arg)
{
	struct walk *w = arg;

	(void)number;
	for (size_t i = place_of(w, inode); i < w->nsought && w->sought[i]->inode == inode; i++)
		note_holder(w->sought[i], w->pid);
	return true;
}

/* --- the walk ----------------------------------------------------------------------------------------- */

static bool
read_task(pid_t pid, struct mtime until, void *arg)
{
	struct walk *w = arg;

	w->pid = pid;
	return sockets_each_thread(pid, until, note_socket, w);
}

static int
by_inode(const void *a, const void *b)
{
	const struct sought *const *x = a, *const *y = b;

	return ((*x)->inode > (*y)->inode) - ((*x)->inode < (*y)->inode);
}

/* Nobody was found.  Where its first thread has ended, a task shows no room, whatever the others have open. */
static void
look_for_unread(const struct turns *all, struct sought *s)
{
	uint32_t most = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct turn *t = &all->turn[i];
		const bool makers = t->user == s->maker || t->ruid == s->maker;
		const bool is_first = s->rc != -EOVERFLOW;

		if (!t->unread || makers < s->makers || (!is_first && makers == s->makers && t->room <= most))
			continue;
		s->rc = -EOVERFLOW;
		s->makers = makers;
		s->unread = t->user;
		most = t->room;
	}
}

void
holders_find(struct sought *const *all, size_t n)
{
	struct walk w = {.nsought = n, .sought = calloc(n, sizeof(*w.sought))};
	struct turns turns = {.n = 0};
	int rc = -ENOMEM;

	for (size_t i = 0; i < n; i++) {
		all[i]->rc = -ENOENT;
		all[i]->last = 0;
		all[i]->makers = false;
	}
	if (n > 0 && w.sought != NULL) {
		memcpy(w.sought, all, n * sizeof(*w.sought));
		qsort(w.sought, n, sizeof(*w.sought), by_inode);
		rc = turns_each(&turns, read_task, &w);
	}
	for (size_t i = 0; i < n; i++) {
		if (all[i]->rc != 0 && rc != 0)
			all[i]->rc = rc;
		else if (all[i]->rc != 0)
			look_for_unread(&turns, all[i]);
	}
	turns_done(&turns);
	free(w.sought);
}

static bool
note_until_found(int number, uint64_t inode, void *arg)
{
	const struct walk *w = arg;

	(void)note_socket(number, inode, arg);
	return w->sought[0]->rc != 0;
}

bool
holders_try(struct sought *s, pid_t pid, struct mtime until)
{
	struct walk w = {.sought = &s, .nsought = 1, .pid = pid};
	struct proc_status st;

	s->rc = -ENOENT;
	s->last = 0;
	if (proc_status(pid, &st) == 0 && st.fd_room <= TURNS_FEW_ROOM)
		(void)sockets_each(pid, until, note_until_found, &w);
	return s->rc == 0;
}

enum result
holders_result(int rc)
{
	static const struct {
		int rc;
		enum result result;
	} rows[] = {{0, RES_OK}, {-ENOENT, RES_NOT_FOUND}, {-ESRCH, RES_GONE}, {-EOVERFLOW, RES_UNREAD}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].rc == rc)
			return rows[i].result;
	return RES_DENIED;
}
