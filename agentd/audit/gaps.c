/* gaps: see gaps.h.  A ring of bits, one a serial, between two moving ends. */
#include "agentd/audit/gaps.h"

static bool
bit_take(struct gaps *g, uint32_t serial)
{
	uint32_t i = serial % GAPS_WINDOW;
	uint64_t bit = UINT64_C(1) << i % 64;
	bool was = (g->seen[i / 64] & bit) != 0;

	g->seen[i / 64] &= ~bit;
	return was;
}

static void
bit_set(struct gaps *g, uint32_t serial)
{
	uint32_t i = serial % GAPS_WINDOW;

	g->seen[i / 64] |= UINT64_C(1) << i % 64;
}

/* n serials in a row, starting at low, never came. */
static void
count_hole(struct gaps *g, uint32_t n)
{
	if (n == 0)
		return;
	g->missing += n;
	if (!g->in_hole)
		g->holes++;
	g->in_hole = true;
}

/* Decides every serial before upto, which is at most one past the newest. */
static void
decide(struct gaps *g, uint32_t upto)
{
	while ((int32_t)(upto - g->low) > 0) {
		if (bit_take(g, g->low))
			g->in_hole = false;
		else
			count_hole(g, 1);
		g->low++;
	}
}

static void
start_at(struct gaps *g, uint32_t serial, struct rtime time)
{
	g->started = true;
	g->in_hole = false;
	g->low = g->high = g->mark = serial;
	g->newest = time;
	bit_set(g, serial);
}

/* serial is newer than all before, by ahead. */
static void
advance(struct gaps *g, uint32_t serial, uint32_t ahead, struct rtime time)
{
	if (ahead >= GAPS_WINDOW) {
		gaps_flush(g);
		count_hole(g, ahead - 1);
		g->low = serial;
	} else if (serial - g->low >= GAPS_WINDOW)
		decide(g, serial - GAPS_WINDOW + 1);
	g->high = serial;
	g->newest = time;
	bit_set(g, serial);
}

void
gaps_seen(struct gaps *g, uint32_t serial, struct rtime time)
{
	uint32_t ahead = serial - g->high;

	if (!g->started)
		start_at(g, serial, time);
	else if (ahead == 0)
		return;
	else if (ahead <= INT32_MAX)
		advance(g, serial, ahead, time);
	else if (serial - g->low < g->high + 1 - g->low)
		bit_set(g, serial);
	else if (g->low - serial > GAPS_WINDOW && rtime_since(time, g->newest) > 0) {
		/* Far behind, yet later: the kernel was started anew. */
		gaps_flush(g);
		start_at(g, serial, time);
	}
}

void
gaps_settle(struct gaps *g)
{
	if (!g->started)
		return;
	decide(g, g->mark);
	g->mark = g->high;
}

void
gaps_flush(struct gaps *g)
{
	if (!g->started)
		return;
	decide(g, g->high + 1);
}
