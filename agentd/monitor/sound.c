/* sound: see sound.h.  Runs in the monitor. */
#include "agentd/monitor/sound.h"

#define LOW_BITS  0x55u /* of the four verdicts in a byte */
#define HIGH_BITS 0xaau

static const uint8_t *
tcp_bytes(const struct grant *g)
{
	return &g->tcp[0][0][0];
}

/* Two bits can say 3, which is no verdict. */
bool
sound_grant(const struct grant *g)
{
	for (size_t i = 0; i < sizeof(g->tcp); i++)
		if ((tcp_bytes(g)[i] & (unsigned)tcp_bytes(g)[i] >> 1 & LOW_BITS) != 0)
			return false;
	for (size_t i = 0; i < sizeof(g->unix_use); i++)
		if ((&g->unix_use[0][0])[i] > GRANT_DENY)
			return false;
	return (g->flags & ~(uint32_t)GRANTF_NO_DESTINATION) == 0;
}

unsigned
grant_denies(const struct grant *g)
{
	unsigned n = g->flags != 0;

	for (size_t i = 0; i < sizeof(g->tcp); i++)
		n += (unsigned)__builtin_popcount(tcp_bytes(g)[i] & HIGH_BITS);
	for (size_t i = 0; i < sizeof(g->unix_use); i++)
		n += (&g->unix_use[0][0])[i] > GRANT_REPORT;
	return n;
}

bool
sound_prefixes(const struct class_prefix *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].bits > 128 || p[i].addr_class >= GRANT_ADDRS || p[i].pad != 0)
			return false;
	return true;
}

bool
sound_ports(const struct class_ports *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].lo > p[i].hi || p[i].port_class >= GRANT_PORTS || p[i].ssh > 1 || p[i].pad != 0)
			return false;
	return true;
}
