/*
 * source: see source.h.  Runs in the monitor.  Reads not one byte of what it opens.
 */
#include "agentd/monitor/source.h"

#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agentd/monitor/aside.h"
#include "agentd/monitor/hail.h"
#include "agentd/monitor/readlog.h"
#include "agentd/monitor/stall.h"
#include "agentd/monitor/table.h"
#include "base/log.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000

struct source {
	struct monitor *m; /* borrowed */
	int netlink;       /* kept from the start to the end; the engine gets duplicates.  −1: none */
	struct event *on_retry;
	int auditd;          /* connected, and hailed: has not spoken yet.  −1: none */
	struct hail *hail;
	bool saying;         /* a word is on its way to auditd */
	struct stall *stall; /* of auditd's socket, once it is the source */
	bool wanted;
	uint32_t id; /* of the request that waits */
	int64_t retry_ms;
};

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

struct word {
	struct job job;
	struct source *s; /* for word_said() */
	int fd;
};

static void
say_word(struct job *job)
{
	const struct word *w = (const struct word *)job;

	(void)audit_log_user_message(w->fd, AUDIT_TRUSTED_APP, "op=sshtether-listening", NULL, NULL, NULL, 1);
}

static void
word_said(struct job *job)
{
	((struct word *)job)->s->saying = false;
	free(job);
}

/* For auditd to send.  One at a time: with a full backlog it takes a minute, and others wait behind it. */
static void
on_word(void *arg)
{
	struct source *s = arg;
	struct word *w = s->saying || s->m->audit_fd < 0 ? NULL : calloc(1, sizeof(*w));

	if (w == NULL)
		return;
	*w = (struct word){.job = {.run = say_word, .done = word_said}, .s = s, .fd = s->m->audit_fd};
	s->saying = aside_give(s->m->work[WORK_AUDIT], &w->job);
	if (!s->saying)
		free(w);
}

/* --- the request ------------------------------------------------------------------------------------ */

static void
retry_later(struct source *s, int error)
{
	struct timeval tv = timeval_of_ms(s->retry_ms);

	if (s->retry_ms == RETRY_MIN_MS)
		log_warn("no source of audit records yet: %s; trying again", strerror(-error));
	s->retry_ms = s->retry_ms * 2 < RETRY_MAX_MS ? s->retry_ms * 2 : RETRY_MAX_MS;
	(void)evtimer_add(s->on_retry, &tv);
}

/* False: it has no room for that now. */
static bool
give_engine(struct source *s, enum source_kind kind, int fd)
{
	struct notice n = {.kind = NOTE_RESULT, .id = s->id, .result = RES_OK, .source = kind};

	if (!monitor_send(s->m, &n, &fd, 1)) {
		retry_later(s, -EAGAIN);
		return false;
	}
	log_info("source of audit records: %s", kind == SOURCE_AUDITD ? "auditd" : "netlink");
	s->wanted = false;
	return true;
}

/* Instead of auditd's socket, which had that error. */
static void
try_netlink(struct source *s, int error)
{
	int fd = -1, rc = s->netlink == -1 ? error : readlog_listen(s->netlink);

	if (rc == 0 && (fd = fcntl(s->netlink, F_DUPFD_CLOEXEC, 0)) == -1)
		rc = -errno;
	if (rc != 0) {
		retry_later(s, rc);
		return;
	}
	(void)give_engine(s, SOURCE_NETLINK, fd);
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

/* Netlink listens meanwhile: if it will be that, nothing is missed.  0 or −errno. */
static int
hail_auditd(struct source *s)
{
	const int fd = auditd_connect(s->m->cf->auditd_socket);

	hang_up(s);
	if (fd < 0)
		return fd;
	s->auditd = fd;
	if (s->netlink != -1)
		(void)readlog_listen(s->netlink);
	return hail_begin(s->hail, fd);
}

static void
try_now(struct source *s)
{
	int rc;

	(void)event_del(s->on_retry); /* there may be one of an engine before this */
	rc = s->m->cf->source == SOURCE_SET_NETLINK ? -ENODEV : hail_auditd(s);
	if (rc == 0)
		return;
	hang_up(s);
	try_netlink(s, rc);
}

/* From where it accepted us on; what netlink has of before goes unread, for most of it comes from auditd as well. */
static void
take_auditd(struct source *s)
{
	if (!give_engine(s, SOURCE_AUDITD, s->auditd))
		return;
	stall_watch(s->stall, s->auditd);
	if (s->netlink != -1)
		(void)readlog_shut(s->netlink);
}

static void
on_heard(void *arg, enum hailed what)
{
	struct source *s = arg;

	switch (what) {
	case HAIL_SPOKE:
		take_auditd(s);
		break;
	case HAIL_SILENT:
		log_warn("auditd sends nothing on %s: another program reads there, or auditing is off, or its af_unix "
		    "plugin hangs, and then a restart of auditd helps%s", s->m->cf->auditd_socket,
		    s->netlink == -1 ? "; waiting for it" : "");
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

static const struct hail_calls hail_calls = {.word = on_word, .heard = on_heard};

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
	s->hail = hail_new(m->base, &hail_calls, s);
	s->stall = stall_new(m->base);
	if (s->on_retry == NULL || s->hail == NULL || s->stall == NULL) {
		source_free(&s);
		return NULL;
	}
	if (m->cf->source != SOURCE_SET_AUDITD) {
		int fd = readlog_new();

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
