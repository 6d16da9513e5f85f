/* clients: see clients.h.  Runs in the monitor. */
#include "agentd/monitor/clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agentd/monitor/gate.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"
#include "base/log.h"
#include "base/safe.h"

#define SHELLS       "/etc/shells" /* shells(5) */
#define SHELLS_BYTES 65536

struct clients {
	struct monitor *m; /* borrowed */
	struct program_id never[ST_SHELLS + 1];
	size_t nnever;
};

/* --- on the disk ---------------------------------------------------------------------------------------- */

static const char *const known[] = {"/usr/bin/ssh", "/usr/bin/dbclient", "/usr/bin/plink", "/usr/bin/hpnssh",
    "/usr/local/bin/ssh", "/usr/local/bin/dbclient", "/usr/local/bin/plink"};

_Static_assert(sizeof(known) / sizeof(*known) <= CLIENTS_KNOWN, "room for all");

static void
find_known(struct clients_found *out)
{
	struct stat st;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		int fd = open(known[i], O_PATH | O_CLOEXEC);

		if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			out->fd[out->n++] = fd;
		else if (fd != -1)
			close(fd);
	}
}

static bool
is_among(const struct program_id *all, size_t n, struct program_id id)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].dev == id.dev && all[i].ino == id.ino)
			return true;
	return false;
}

/* The same shell has many names. */
static void
add_never(struct clients_found *out, const char *path)
{
	struct program_id id;
	struct stat st;

	if (stat(path, &st) == -1)
		return;
	id = (struct program_id){.dev = st.st_dev, .ino = st.st_ino};
	if (is_among(out->never, out->nnever, id))
		return;
	if (out->nnever < sizeof(out->never) / sizeof(*out->never))
		out->never[out->nnever++] = id;
	else
		log_debug(SHELLS ": more than %d: %s may be called an SSH client", ST_SHELLS, path);
}

static void
find_never(struct clients_found *out)
{
	struct buf text = BUF_INIT;
	char *at;

	add_never(out, "/proc/self/exe");
	if (safe_read(SHELLS, SHELLS_BYTES, &text, NULL) == 0 && buf_ok(&text)) {
		at = text.p;
		for (const char *line; (line = strsep(&at, "\n")) != NULL;)
			if (line[0] == '/')
				add_never(out, line);
	}
	buf_free(&text);
}

void
clients_find(struct clients_found *out)
{
	*out = (struct clients_found){0};
	find_known(out);
	find_never(out);
}

/* --- in the loop ---------------------------------------------------------------------------------------- */

void
clients_know(struct clients *c, struct clients_found *found)
{
	for (size_t i = 0; i < found->n; i++) {
		int rc = gate_client_set(c->m->gate, found->fd[i]);

		if (rc != 0)
			log_debug("an SSH client is not known to the gates: %s", strerror(-rc));
		close(found->fd[i]);
	}
	found->n = 0;
	memcpy(c->never, found->never, sizeof(c->never));
	c->nnever = found->nnever;
}

/* O_PATH, and no sync: no file system's server is asked, which may be the user's own. */
static int
open_program(pid_t pid, struct statx *st)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd != -1 && statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, st) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* sshd holds the same words as a client; what a shell starts would all be SSH. */
static bool
is_never(const struct monitor *m, const struct statx *st)
{
	const struct program_id id = {.dev = makedev(st->stx_dev_major, st->stx_dev_minor), .ino = st->stx_ino};

	return registry_program_has(m->registry, id.dev, id.ino) ||
	    is_among(m->clients->never, m->clients->nnever, id);
}

static enum result
mark(struct monitor *m, const struct request *rq, const struct target *t, struct answer *a)
{
	struct statx st;
	int fd = open_program((pid_t)rq->pid, &st), rc = 0;
	enum result result = RES_OK;

	if (fd == -1 || pidfd_ended(t->pidfd))
		result = RES_GONE;
	else if (rq->inode != 0 && rq->inode != st.stx_ino) /* it has executed something else, to have that marked */
		result = RES_GONE;
	else if (is_never(m, &st))
		result = RES_PROTECTED;
	else if ((rc = gate_client_set(m->gate, fd)) != 0)
		result = RES_DENIED;
	a->note.value = (uint64_t)-rc;
	if (fd != -1)
		close(fd);
	return result;
}

/* By its file, never by a path. */
enum result
handle_client(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct target t;
	enum result result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);

	if (result != RES_OK)
		return result;
	result = mark(m, rq, &t, a);
	target_close(&t);
	return result;
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct clients *
clients_new(struct monitor *m)
{
	struct clients *c = calloc(1, sizeof(*c));
	struct clients_found found;

	if (c == NULL)
		return NULL;
	c->m = m;
	clients_find(&found);
	clients_know(c, &found);
	return c;
}

void
clients_free(struct clients **c)
{
	free(*c);
	*c = NULL;
}
