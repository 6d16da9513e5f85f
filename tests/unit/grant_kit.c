/* grant_kit: see grant_kit.h. */
#include "tests/unit/grant_kit.h"

#include <string.h>

#include "tests/unit/unit.h"

struct addr
kit_addr(const char *text)
{
	struct addr a;

	assert_true(addr_parse(bytes_of(text), &a));
	return a;
}

static struct addr
mapped(struct addr a)
{
	struct addr m = {.family = 6, .b = {[10] = 0xff, [11] = 0xff}};

	if (a.family == 6)
		return a;
	memcpy(m.b + 12, a.b, 4);
	return m;
}

unsigned
kit_addr_class(const struct pol_space *space, struct addr a)
{
	const struct pol_prefix *list;
	int longest = -1;
	unsigned class = 0;
	size_t n;

	list = pol_space_prefixes(space, &n);
	for (size_t i = 0; i < n; i++) {
		const struct prefix key = {.addr = mapped(list[i].prefix.addr),
		    .bits = (uint8_t)(list[i].prefix.bits + (list[i].prefix.addr.family == 4 ? 96 : 0))};

		if (!prefix_has(key, mapped(a)))
			continue;
		assert_int_not_equal(key.bits, longest); /* no key stands there twice */
		if (key.bits > longest) {
			longest = key.bits;
			class = list[i].addr_class;
		}
	}
	assert_true(class < POL_ADDR_CLASSES);
	return class;
}

unsigned
kit_port_class(const struct pol_space *space, uint16_t port, bool *ssh)
{
	const struct pol_ports *list;
	unsigned class = 0, before = 0;
	bool first = true;
	size_t n;

	*ssh = false;
	list = pol_space_ports(space, &n);
	for (size_t i = 0; i < n; i++) {
		assert_true(first || list[i].lo > before);
		assert_true(list[i].lo <= list[i].hi);
		before = list[i].hi;
		first = false;
		if (list[i].lo <= port && port <= list[i].hi) {
			class = list[i].port_class;
			*ssh = list[i].ssh;
		}
	}
	assert_true(class < POL_PORT_CLASSES);
	return class;
}
