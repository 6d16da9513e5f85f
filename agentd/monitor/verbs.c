/*
 * verbs: see verbs.h.  Runs in the monitor.  A client has one line and some seconds to say it; who it is
 * says the kernel.
 */
#include "agentd/monitor/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <sshtether/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/monitor/mode.h"
#include "agentd/monitor/order.h"
#include "agentd/monitor/peer.h"
#include "agentd/monitor/switch.h"
#include "agentd/monitor/trail.h"
#include "agentd/monitor/verb.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/safe.h"

#define LINE_MAX_BYTES 512
#define PATIENCE_MS    5000 /* tests/monitor/liar_mode.c waits for longer */

struct client {
	TAILQ_ENTRY(client) entry;
	struct verbs *all; /* borrowed */
	int fd;
	pid_t pid;
	struct order_line order;
	struct event *on_data;
	size_t n;
	char line[LINE_MAX_BYTES];
};

struct verbs {
	struct monitor *m; /* borrowed */
	struct event *on_accept;
	TAILQ_HEAD(, client) clients;
	unsigned n;
};

static void
client_free(struct client *c)
{
	TAILQ_REMOVE(&c->all->clients, c, entry);
	c->all->n--;
	if (c->on_data != NULL)
		event_free(c->on_data);
	close(c->fd);
	free(c);
}

/* --- answers ---------------------------------------------------------------------------------------- */

/* Every word in an answer is ours: nothing needs escaping. */
static void
reply(const struct client *c, const char *line, const char *error)
{
	struct buf out = BUF_INIT;

	buf_puts(&out, line);
	if (error == NULL)
		buf_puts(&out, "{\"end\":true,\"status\":0}\n");
	else
		buf_printf(&out, "{\"end\":true,\"status\":1,\"error\":\"%s\"}\n", error);
	if (buf_ok(&out))
		(void)send(c->fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&out);
}

static void
reply_mode(const struct client *c, const char *error)
{
	const struct mode_keeper *k = c->all->m->mode;
	struct buf line = BUF_INIT;

	buf_printf(&line, "{\"mode\":\"%s\"", mode_name(mode_get(k)));
	if (mode_on_trial(k)) {
		int64_t left = mode_left(k, btime_now());

		buf_puts(&line, ",\"confirm_by\":\"");
		rtime_iso((struct rtime){.ms = rtime_now().ms + left}, &line);
		buf_printf(&line, "\",\"left_ms\":%" PRId64, left);
	}
	buf_puts(&line, "}\n");
	reply(c, buf_ok(&line) ? line.p : "", error);
	buf_free(&line);
}

/* --- the mode --------------------------------------------------------------------------------------- */

/* The client is let go of when the mode is on the disk. */
static void
on_kept(int rc, void *arg)
{
	struct client *c = arg;

	reply_mode(c, rc == 0 ? NULL : "set, but it could not be kept: it is lost at a restart");
	client_free(c);
}

static void
set_mode(struct client *c, const struct verb_line *line)
{
	struct monitor *m = c->all->m;
	enum mode before = mode_get(m->mode);

	log_warn("mode %s%s, was %s: set by root, pid %d", mode_name(line->mode),
	    line->trial_ms != 0 ? " on trial" : "", mode_name(before), (int)c->pid);
	trail_mode(m, before, line->mode, line->trial_ms, c->pid);
	switch_mode(m->switcher, line->mode, line->trial_ms, on_kept, c);
}

static void
confirm(struct client *c)
{
	static const char *const why[] = {
		[CONFIRM_NO_TRIAL] = "there is nothing to confirm: enforce mode is not on trial",
		[CONFIRM_NO_SESSION] = "this is no SSH session that sshtether knows: confirm from a new SSH "
				       "login to this host, which shows that logins work",
		[CONFIRM_OLD] = "this login is older than the switch to enforce mode: open a new one, which "
				"shows that logins work, and confirm there",
	};
	const struct monitor *m = c->all->m;
	enum confirm answer = CONFIRM_NO_SESSION;
	struct facts who;

	if (peer_root(c->fd, &who) == 0)
		answer = switch_confirm(m->switcher, &who, on_kept, c);
	if (answer == CONFIRM_OK)
		return;
	if (answer == CONFIRM_NO_TRIAL && mode_get(m->mode) == MODE_AUDIT)
		reply(c, "", "there is nothing to confirm: the host is in audit mode");
	else
		reply(c, "", why[answer]);
	client_free(c);
}

/* --- sessions --------------------------------------------------------------------------------------- */

/* It takes seconds; the client is let go of when it is over, whether it still listens or not. */
static void
on_ordered(enum result result, uint64_t n, void *arg)
{
	struct client *c = arg;
	const char *why = result == RES_OK ? NULL : order_text(c->order.deed, result);
	struct buf text = BUF_INIT;

	buf_printf(&text, "{\"ses\":%" PRIu32 ",\"done\":\"%s\",\"count\":%" PRIu64, c->order.ses,
	    done_name(order_done(c->order.deed, result)), n);
	if (why != NULL && result_is_done(result))
		buf_printf(&text, ",\"why\":\"%s\"", why);
	buf_puts(&text, "}\n");
	reply(c, buf_ok(&text) ? text.p : "", result_is_done(result) ? NULL : why);
	buf_free(&text);
	client_free(c);
}

static void
order(struct client *c, enum deed deed, const struct verb_line *line)
{
	c->order = (struct order_line){.deed = deed, .ses = line->ses, .all = line->all, .pid = c->pid};
	order_give(c->all->m, &c->order, on_ordered, c);
}

/* The client is gone afterwards, or waits. */
static void
obey(struct client *c, struct bytes text)
{
	const struct verb_line line = verb_parse(text);

	/* It has said what it had to say. */
	(void)event_del(c->on_data);
	switch (line.verb) {
	case VERB_MODE_GET:
		reply_mode(c, NULL);
		break;
	case VERB_MODE_SET:
		set_mode(c, &line);
		return;
	case VERB_CONFIRM:
		confirm(c);
		return;
	case VERB_TERMINATE:
		order(c, DEED_TERMINATE, &line);
		return;
	case VERB_ISOLATE:
		order(c, DEED_ISOLATE, &line);
		return;
	case VERB_REVOKE:
		order(c, DEED_REVOKE, &line);
		return;
	case VERB_BAD:
		reply(c, "", "this socket knows mode, to set audit or enforce, confirm, and terminate, isolate and "
		    "revoke-agent, with a ses");
	}
	client_free(c);
}

/* --- connections ------------------------------------------------------------------------------------ */

static void
on_data_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	const char *newline;
	ssize_t n;

	n = recv(fd, c->line + c->n, sizeof(c->line) - c->n, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		if ((what & EV_TIMEOUT) != 0) /* where there is something, it was the loop that was late */
			client_free(c);
		return;
	}
	if (n > 0)
		c->n += (size_t)n;
	newline = memchr(c->line, '\n', c->n);
	if (newline != NULL)
		obey(c, (struct bytes){.p = c->line, .n = (size_t)(newline - c->line)});
	else if (n <= 0 || c->n == sizeof(c->line))
		client_free(c);
}

static void
on_accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct verbs *all = arg;
	struct timeval tv = timeval_of_ms(PATIENCE_MS);
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct client *c;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (conn == -1)
		return;
	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 || cred.uid != 0 ||
	    all->n >= ST_ORDER_CLIENTS || (c = calloc(1, sizeof(*c))) == NULL) {
		close(conn);
		return;
	}
	c->all = all;
	c->fd = conn;
	c->pid = cred.pid;
	TAILQ_INSERT_TAIL(&all->clients, c, entry);
	all->n++;
	c->on_data = event_new(all->m->base, conn, EV_READ | EV_PERSIST, on_data_cb, c);
	if (c->on_data == NULL || event_add(c->on_data, &tv) == -1)
		client_free(c);
}

struct verbs *
verbs_new(struct monitor *m)
{
	struct verbs *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->m = m;
	TAILQ_INIT(&all->clients);
	all->on_accept = event_new(m->base, m->verbs_fd, EV_READ | EV_PERSIST, on_accept_cb, all);
	if (all->on_accept == NULL || event_add(all->on_accept, NULL) == -1)
		verbs_free(&all);
	return all;
}

void
verbs_free(struct verbs **all)
{
	struct client *c;

	if (*all == NULL)
		return;
	while ((c = TAILQ_FIRST(&(*all)->clients)) != NULL)
		client_free(c);
	if ((*all)->on_accept != NULL)
		event_free((*all)->on_accept);
	free(*all);
	*all = NULL;
}
