/* kept: see kept.h. */
#include "agentd/monitor/kept.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"

bool
kept_add(struct kept *k, uint32_t ses, const struct grant *g)
{
	struct kept_grant *of = array_grow(k->of, k->n, &k->room, sizeof(*of), SIZE_MAX);

	if (of == NULL)
		return false;
	k->of = of;
	k->of[k->n++] = (struct kept_grant){.ses = ses, .grant = *g};
	return true;
}

void
kept_clear(struct kept *k)
{
	free(k->of);
	*k = (struct kept){0};
}
