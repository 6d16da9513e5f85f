/*
 * control: the control socket (sshtether/control.h).  Takes clients, reads one request line of each,
 * finds its verb, checks the peer's rights, and carries answers out as fast as the client reads.  What
 * the verbs do is in *_verbs.c.
 */
#ifndef ENGINE_CONTROL_H
#define ENGINE_CONTROL_H

#include <sys/types.h>

#include "agentd/engine/args.h"
#include "base/buf.h"

struct event_base;
struct control;
struct client;

/*
 * A verb answers with client_line() and ends with client_end(), now or later.  What it waits for it must
 * be able to forget: `gone` is called for a client that left before its end.
 */
struct verb {
	const char *name;
	bool root_only;
	void (*run)(struct client *, const struct args *, void *arg);
	/* NULL: always.  False: the request waits until control_resume() finds it true, or for ten seconds. */
	bool (*ready)(const void *arg);
};

struct control_parts {
	struct event_base *base;
	const struct verb *verbs; /* ends with a name of NULL */
	void (*gone)(const struct client *, void *arg);
	void *arg;
	gid_t group; /* that may read; (gid_t)−1: root alone */
};

struct control *control_new(const struct control_parts *);
void control_free(struct control **);
/* Takes the listening descriptor over. */
void control_listen(struct control *, int fd);
/* Requests that need not wait any more, or have waited long enough, are answered.  Once a second. */
void control_resume(struct control *);
/* To everybody who follows: a line of JSON without newline, and whether a follower wants it. */
typedef bool control_wants_fn(const void *filter, const void *row);
void control_publish(struct control *, struct bytes line, control_wants_fn *, const void *row);

/* One line of JSON, or several with their newlines between. */
void client_line(struct client *, struct bytes);
/* The trailer; error NULL: fine.  The client is closed when it has read it. */
void client_end(struct client *, int status, const char *error);
/*
 * From now on this client gets what is published; filter is freed with free().  hold: what is published
 * waits until client_release(), so that older lines can be written first.
 */
void client_follow(struct client *, void *filter, bool hold);
void client_release(struct client *);
/* As the kernel says. */
pid_t client_pid(const struct client *);

#endif
