/*
 * gate_none: a gate without any facility, until gate.c is there: weak symbols, which the real ones replace.
 */
#include <errno.h>
#include <string.h>

#include "agentd/monitor/gate.h"

#define NONE(name, ...) \
	__attribute__((weak)) int name(__VA_ARGS__) \
	{ \
		return 0; \
	}
#pragma GCC diagnostic ignored "-Wunused-parameter"

NONE(gate_listen, struct gate *g, struct event_base *base, gate_event_fn *fn, void *arg)
NONE(gate_mode, struct gate *g, enum mode mode)
NONE(gate_ungranted, struct gate *g, bool deny)
NONE(gate_row_set, struct gate *g, const struct gate_row *row)
NONE(gate_row_drop, struct gate *g, uint32_t ses)
NONE(gate_borrow_set, struct gate *g, uint32_t auid, uint32_t ses)
NONE(gate_prefixes, struct gate *g, uint32_t generation, const struct class_prefix *p, size_t n)
NONE(gate_ports, struct gate *g, uint32_t generation, const struct class_ports *p, size_t n)
NONE(gate_classes_done, struct gate *g, uint32_t generation)
NONE(gate_listener_set, struct gate *g, const struct gate_listener *l, const char *path)
NONE(gate_listener_drop, struct gate *g, uint64_t cookie, const char *path)
NONE(gate_client_set, struct gate *g, uint64_t dev, uint64_t ino)

__attribute__((weak)) unsigned
gate_works(const struct gate *g, uint8_t why[GATEF_COUNT])
{
	memset(why, EOPNOTSUPP, GATEF_COUNT);
	return 0;
}

__attribute__((weak)) int
gate_row_get(struct gate *g, uint32_t ses, struct gate_row *row)
{
	return -ENOENT;
}

__attribute__((weak)) int
gate_classes_begin(struct gate *g, uint32_t *generation)
{
	static uint32_t last;

	*generation = ++last;
	return 0;
}
