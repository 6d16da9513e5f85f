/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* gate_dest: where a connection or a datagram goes to, and of which classes of the policy that is. */
#ifndef MONITOR_GATE_DEST_BPF_H
#define MONITOR_GATE_DEST_BPF_H

#include "agentd/monitor/gate_who.bpf.h"

#define SSH_PORT 22

struct dest {
	uint32_t addr[4]; /* network order; IPv4 as v4-mapped */
	uint16_t port;    /* host order */
	uint32_t addr_class, port_class;
	bool ssh;
};

/* 0.0.0.0 and :: are the host itself (ip_route_output_key(), tcp_v6_connect()). */
static __always_inline void
dest_set(struct dest *d, uint32_t a, uint32_t b, uint32_t c, uint32_t e, uint32_t port)
{
	d->port = bpf_ntohs((uint16_t)port);
	if ((a | b) == 0 && c == bpf_htonl(0xffff) && e == 0)
		e = bpf_htonl(0x7f000001);
	if ((a | b | c | e) == 0)
		e = bpf_htonl(1);
	d->addr[0] = a;
	d->addr[1] = b;
	d->addr[2] = c;
	d->addr[3] = e;
}

static __always_inline bool
dest_is_local(const struct dest *d)
{
	if ((d->addr[0] | d->addr[1]) != 0)
		return false;
	if (d->addr[2] == bpf_htonl(0xffff))
		return (d->addr[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return d->addr[2] == 0 && d->addr[3] == bpf_htonl(1);
}

/* Nothing of a generation that is gone is known: then all is class 0. */
static __always_inline void
dest_classify(struct dest *d, uint32_t generation)
{
	uint32_t slot = gate_slot(generation);
	const struct gate_ports *p = bpf_map_lookup_elem(&ports, &slot);
	struct gate_prefix key = {.bits = 128};
	const uint8_t *found;
	void *trie;

	d->addr_class = d->port_class = 0;
	d->ssh = d->port == SSH_PORT;
	if (generation == 0 || p == NULL || p->generation != generation)
		return;
	d->port_class = p->of[d->port] & (GRANT_PORTS - 1);
	d->ssh = (p->of[d->port] & GATE_PORT_SSH) != 0;
	trie = bpf_map_lookup_elem(&prefixes, &slot);
	if (trie == NULL)
		return;
	__builtin_memcpy(key.addr, d->addr, sizeof(key.addr));
	found = bpf_map_lookup_elem(trie, &key);
	if (found != NULL)
		d->addr_class = *found & (GRANT_ADDRS - 1);
}

static __always_inline void
tell_dest(const struct who *w, const struct dest *d, uint32_t event, uint32_t verdict, uint32_t flags)
{
	struct gate_saw *s = tell(w, event, verdict, flags);

	if (s == NULL)
		return;
	__builtin_memcpy(s->addr, d->addr, sizeof(s->addr));
	s->port = d->port;
	bpf_ringbuf_submit(s, 0);
}

#endif
