/* policy_watch: see policy_watch.h. */
#include "agentd/engine/policy_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include <sshtether/limits.h>

#include "base/array.h"
#include "base/glob.h"
#include "base/log.h"
#include "policy/signature.h"

#define MASK                                                                                                        \
	(IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |             \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* A name, or a pattern of names, in a directory. */
struct name {
	int wd;
	char *glob; /* owned */
};

struct watched {
	struct name *of;
	size_t n, room;
};

struct policy_watch {
	int fd;
	struct policy_watch_times times;
	struct event *readable, *quiet;
	struct watched now, next; /* next: between begin and end */
	struct mtime first;     /* the first event since changed() was called; 0: none */
	bool cut;               /* some are not watched */
	policy_watch_fn *changed;
	void *arg;
};

/* --- when ----------------------------------------------------------------------------------------------- */

static void
stir(struct policy_watch *w)
{
	const struct mtime now = mtime_now();
	struct timeval tv;
	int64_t left;

	if (w->first.ns == 0)
		w->first = now;
	left = w->times.most_ms - mtime_ms_since(now, w->first);
	tv = timeval_of_ms(left < 0 ? 0 : left < w->times.quiet_ms ? left : w->times.quiet_ms);
	(void)evtimer_add(w->quiet, &tv);
}

static void
on_quiet(evutil_socket_t fd, short what, void *arg)
{
	struct policy_watch *w = arg;

	(void)fd;
	(void)what;
	w->first = (struct mtime){0};
	w->changed(w->arg);
}

/* --- events --------------------------------------------------------------------------------------------- */

static struct bytes
without_suffix(struct bytes name)
{
	const size_t n = strlen(SIGNATURE_SUFFIX);

	if (name.n > n && memcmp(name.p + name.n - n, SIGNATURE_SUFFIX, n) == 0)
		name.n -= n;
	return name;
}

static bool
is_ours(const struct policy_watch *w, const struct inotify_event *e)
{
	const struct bytes name = e->len > 0 ? bytes_of(e->name) : (struct bytes){0}, file = without_suffix(name);

	if (e->len == 0 || (e->mask & IN_Q_OVERFLOW) != 0)
		return true; /* the directory itself, or nobody knows what */
	for (size_t i = 0; i < w->now.n; i++) {
		const struct name *n = &w->now.of[i];

		if (n->wd == e->wd && (glob_match(bytes_of(n->glob), name) || glob_match(bytes_of(n->glob), file)))
			return true;
	}
	return false;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char room[16384];
	struct policy_watch *w = arg;
	const ssize_t n = read(fd, room, sizeof(room));

	(void)what;
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *e = (const void *)(room + at);

		if ((e->mask & IN_IGNORED) == 0 && is_ours(w, e))
			stir(w);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
}

/* --- what is watched ------------------------------------------------------------------------------------ */

static void
watched_free(struct watched *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		free(ws->of[i].glob);
	free(ws->of);
	*ws = (struct watched){0};
}

/* That stands for itself alone. */
static char *
quoted(struct bytes name)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < name.n; i++) {
		if (strchr("*?[]\\", name.p[i]) != NULL)
			buf_putc(&out, '\\');
		buf_putc(&out, name.p[i]);
	}
	if (!buf_ok(&out))
		buf_free(&out);
	return out.p;
}

/* Takes glob. */
static void
add(struct policy_watch *w, const char *dir, char *glob)
{
	struct name *wide;
	const int wd = glob != NULL ? inotify_add_watch(w->fd, dir, MASK) : -1;

	wide = wd != -1 ? array_grow(w->next.of, w->next.n, &w->next.room, sizeof(*wide), ST_WATCHED_NAMES) : NULL;
	if (wide == NULL) {
		w->cut = true;
		free(glob);
		return;
	}
	w->next.of = wide;
	w->next.of[w->next.n++] = (struct name){.wd = wd, .glob = glob};
}

/* The name that ends at end, in the directory before it. */
static void
add_part(struct policy_watch *w, const char *path, size_t end, bool is_glob)
{
	char dir[PATH_MAX];
	size_t slash = end;

	while (slash > 0 && path[slash - 1] != '/')
		slash--;
	const struct bytes name = {.p = path + slash, .n = end - slash};

	if (slash == 0 || !bytes_copy((struct bytes){.p = path, .n = slash}, dir, sizeof(dir)))
		w->cut = true;
	else
		add(w, dir, is_glob ? strndup(name.p, name.n) : quoted(name));
}

/* What a link on the way names may be another tomorrow; what is not there may come. */
static void
add_way(struct policy_watch *w, const char *path, bool is_glob)
{
	const size_t n = strlen(path);
	char part[PATH_MAX];
	struct stat st;

	for (size_t end = 1; end <= n && n < sizeof(part); end++) {
		if (end < n && path[end] != '/')
			continue;
		(void)bytes_copy((struct bytes){.p = path, .n = end}, part, sizeof(part));
		if (end == n) {
			add_part(w, path, end, is_glob);
		} else if (lstat(part, &st) == -1) {
			add_part(w, path, end, false);
			return;
		} else if (S_ISLNK(st.st_mode)) {
			add_part(w, path, end, false);
		}
	}
}

void
policy_watch_path(struct policy_watch *w, const char *path)
{
	char real[PATH_MAX];

	add_way(w, path, false);
	if (realpath(path, real) != NULL && strcmp(real, path) != 0)
		add_way(w, real, false);
}

void
policy_watch_files(struct policy_watch *w, const struct policy_files *files)
{
	const struct policy_file *f;

	if (files == NULL)
		return;
	STAILQ_FOREACH(f, policy_files_all(files), link) {
		if (f->piece == PIECE_LIST)
			add_way(w, f->path, true);
		else
			policy_watch_path(w, f->path);
	}
}

void
policy_watch_begin(struct policy_watch *w)
{
	watched_free(&w->next);
	w->cut = false;
}

static bool
has(const struct watched *ws, int wd)
{
	for (size_t i = 0; i < ws->n; i++)
		if (ws->of[i].wd == wd)
			return true;
	return false;
}

void
policy_watch_end(struct policy_watch *w)
{
	struct watched was = w->now;
	bool is_new = false;

	w->now = w->next;
	w->next = (struct watched){0};
	for (size_t i = 0; i < was.n; i++)
		if (!has(&w->now, was.of[i].wd))
			(void)inotify_rm_watch(w->fd, was.of[i].wd); /* more than once for one: it says so */
	for (size_t i = 0; i < w->now.n; i++)
		is_new |= !has(&was, w->now.of[i].wd);
	watched_free(&was);
	if (w->cut)
		log_warn("not every file of the policy can be watched: load it by hand or SIGHUP when it changes");
	if (is_new)
		stir(w);
}

/* --- life ------------------------------------------------------------------------------------------------- */

struct policy_watch *
policy_watch_new(struct event_base *base, struct policy_watch_times times, policy_watch_fn *changed, void *arg)
{
	struct policy_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->times = times;
	w->changed = changed;
	w->arg = arg;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd != -1) {
		w->readable = event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
		w->quiet = evtimer_new(base, on_quiet, w);
	}
	if (w->readable == NULL || w->quiet == NULL || event_add(w->readable, NULL) == -1)
		policy_watch_free(&w);
	return w;
}

void
policy_watch_free(struct policy_watch **wp)
{
	struct policy_watch *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	if (w->readable != NULL)
		event_free(w->readable);
	if (w->quiet != NULL)
		event_free(w->quiet);
	if (w->fd != -1)
		close(w->fd);
	watched_free(&w->now);
	watched_free(&w->next);
	free(w);
}
