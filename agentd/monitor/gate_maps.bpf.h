/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * gate_maps: what the BPF programs know.  The monitor writes it (gate_maps.c, gate_classes.c), all but the
 * tallies and the ring.
 */
#ifndef MONITOR_GATE_MAPS_BPF_H
#define MONITOR_GATE_MAPS_BPF_H

#include <stdint.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "agentd/monitor/gate_abi.h"

#define UNSET UINT32_MAX /* a session id, a login uid */

#define HASH(name, keys, values, room) \
	struct { \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(max_entries, room); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, keys); \
		__type(value, values); \
	} name SEC(".maps")
#define ARRAY(name, values, room) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, room); \
		__type(key, uint32_t); \
		__type(value, values); \
	} name SEC(".maps")

HASH(rows, uint32_t, struct gate_row, GATE_ROWS);      /* ses → row */
HASH(tally, uint32_t, struct gate_tally, GATE_ROWS);   /* ses → what it was refused */
HASH(borrow, uint32_t, uint32_t, GATE_ROWS);           /* auid → ses; UNSET: may do anything */
HASH(listeners, uint64_t, struct gate_listener, GATE_LISTENERS);
HASH(paths, struct gate_path, uint64_t, GATE_LISTENERS); /* → cookie */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH); /* there may be a copy more than any number */
	__uint(max_entries, GATE_CLIENTS);
	__type(key, struct gate_program);
	__type(value, uint8_t);
} clients SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct gate_maker);
} makers SEC(".maps");
ARRAY(named, struct gate_program, 1);
ARRAY(state, struct gate_state, 1);
ARRAY(ports, struct gate_ports, GATE_SLOTS + 1);
ARRAY(trial, struct gate_try, 1);

struct trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, GATE_PREFIXES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct gate_prefix)); /* by type, clang would only announce it */
	__uint(value_size, sizeof(uint8_t));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, GATE_SLOTS + 1);
	__type(key, uint32_t);
	__array(values, struct trie);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, GATE_RING);
} ring SEC(".maps");

static __always_inline const struct gate_state *
state_now(void)
{
	return bpf_map_lookup_elem(&state, &(uint32_t){0});
}

#endif
