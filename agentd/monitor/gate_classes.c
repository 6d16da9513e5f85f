/*
 * gate_classes: which class an address and a port have.  Runs in the monitor.  A generation is a trie of its
 * own in the kernel, so that one is emptied by putting another in its place, whatever its size.  What is looked
 * up in which is the slot's table of ports to say: it has the generation's number.
 *
 * A slot that nobody needs any more rests until the next generation has begun: a program may have looked up a row
 * before that was replaced, and its classes come after.  The grace period in each begin is the end of all of these.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"
#include "base/log.h"

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
	uint32_t slot = gate_slot(generation);
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
	if (rc == 0) {
		g->filled |= 1u << slot;
		rc = put_ports(g, slot, &g->ports);
	}
	if (rc != 0)
		let_go(g);
	else
		g->making = generation;
	return rc;
}

/* Its trie stays until another takes its place: the kernel waits for a grace period at each such change. */
int
gate_classes_drop(struct gate *g, uint32_t generation)
{
	static const struct gate_ports none;

	if (g->making == generation) /* the exercise at start: the next number is not its */
		let_go(g);
	return put_ports(g, gate_slot(generation), &none);
}

int
gate_classes_found(struct gate *g)
{
	uint32_t id;

	for (uint32_t slot = 0; slot < GATE_SLOTS; slot++)
		if (bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.prefixes), &slot, &id) == 0)
			g->filled |= 1u << slot;
	return gate_generation_found(g, &g->generation);
}

/* There is more than there must be after daemons that died only: else each trie is soon replaced by another. */
static void
empty(struct gate *g, uint32_t slots)
{
	for (uint32_t slot = 0; slot < GATE_SLOTS; slot++)
		if ((slots & g->filled & 1u << slot) != 0 &&
		    bpf_map_delete_elem(bpf_map__fd(g->bpf->maps.prefixes), &slot) == 0)
			g->filled &= ~(1u << slot);
}

static int
begin(struct gate *g, const struct gate_slots *needed, uint32_t next)
{
	uint32_t busy = gate_slots_mask(needed) | 1u << gate_slot(next);
	int rc;

	if (needed->of[gate_slot(next)] != 0)
		log_err("too many renewals of the grants were never finished: until this one is, not all is refused");
	empty(g, ~(busy | g->resting));
	rc = gate_classes_new(g, next);
	g->resting = rc == 0 ? busy : g->resting | busy;
	return rc;
}

int
gate_classes_begin(struct gate *g, const struct gate_slots *rows, uint32_t *generation)
{
	struct gate_slots needed = *rows;
	uint32_t next;
	int rc = 0;

	gate_slots_add(&needed, g->generation);
	next = gate_slots_next(&needed, g->generation, g->resting, g->last);
	if (g->bpf == NULL)
		g->making = next;
	else
		rc = begin(g, &needed, next);
	if (rc == 0)
		*generation = g->last = next;
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
	return g->bpf == NULL ? 0 : put_ports(g, gate_slot(generation), &g->ports);
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
	return 0;
}
