/* clients: see clients.h.  Runs in the monitor. */
#include "agentd/monitor/clients.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (stat(known[i], &st) == 0 && S_ISREG(st.st_mode))
			out->id[out->n++] = (struct program_id){.dev = st.st_dev, .ino = st.st_ino};
}

void
clients_know(struct monitor *m, const struct clients *all)
{
	for (size_t i = 0; i < all->n; i++) {
		int rc = gate_client_set(m->gate, all->id[i].dev, all->id[i].ino);

		if (rc != 0)
			log_debug("an SSH client is not known to the gates: %s", strerror(-rc));
	}
}

/* By its file, never by a path. */
enum result
handle_client(struct monitor *m, const struct request *rq, struct answer *a)
{
	uint64_t dev, ino;
	struct target t;
	enum result result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
	int rc;

	if (result != RES_OK)
		return result;
	if (facts_program((pid_t)rq->pid, &dev, &ino) != 0 || pidfd_ended(t.pidfd))
		result = RES_GONE;
	else if (rq->inode != 0 && rq->inode != ino) /* it has executed something else, to have that marked */
		result = RES_GONE;
	else if (registry_program_has(m->registry, dev, ino))
		result = RES_PROTECTED; /* sshd holds the same words as a client */
	else if ((rc = gate_client_set(m->gate, dev, ino)) != 0) {
		a->note.value = (uint64_t)-rc;
		result = RES_DENIED;
	}
	target_close(&t);
	return result;
}
