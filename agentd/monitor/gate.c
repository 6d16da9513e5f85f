/*
 * gate: see gate.h.  Runs in the monitor: opened before its privileges go, closed at its end.  What happens
 * in between is in gate_maps.c, gate_classes.c and gate_ring.c.
 */
#include "agentd/monitor/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"
#include "base/log.h"

static const char *const facility_name[GATEF_COUNT] = {"connections", "agent sockets by path",
    "agent sockets by listener", "exec of SSH clients", "datagrams of isolated sessions"};

static void
detach_all(struct gate *g)
{
	for (enum gate_prog p = 0; p < PROG_COUNT; p++) {
		bpf_link__destroy(g->link[p]);
		g->link[p] = NULL;
	}
}

static void
nothing_works(struct gate *g, int error)
{
	detach_all(g);
	gate_pin_drop(g);
	gate_bpf__destroy(g->bpf);
	g->bpf = NULL;
	g->works = 0;
	memset(g->why, error, sizeof(g->why));
}

static void
tell(const struct gate *g)
{
	for (unsigned i = 0; i < GATEF_COUNT; i++)
		if ((g->works & 1u << i) == 0)
			log_warn("the kernel cannot gate %s: %s", facility_name[i], strerror(g->why[i]));
}

/* With the maps of the daemon before us; if they are not for us, with new ones, and those go. */
static void
load(struct gate *g)
{
	gate_load(g);
	if (g->bpf == NULL && g->pins != NULL) {
		log_warn("%s: what the daemon before this one left cannot be taken over", g->pins);
		gate_pin_drop(g);
		gate_pin_find(g);
		gate_load(g);
	}
}

static int
start(struct gate *g)
{
	int rc;

	gate_pin_find(g);
	rc = gate_cgroup_open(g->cf, &g->cgroup);
	if (rc != 0)
		return rc;
	load(g);
	if (g->bpf == NULL) {
		gate_pin_drop(g);
		return 0; /* why[] is said */
	}
	rc = gate_free_breakglass(g);
	if (rc == 0)
		rc = gate_classes_found(g);
	if (rc != 0)
		return rc;
	gate_attach(g);
	gate_try(g);
	if (g->cf->gate_keep && g->pins != NULL)
		gate_pin_keep(g);
	else
		gate_pin_drop(g);
	return 0;
}

struct gate *
gate_open(const struct config *cf)
{
	struct gate *g = calloc(1, sizeof(*g));
	int rc;

	if (g == NULL)
		return NULL;
	g->cf = cf;
	g->cgroup = g->trie = -1;
	rc = start(g);
	if (rc != 0)
		nothing_works(g, -rc);
	tell(g);
	return g;
}

void
gate_close(struct gate **gp)
{
	struct gate *g = *gp;

	if (g == NULL)
		return;
	gate_deaf(g);
	detach_all(g);
	gate_bpf__destroy(g->bpf);
	if (g->trie != -1)
		close(g->trie);
	if (g->cgroup != -1)
		close(g->cgroup);
	free(g->pins);
	free(g);
	*gp = NULL;
}

unsigned
gate_works(const struct gate *g, uint8_t why[GATEF_COUNT])
{
	memcpy(why, g->why, sizeof(g->why));
	return g->works;
}
