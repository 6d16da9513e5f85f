/* control: see control.h.  Engine process; every byte of a request is hostile. */
#include "agentd/engine/control.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <sshtether/limits.h>

#include "agentd/engine/failures.h"
#include "base/json.h"
#include "base/log.h"

#define IDLE_S        30          /* for a request, or for reading the answer's end */
#define READY_MS      10000       /* the client itself waits for 15 seconds */

struct client {
	TAILQ_ENTRY(client) link;
	struct control *control; /* borrowed */
	struct bufferevent *bev;
	struct ucred peer;
	bool asked, ended;
	struct args *waits; /* owned; the request whose verb is not ready; NULL: none */
	struct mtime came;  /* the request */
	bool follows;
	void *filter;          /* owned */
	struct evbuffer *held; /* owned; NULL: nothing is held back */
};

struct control {
	struct control_parts parts;
	int fd;
	struct event *readable;
	TAILQ_HEAD(, client) clients;
	unsigned n;
	struct log_limit log_limit;
};

static void
client_free(struct client *c)
{
	struct control *ctl = c->control;

	if (c->asked && !c->ended)
		ctl->parts.gone(c, ctl->parts.arg);
	TAILQ_REMOVE(&ctl->clients, c, link);
	ctl->n--;
	args_free(&c->waits);
	free(c->filter);
	if (c->held != NULL)
		evbuffer_free(c->held);
	bufferevent_free(c->bev);
	free(c);
}

static size_t
unread(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) +
	    (c->held != NULL ? evbuffer_get_length(c->held) : 0);
}

void
client_line(struct client *c, struct bytes line)
{
	if (c->ended)
		return;
	if (unread(c) + line.n > ST_ANSWER_BYTES) {
		client_end(c, 3, "the answer is too large");
		return;
	}
	bufferevent_write(c->bev, line.p, line.n);
	if (line.n == 0 || line.p[line.n - 1] != '\n')
		bufferevent_write(c->bev, "\n", 1);
}

void
client_end(struct client *c, int status, const char *error)
{
	const struct timeval idle = {.tv_sec = IDLE_S};
	struct buf line = BUF_INIT;
	struct json j;

	if (c->ended)
		return;
	json_init(&j, &line);
	json_object(&j);
	json_kbool(&j, "end", true);
	json_kint(&j, "status", status);
	json_kstr(&j, "error", error);
	json_end(&j, '}');
	buf_putc(&line, '\n');
	if (buf_ok(&line))
		bufferevent_write(c->bev, line.p, line.n);
	buf_free(&line);
	c->ended = true;
	c->follows = false;
	bufferevent_set_timeouts(c->bev, &idle, &idle);
}

void
client_follow(struct client *c, void *filter, bool hold)
{
	bufferevent_set_timeouts(c->bev, NULL, NULL);
	free(c->filter);
	c->filter = filter;
	c->follows = true;
	if (hold && c->held == NULL)
		c->held = evbuffer_new();
}

void
client_release(struct client *c)
{
	if (c->held == NULL)
		return;
	bufferevent_write_buffer(c->bev, c->held);
	evbuffer_free(c->held);
	c->held = NULL;
}

static void
publish_to(struct client *c, struct bytes line)
{
	if (unread(c) + line.n > ST_FOLLOW_BYTES) {
		failure_note(FAIL_FOLLOWER_SLOW);
		client_end(c, 3, "alerts came faster than they were read");
	} else if (c->held != NULL) {
		evbuffer_add(c->held, line.p, line.n);
		evbuffer_add(c->held, "\n", 1);
	} else
		client_line(c, line);
}

pid_t
client_pid(const struct client *c)
{
	return c->peer.pid;
}

void
control_publish(struct control *ctl, struct bytes line, control_wants_fn *wants, const void *row)
{
	struct client *c;

	TAILQ_FOREACH(c, &ctl->clients, link) {
		if (c->follows && wants(c->filter, row))
			publish_to(c, line);
	}
}

/* --- a request -------------------------------------------------------------------------------------- */

static const struct verb *
verb_find(const struct control *ctl, const char *name)
{
	for (const struct verb *v = ctl->parts.verbs; v->name != NULL; v++) {
		if (strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

static void
bad_request(struct client *c, const char *why)
{
	failure_note(FAIL_CONTROL_BAD);
	client_end(c, 3, why);
}

/* Takes the request over. */
static void
run_verb(struct client *c, struct args *args)
{
	const char *name = args_str(args, "verb");
	const struct verb *v = name != NULL ? verb_find(c->control, name) : NULL;
	void *arg = c->control->parts.arg;

	if (v == NULL) {
		bad_request(c, "this daemon knows no such verb");
	} else if (v->root_only && c->peer.uid != 0) {
		failure_note(FAIL_CONTROL_REFUSED);
		client_end(c, 3, "only root may do this");
	} else if (v->ready != NULL && !v->ready(arg) && mtime_ms_since(mtime_now(), c->came) < READY_MS) {
		c->waits = args;
		return;
	} else
		v->run(c, args, arg);
	args_free(&args);
}

void
control_resume(struct control *ctl)
{
	struct client *c, *next;

	for (c = TAILQ_FIRST(&ctl->clients); c != NULL; c = next) {
		struct args *args = c->waits;

		next = TAILQ_NEXT(c, link);
		c->waits = NULL;
		if (args != NULL)
			run_verb(c, args);
	}
}

static void
take_request(struct client *c, const char *line, size_t n)
{
	struct args *args = args_parse(line, n);

	c->asked = true;
	c->came = mtime_now();
	if (args == NULL)
		bad_request(c, "the request is not a JSON object");
	else
		run_verb(c, args);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n;
	char *line;

	if (c->asked) { /* one request a connection */
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	line = evbuffer_readln(in, &n, EVBUFFER_EOL_LF);
	if (line != NULL)
		take_request(c, line, n);
	else if (evbuffer_get_length(in) >= ST_CONTROL_LINE) {
		c->asked = true;
		bad_request(c, "the request is too long");
	}
	free(line);
}

/* All that was written has gone out. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	if (c->ended)
		client_free(c);
}

static void
on_gone(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	/* Who only shuts his writing side down still wants the answer. */
	if ((what & BEV_EVENT_EOF) != 0 && c->asked && !c->follows) {
		bufferevent_disable(bev, EV_READ);
		return;
	}
	client_free(c);
}

/* --- clients ------------------------------------------------------------------------------------------ */

static bool
in_group(const struct ucred *peer, int fd, gid_t group)
{
	gid_t list[256];
	socklen_t len = sizeof(list);

	if (group == (gid_t)-1)
		return false;
	if (peer->gid == group)
		return true;
	/* SO_PEERGROUPS (socket(7)): the supplementary groups at the time of connect. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len) == -1)
		return false;
	for (size_t i = 0; i < len / sizeof(list[0]); i++) {
		if (list[i] == group)
			return true;
	}
	return false;
}

/* The socket's mode says the same; this holds when somebody loosens it. */
static bool
may_ask(const struct control *ctl, int fd, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) == -1)
		return false;
	return peer->uid == 0 || in_group(peer, fd, ctl->parts.group);
}

static void
client_new(struct control *ctl, int fd, const struct ucred *peer)
{
	const struct timeval idle = {.tv_sec = IDLE_S};
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL ||
	    (c->bev = bufferevent_socket_new(ctl->parts.base, fd, BEV_OPT_CLOSE_ON_FREE)) == NULL) {
		free(c);
		close(fd);
		return;
	}
	c->control = ctl;
	c->peer = *peer;
	TAILQ_INSERT_TAIL(&ctl->clients, c, link);
	ctl->n++;
	bufferevent_setcb(c->bev, on_read, on_written, on_gone, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, ST_CONTROL_LINE);
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct control *ctl = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned held;
	char more[LOG_HELD_LEN];
	struct ucred peer;

	(void)what;
	if (fd == -1)
		return;
	if (ctl->n >= ST_CONTROL_CLIENTS) {
		failure_note(FAIL_CONTROL_CAP);
		close(fd);
	} else if (!may_ask(ctl, fd, &peer)) {
		failure_note(FAIL_CONTROL_REFUSED);
		if (log_allow(&ctl->log_limit, 10, &held))
			log_warn("a client of the control socket is neither root nor of the group%s",
			    log_held(held, more));
		close(fd);
	} else
		client_new(ctl, fd, &peer);
}

static void
stop_listening(struct control *ctl)
{
	if (ctl->readable != NULL)
		event_free(ctl->readable);
	ctl->readable = NULL;
	if (ctl->fd != -1)
		close(ctl->fd);
	ctl->fd = -1;
}

void
control_listen(struct control *ctl, int fd)
{
	stop_listening(ctl);
	evutil_make_socket_nonblocking(fd);
	ctl->fd = fd;
	ctl->readable = event_new(ctl->parts.base, fd, EV_READ | EV_PERSIST, on_accept, ctl);
	if (ctl->readable == NULL || event_add(ctl->readable, NULL) == -1)
		log_err("the control socket cannot be watched");
}

struct control *
control_new(const struct control_parts *parts)
{
	struct control *ctl = calloc(1, sizeof(*ctl));

	if (ctl == NULL)
		return NULL;
	ctl->parts = *parts;
	ctl->fd = -1;
	TAILQ_INIT(&ctl->clients);
	return ctl;
}

void
control_free(struct control **cp)
{
	struct control *ctl = *cp;
	struct client *c;

	if (ctl == NULL)
		return;
	*cp = NULL;
	stop_listening(ctl);
	while ((c = TAILQ_FIRST(&ctl->clients)) != NULL)
		client_free(c);
	free(ctl);
}
