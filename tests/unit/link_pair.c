/* link_pair: see link_pair.h. */
#include "tests/unit/link_pair.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/safe.h"

static void
on_notice(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	(void)n;
	(void)fds;
	(void)arg;
}

static void
on_gone(void *arg)
{
	(void)arg;
}

void
link_pair_open(struct link_pair *p)
{
	const struct link_events on = {.notice = on_notice, .gone = on_gone};
	int pair[2];

	p->base = event_base_new();
	if (p->base == NULL || event_base_priority_init(p->base, 2) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) == -1 || (p->link = link_new(p->base, pair[1], &on)) == NULL) {
		perror("link_pair");
		abort();
	}
	p->monitor = pair[0];
	p->engine = pair[1];
}

void
link_pair_end(struct link_pair *p)
{
	link_tick(p->link, (struct mtime){.ns = INT64_MAX});
}

void
link_pair_close(struct link_pair *p)
{
	link_free(&p->link);
	event_base_free(p->base);
	close(p->engine);
	close(p->monitor);
}

bool
link_pair_asked(struct link_pair *p, struct request *r)
{
	event_base_loop(p->base, EVLOOP_NONBLOCK);
	return packet_recv(p->monitor, r, sizeof(*r), NULL, 0) == (long)sizeof(*r);
}
