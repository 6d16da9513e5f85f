/*
 * login: see login.h.  Runs in the monitor.  Never looks at a report: the engine does.  Whatever
 * happens to the engine, each login hears a verdict within login_timeout_ms.
 */
#include "agentd/monitor/login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/peer.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/rows.h"
#include "base/log.h"
#include "base/safe.h"

#define LINGER_MS      1000 /* for the module to read the fallback and close */
#define ACCEPT_AT_ONCE 16
#define BREATH_MS      50 /* without descriptors: accept4(2) would fail again at once */
#define LOGS_A_MINUTE  30

struct login {
	TAILQ_ENTRY(login) entry;
	struct logins *all; /* borrowed */
	uint32_t id;
	uint32_t ses; /* SES_UNSET: not registered */
	int fd;
	struct event *on_time, *on_data;
	bool answered; /* by us: what is left is to wait until the module closes */
};

struct logins {
	struct monitor *m; /* borrowed */
	struct event *on_accept, *on_breath;
	TAILQ_HEAD(, login) waiting;
	unsigned n;
	uint32_t next_id;
	struct log_limit log_limit;
};

static void
login_free(struct login *l)
{
	TAILQ_REMOVE(&l->all->waiting, l, entry);
	l->all->n--;
	if (l->on_time != NULL)
		event_free(l->on_time);
	if (l->on_data != NULL)
		event_free(l->on_data);
	close(l->fd);
	free(l);
}

/* --- the fallback --------------------------------------------------------------------------------- */

/* Before the verdict: the session has its row when the login goes on. */
static void
send_fallback(struct logins *all, int fd, uint32_t ses)
{
	struct verdict v = {.magic = VERDICT_MAGIC, .version = REPORT_VERSION,
	    .action = all->m->cf->login_fail_open ? VERDICT_ALLOW : VERDICT_DENY,
	    .source = VERDICT_FALLBACK};
	int rc = v.action == VERDICT_ALLOW ? rows_fall_back(all->m->rows, ses) : 0;
	unsigned held;

	if (rc != 0 && rc != -EPERM && log_allow(&all->log_limit, LOGS_A_MINUTE, &held))
		log_err("session %u has no grant: %s", ses, strerror(-rc));
	(void)packet_send(fd, &v, sizeof(v), NULL, 0);
	/* An engine that answers now hears EPIPE; the module still reads what was sent (unix(7)). */
	(void)shutdown(fd, SHUT_WR);
}

/*
 * The report may come only now.  It is thrown away unread, because closing a Unix socket that holds
 * unread data resets the peer before it has seen the verdict (net/unix/af_unix.c, unix_release_sock).
 */
static void
on_data_cb(evutil_socket_t fd, short what, void *arg)
{
	char byte;

	(void)what;
	if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) <= 0)
		login_free(arg);
}

static void
linger(struct login *l)
{
	struct timeval tv = timeval_of_ms(LINGER_MS);

	l->answered = true;
	(void)evtimer_add(l->on_time, &tv);
	(void)event_add(l->on_data, NULL);
}

static void
answer(struct login *l, const char *why)
{
	struct logins *all = l->all;
	struct notice n = {.kind = NOTE_FALLBACK, .id = l->id};
	char more[LOG_HELD_LEN];
	unsigned held;

	send_fallback(all, l->fd, l->ses);
	(void)monitor_send(all->m, &n, NULL, 0);
	if (log_allow(&all->log_limit, LOGS_A_MINUTE, &held))
		log_warn("login %u: %s; the fallback answered: %s%s", l->id, why,
		    all->m->cf->login_fail_open ? "allow" : "deny", log_held(held, more));
	linger(l);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct login *l = arg;

	(void)fd;
	(void)what;
	if (l->answered)
		login_free(l);
	else
		answer(l, "the engine did not answer in time");
}

void
logins_engine_gone(struct logins *all)
{
	struct login *l, *next;

	if (all == NULL)
		return;
	for (l = TAILQ_FIRST(&all->waiting); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (!l->answered)
			answer(l, "the engine is gone");
	}
}

void
logins_answered(struct logins *all, uint32_t id)
{
	struct login *l;

	TAILQ_FOREACH (l, &all->waiting, entry)
		if (l->id == id && !l->answered) {
			login_free(l);
			return;
		}
}

/* --- who is it ------------------------------------------------------------------------------------ */

static enum result
register_session(struct monitor *m, const struct facts *f)
{
	struct mon_session *s;

	if (f->ses == SES_UNSET || f->auid == AUID_UNSET)
		return RES_NO_SESSION;
	s = registry_get(m->registry, f->ses);
	/* A ses is given out once in a boot: whoever comes second with it is not the sshd that got it. */
	if (s != NULL && (s->monitor_pid != f->pid || s->start_ticks != f->start_ticks))
		return RES_OTHER_SESSION;
	if (s == NULL)
		s = registry_add(m->registry, f->ses, f->auid);
	if (s == NULL)
		return RES_RATE;
	s->auid = f->auid;
	s->monitor_pid = f->pid;
	s->start_ticks = f->start_ticks;
	(void)registry_touch(m->registry, s);
	s->told = true; /* by the NOTE_LOGIN that follows */
	if (facts_program(f->pid, &s->exe_dev, &s->exe_ino) == 0)
		registry_program_add(m->registry, s->exe_dev, s->exe_ino);
	return RES_OK;
}

/* Fills the notice from the kernel's facts; false: this peer is not to be heard. */
static bool
identify(struct monitor *m, int fd, struct notice *n)
{
	struct facts f;

	if (peer_root(fd, &f) != 0)
		return false;
	n->pid = (uint32_t)f.pid;
	n->uid = f.ruid;
	n->euid = f.euid;
	n->ses = f.ses;
	n->auid = f.auid;
	n->start_ticks = f.start_ticks;
	n->result = register_session(m, &f);
	if (n->result == RES_OTHER_SESSION)
		log_warn("pid %d reports session %u, which another process has reported: not registered",
		    (int)f.pid, f.ses);
	return true;
}

/* --- connections ---------------------------------------------------------------------------------- */

static struct login *
login_new(struct logins *all, int fd, uint32_t ses)
{
	struct login *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->all = all;
	l->fd = fd;
	l->ses = ses;
	l->id = ++all->next_id;
	TAILQ_INSERT_TAIL(&all->waiting, l, entry);
	all->n++;
	l->on_time = evtimer_new(all->m->base, on_time_cb, l);
	l->on_data = event_new(all->m->base, fd, EV_READ | EV_PERSIST, on_data_cb, l);
	if (l->on_time != NULL)
		(void)event_priority_set(l->on_time, PRIORITY_LOGIN);
	return l;
}

/* It is told with those that were found, when the engine takes more. */
static void
untold(struct monitor *m, uint32_t ses)
{
	struct mon_session *s = registry_get(m->registry, ses);

	if (s != NULL)
		s->told = false;
}

static void
take(struct logins *all, int fd)
{
	struct notice n = {.kind = NOTE_LOGIN};
	struct timeval tv = timeval_of_ms(all->m->cf->login_timeout_ms);
	struct login *l;
	uint32_t ses;

	if (!identify(all->m, fd, &n)) {
		log_warn("a report from somebody who is not a living root process: not heard");
		close(fd);
		return;
	}
	ses = n.result == RES_OK ? n.ses : SES_UNSET;
	l = all->n < ST_PENDING_LOGINS ? login_new(all, fd, ses) : NULL;
	if (l == NULL || l->on_time == NULL || l->on_data == NULL) {
		log_err("too many logins wait: the fallback answers");
		send_fallback(all, fd, ses);
		if (l != NULL)
			login_free(l);
		else
			close(fd);
		return;
	}
	n.id = l->id;
	if (!monitor_send(all->m, &n, &fd, 1)) {
		untold(all->m, ses);
		answer(l, "there is no engine");
	} else
		(void)evtimer_add(l->on_time, &tv);
}

/* The report waits in the backlog, which stays readable: without a pause the loop would spin. */
static void
pause_accept(struct logins *all)
{
	struct timeval tv = timeval_of_ms(BREATH_MS);
	unsigned held;

	if (log_allow(&all->log_limit, LOGS_A_MINUTE, &held))
		log_err("a login's report cannot be taken: %s", strerror(errno));
	if (evtimer_add(all->on_breath, &tv) == 0)
		(void)event_del(all->on_accept);
}

static void
on_breath_cb(evutil_socket_t fd, short what, void *arg)
{
	const struct logins *all = arg;

	(void)fd;
	(void)what;
	(void)event_add(all->on_accept, NULL);
}

static void
on_accept_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (conn == -1) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				pause_accept(arg);
			return;
		}
		take(arg, conn);
	}
}

struct logins *
logins_new(struct monitor *m)
{
	struct logins *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->m = m;
	TAILQ_INIT(&all->waiting);
	all->on_accept = event_new(m->base, m->report_fd, EV_READ | EV_PERSIST, on_accept_cb, all);
	all->on_breath = evtimer_new(m->base, on_breath_cb, all);
	if (all->on_accept == NULL || all->on_breath == NULL ||
	    event_priority_set(all->on_accept, PRIORITY_LOGIN) == -1 ||
	    event_add(all->on_accept, NULL) == -1)
		logins_free(&all);
	return all;
}

void
logins_free(struct logins **all)
{
	struct login *l;

	if (*all == NULL)
		return;
	while ((l = TAILQ_FIRST(&(*all)->waiting)) != NULL) {
		if (!l->answered)
			send_fallback(*all, l->fd, l->ses);
		login_free(l);
	}
	if ((*all)->on_accept != NULL)
		event_free((*all)->on_accept);
	if ((*all)->on_breath != NULL)
		event_free((*all)->on_breath);
	free(*all);
	*all = NULL;
}
