/* gate_ring: what the programs tell, as notices.  Runs in the monitor, on its loop. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static struct report_addr
addr_of(const struct gate_saw *s)
{
	struct report_addr a = {.family = 6, .port = s->port};
	unsigned event = s->flags & 0xff;

	if (event != GATE_TCP && event != GATE_DATAGRAM)
		return (struct report_addr){0};
	if (memcmp(s->addr, mapped, sizeof(mapped)) == 0) {
		a.family = 4;
		memcpy(a.b, s->addr + sizeof(mapped), 4);
	} else {
		memcpy(a.b, s->addr, sizeof(a.b));
	}
	return a;
}

static struct notice
notice_of(const struct gate_saw *s)
{
	int64_t ago_ms = (mtime_now().ns - (int64_t)s->when_ns) / 1000000;

	return (struct notice){.kind = NOTE_GATE, .ses = s->ses, .id = s->own_ses, .auid = s->auid,
	    .pid = s->pid, .uid = s->uid, .flags = s->flags, .value = (uint64_t)(rtime_now().ms - ago_ms),
	    .start_ticks = s->untold, .inode = s->inode, .dev_major = s->dev_major,
	    .dev_minor = s->dev_minor, .peer = addr_of(s)};
}

static int
on_saw(void *arg, void *data, size_t n)
{
	struct gate *g = arg;
	const struct gate_saw *s = data;

	if (n >= sizeof(*s)) {
		const struct notice note = notice_of(s);

		g->fn(&note, g->arg);
	}
	return 0;
}

static void
on_ring_cb(evutil_socket_t fd, short what, void *arg)
{
	struct gate *g = arg;

	(void)fd;
	(void)what;
	(void)ring_buffer__consume(g->ring);
}

int
gate_listen(struct gate *g, struct event_base *base, gate_event_fn *fn, void *arg)
{
	if (g->bpf == NULL)
		return 0;
	g->fn = fn;
	g->arg = arg;
	g->ring = ring_buffer__new(bpf_map__fd(g->bpf->maps.ring), on_saw, g, NULL);
	if (g->ring == NULL)
		return -errno;
	g->on_ring = event_new(base, ring_buffer__epoll_fd(g->ring), EV_READ | EV_PERSIST, on_ring_cb, g);
	if (g->on_ring == NULL || event_priority_set(g->on_ring, PRIORITY_REST) == -1 ||
	    event_add(g->on_ring, NULL) == -1)
		return -ENOMEM;
	return 0;
}

void
gate_deaf(struct gate *g)
{
	if (g->on_ring != NULL)
		event_free(g->on_ring);
	g->on_ring = NULL;
	ring_buffer__free(g->ring);
	g->ring = NULL;
}
