/* clients: see clients.h.  Runs in the monitor. */
#include "agentd/monitor/clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agentd/monitor/gate.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"
#include "base/log.h"

static const char *const known[] = {"/usr/bin/ssh", "/usr/bin/dbclient", "/usr/bin/plink", "/usr/bin/hpnssh",
    "/usr/local/bin/ssh", "/usr/local/bin/dbclient", "/usr/local/bin/plink"};

_Static_assert(sizeof(known) / sizeof(*known) <= CLIENTS_KNOWN, "room for all");

void
clients_find(struct clients *out)
{
	struct stat st;

	out->n = 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		int fd = open(known[i], O_PATH | O_CLOEXEC);

		if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			out->fd[out->n++] = fd;
		else if (fd != -1)
			close(fd);
	}
}

void
clients_know(struct monitor *m, struct clients *all)
{
	for (size_t i = 0; i < all->n; i++) {
		int rc = gate_client_set(m->gate, all->fd[i]);

		if (rc != 0)
			log_debug("an SSH client is not known to the gates: %s", strerror(-rc));
		close(all->fd[i]);
	}
	all->n = 0;
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
	else if (registry_program_has(m->registry, makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino))
		result = RES_PROTECTED; /* sshd holds the same words as a client */
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
