/*
 * gate_classes: which class an address and a port have.  Runs in the monitor.  A generation is a trie of its
 * own in the kernel, so that one is emptied by putting another in its place, whatever its size.  What is looked
 * up in which is the slot's table of ports to say: it has the generation's number.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"

static uint32_t
slot_of(uint32_t generation)
{
	return generation == GATE_TRY_GENERATION ? GATE_TRY_SLOT : generation & 1;
}

static int
put_ports(struct gate *g, uint32_t slot, const struct gate_ports *p)
{
	return bpf_map_update_elem(bpf_map__fd(g->bpf->maps.ports), &slot, p, BPF_ANY);
}

static void
let_go(struct gate *g)
{
	if (g->trie != -1)
		close(g->trie);
	g->trie = -1;
	g->making = 0;
}

int
gate_classes_new(struct gate *g, uint32_t generation)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	uint32_t slot = slot_of(generation);
	int rc;

	let_go(g);
	memset(&g->ports, 0, sizeof(g->ports));
	g->ports.generation = generation;
	g->trie = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "prefixes", sizeof(struct gate_prefix), 1, GATE_PREFIXES,
	    &opts);
	if (g->trie < 0) {
		rc = g->trie;
		g->trie = -1;
		return rc;
	}
	rc = bpf_map_update_elem(bpf_map__fd(g->bpf->maps.prefixes), &slot, &g->trie, BPF_ANY);
	if (rc == 0)
		rc = put_ports(g, slot, &g->ports);
	if (rc != 0)
		let_go(g);
	else
		g->making = generation;
	return rc;
}

/* Its trie stays until another takes its place: the kernel waits for a grace period at each such change. */
int
gate_classes_drop(struct gate *g, uint32_t slot)
{
	static const struct gate_ports none;

	if (g->making != 0 && slot_of(g->making) == slot) /* the exercise at start: the next number is not its */
		let_go(g);
	return put_ports(g, slot, &none);
}

int
gate_classes_begin(struct gate *g, uint32_t *generation)
{
	/* Of the other parity than the one in force. */
	uint32_t next = g->making != 0 ? g->making + 2 : g->generation + 1;
	int rc = 0;

	if (next == 0 || next >= GATE_TRY_GENERATION - 1)
		next = 2 - (g->generation & 1);
	if (g->bpf == NULL)
		g->making = next;
	else
		rc = gate_classes_new(g, next);
	if (rc == 0)
		*generation = next;
	return rc;
}

int
gate_prefixes(struct gate *g, uint32_t generation, const struct class_prefix *p, size_t n)
{
	int rc = g->making == generation ? 0 : -EINVAL;

	for (size_t i = 0; rc == 0 && g->bpf != NULL && i < n; i++) {
		struct gate_prefix key = {.bits = p[i].bits};

		memcpy(key.addr, p[i].addr, sizeof(key.addr));
		rc = bpf_map_update_elem(g->trie, &key, &p[i].addr_class, BPF_ANY);
	}
	return rc;
}

int
gate_ports(struct gate *g, uint32_t generation, const struct class_ports *p, size_t n)
{
	if (g->making != generation)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		for (uint32_t port = p[i].lo; port <= p[i].hi; port++)
			g->ports.of[port] = (uint8_t)((p[i].port_class & (GRANT_PORTS - 1)) |
			    (p[i].ssh != 0 ? GATE_PORT_SSH : 0));
	return g->bpf == NULL ? 0 : put_ports(g, slot_of(generation), &g->ports);
}

int
gate_classes_done(struct gate *g, uint32_t generation)
{
	int rc = 0;

	if (g->making != generation)
		return -EINVAL;
	if (g->bpf != NULL)
		rc = gate_generation(g, generation);
	if (rc != 0)
		return rc;
	g->generation = generation;
	let_go(g);
	gate_pin_drop_others(); /* whom they refuse, ours refuses now */
	return g->bpf == NULL ? 0 : gate_classes_drop(g, slot_of(generation) ^ 1);
}
