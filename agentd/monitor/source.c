/*
 * source: see source.h.  Runs in the monitor.  Reads not one byte of what it opens.
 */
#include "agentd/monitor/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agentd/monitor/hail.h"
#include "agentd/monitor/kaudit.h"
#include "agentd/monitor/stall.h"
#include "agentd/monitor/table.h"
#include "base/log.h"
#include "base/proc.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000
#define RECV_BUFFER  (8 << 20) /* of the netlink socket: a burst while the engine is busy */

struct source {
	struct monitor *m; /* borrowed */
	int netlink;       /* kept from the start to the end; the engine gets duplicates.  −1: none */
	struct event *on_retry;
	int auditd;          /* connected, and hailed: has not spoken yet.  −1: none */
	struct hail *hail;
	struct stall *stall; /* of auditd's socket, once it is the source */
	bool wanted;
	uint32_t id; /* of the request that waits */
	int64_t retry_ms;
};

/* --- audit netlink ---------------------------------------------------------------------------------- */

/*
 * A namespace descriptor of the initial network namespace, −1 when this process is in it or nobody can
 * tell.  Kernel threads never leave it, and kthreadd is pid 2; pid 1 is the second best (a container).
 */
static int
initial_namespace(void)
{
	struct proc_stat two;
	bool kthreadd = proc_stat(2, &two) == 0 && two.ppid == 0 && strcmp(two.comm, "kthreadd") == 0;
	const char *path = kthreadd ? "/proc/2/ns/net" : "/proc/1/ns/net";
	struct stat initial, own;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (fstat(fd, &initial) == 0 && stat("/proc/self/ns/net", &own) == 0 &&
	    (initial.st_dev != own.st_dev || initial.st_ino != own.st_ino))
		return fd;
	close(fd);
	return -1;
}

static int
netlink_socket(void)
{
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	int size = RECV_BUFFER, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_AUDIT);

	if (fd == -1)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) == -1) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

/* Records are sent in the initial network namespace only (kernel/audit.c, kauditd_send_multicast). */
static int
netlink_open(void)
{
	int there = initial_namespace(), back = -1, fd = -EPERM;

	if (there == -1)
		return netlink_socket();
	back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (back != -1 && setns(there, CLONE_NEWNET) == 0) {
		fd = netlink_socket();
		if (setns(back, CLONE_NEWNET) == -1) {
			log_crit("cannot return to my network namespace: %s", strerror(errno));
			abort();
		}
	}
	if (back != -1)
		close(back);
	close(there);
	return fd;
}

static int
membership(int fd, bool join)
{
	int group = AUDIT_NLGRP_READLOG;

	return setsockopt(fd, SOL_NETLINK, join ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
	    sizeof(group)) == -1 ? -errno : 0;
}

/* What has come and was not read goes as well. */
static void
netlink_leave(int fd)
{
	char none;

	if (fd == -1 || membership(fd, false) != 0)
		return;
	while (recv(fd, &none, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS || errno == EINTR)
		;
}

/* --- auditd's socket -------------------------------------------------------------------------------- */

static int
auditd_connect(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd, rc;

	if (!bytes_copy(bytes_of(path), sun.sun_path, sizeof(sun.sun_path)))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		rc = -errno;
	else
		rc = peer.uid == 0 ? 0 : -EPERM; /* whoever it is, it is not auditd */
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

/* --- the request ------------------------------------------------------------------------------------ */

static void
give_engine(struct source *s, enum source_kind kind, int fd)
{
	struct notice n = {.kind = NOTE_RESULT, .id = s->id, .result = RES_OK, .source = kind};

	if (monitor_send(s->m, &n, &fd, 1))
		log_info("source of audit records: %s", kind == SOURCE_AUDITD ? "auditd" : "netlink");
	s->wanted = false;
}

static void
retry_later(struct source *s, int error)
{
	struct timeval tv = timeval_of_ms(s->retry_ms);

	if (s->retry_ms == RETRY_MIN_MS)
		log_warn("no source of audit records yet: %s; trying again", strerror(-error));
	s->retry_ms = s->retry_ms * 2 < RETRY_MAX_MS ? s->retry_ms * 2 : RETRY_MAX_MS;
	(void)evtimer_add(s->on_retry, &tv);
}

/* Instead of auditd's socket, which had that error. */
static void
try_netlink(struct source *s, int error)
{
	int fd = -1, rc = s->netlink == -1 ? error : membership(s->netlink, true);

	if (rc == 0 && (fd = fcntl(s->netlink, F_DUPFD_CLOEXEC, 0)) == -1)
		rc = -errno;
	if (rc != 0) {
		retry_later(s, rc);
		return;
	}
	give_engine(s, SOURCE_NETLINK, fd);
	close(fd);
}

static void
hang_up(struct source *s)
{
	hail_end(s->hail);
	if (s->auditd != -1)
		close(s->auditd);
	s->auditd = -1;
}

static void
try_now(struct source *s)
{
	int fd = s->m->cf->source == SOURCE_SET_NETLINK ? -ENODEV : auditd_connect(s->m->cf->auditd_socket);

	(void)event_del(s->on_retry); /* there may be one of an engine before this */
	if (fd < 0) {
		try_netlink(s, fd);
		return;
	}
	hang_up(s);
	if (s->netlink != -1)
		(void)membership(s->netlink, true); /* so that nothing is missed if it will be that */
	s->auditd = fd;
	hail_begin(s->hail, fd);
}

static void
on_hailed(void *arg, enum hailed what)
{
	struct source *s = arg;

	switch (what) {
	case HAIL_SPOKE:
		netlink_leave(s->netlink);
		give_engine(s, SOURCE_AUDITD, s->auditd);
		stall_watch(s->stall, s->auditd);
		break;
	case HAIL_SILENT:
		log_warn("auditd sends nothing on %s: another program reads there, or its af_unix plugin hangs (a restart "
		    "of auditd helps)%s", s->m->cf->auditd_socket, s->netlink == -1 ? "; waiting for it" : "");
		if (s->netlink == -1)
			return;
		try_netlink(s, -ETIMEDOUT);
		break;
	case HAIL_CLOSED: /* as audit 4 does with a second reader */
		try_netlink(s, -ECONNRESET);
		break;
	}
	hang_up(s);
}

static void
on_retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct source *s = arg;

	(void)fd;
	(void)what;
	if (s->wanted)
		try_now(s);
}

/* Answered when there is one: at once, or by the timer. */
enum result
handle_source(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct source *s = m->source;

	a->later = true;
	s->id = rq->id;
	stall_forget(s->stall);
	if (!s->wanted) {
		s->wanted = true;
		s->retry_ms = RETRY_MIN_MS;
		try_now(s);
	}
	return RES_OK;
}

/* --- life ------------------------------------------------------------------------------------------- */

struct source *
source_new(struct monitor *m)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->m = m;
	s->netlink = s->auditd = -1;
	s->on_retry = evtimer_new(m->base, on_retry_cb, s);
	s->hail = hail_new(m, on_hailed, s);
	s->stall = stall_new(m->base);
	if (s->on_retry == NULL || s->hail == NULL || s->stall == NULL) {
		source_free(&s);
		return NULL;
	}
	if (m->cf->source != SOURCE_SET_AUDITD) {
		int fd = netlink_open();

		if (fd < 0)
			log_err("cannot open audit netlink: %s", strerror(-fd));
		else
			s->netlink = fd;
	}
	return s;
}

void
source_free(struct source **s)
{
	if (*s == NULL)
		return;
	if ((*s)->on_retry != NULL)
		event_free((*s)->on_retry);
	if ((*s)->hail != NULL)
		hang_up(*s);
	hail_free(&(*s)->hail);
	stall_free(&(*s)->stall);
	if ((*s)->netlink != -1)
		close((*s)->netlink);
	free(*s);
	*s = NULL;
}

void
source_engine_gone(struct source *s)
{
	if (s != NULL) {
		s->wanted = false;
			hang_up(s);
		stall_forget(s->stall);
	}
}
