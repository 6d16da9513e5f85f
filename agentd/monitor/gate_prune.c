/*
 * gate_prune: what a daemon before us left in the maps, of sessions that are over and of break-glass users of
 * another day.  Runs in the monitor, at its start.
 */
#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"
#include "base/proc.h"

struct pruning {
	struct gate *g; /* borrowed */
	gate_known_fn *known; /* NULL: all are */
	void *arg;
};

static bool
is_known(const struct pruning *p, uint32_t ses)
{
	return p->known == NULL || p->known(ses, p->arg);
}

static bool
row_stays(const struct pruning *p, const void *key, const void *value)
{
	const struct gate_row *row = value;

	return is_known(p, *(const uint32_t *)key) && !gate_is_breakglass(p->g->cf, row->auid);
}

static bool
tally_stays(const struct pruning *p, const void *key, const void *value)
{
	const uint32_t ses = *(const uint32_t *)key;

	(void)value;
	return ses == SES_UNSET || is_known(p, ses);
}

static bool
loan_stays(const struct pruning *p, const void *key, const void *value)
{
	const uint32_t ses = *(const uint32_t *)value;
	bool free_user = gate_is_breakglass(p->g->cf, *(const uint32_t *)key);

	return ses == SES_UNSET ? free_user : !free_user && is_known(p, ses);
}

static bool
listener_stays(const struct pruning *p, const void *key, const void *value)
{
	const struct gate_listener *l = value;

	(void)key;
	return l->ses == SES_UNSET || is_known(p, l->ses);
}

static bool
path_stays(const struct pruning *p, const void *key, const void *value)
{
	struct gate_listener l;

	(void)key;
	return bpf_map_lookup_elem(bpf_map__fd(p->g->bpf->maps.listeners), value, &l) == 0;
}

union key {
	uint32_t id;
	uint64_t cookie;
	struct gate_path path;
};
union value {
	uint32_t ses;
	uint64_t cookie;
	struct gate_row row;
	struct gate_tally tally;
	struct gate_listener listener;
};

static void
prune(const struct pruning *p, const struct bpf_map *map,
    bool (*stays)(const struct pruning *, const void *, const void *))
{
	int fd = bpf_map__fd(map);
	union key at, next;
	union value value;
	bool more = bpf_map_get_next_key(fd, NULL, &next) == 0;

	while (more) {
		at = next;
		more = bpf_map_get_next_key(fd, &at, &next) == 0;
		if (bpf_map_lookup_elem(fd, &at, &value) == 0 && !stays(p, &at, &value))
			(void)bpf_map_delete_elem(fd, &at);
	}
}

void
gate_prune(struct gate *g, gate_known_fn *known, void *arg)
{
	const struct pruning p = {.g = g, .known = known, .arg = arg};

	if (g->bpf == NULL)
		return;
	prune(&p, g->bpf->maps.borrow, loan_stays);
	prune(&p, g->bpf->maps.rows, row_stays);
	prune(&p, g->bpf->maps.tally, tally_stays);
	prune(&p, g->bpf->maps.listeners, listener_stays);
	prune(&p, g->bpf->maps.paths, path_stays);
}

int
gate_free_breakglass(struct gate *g)
{
	const uint32_t anything = SES_UNSET;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < g->cf->nbreakglass; i++)
		rc = bpf_map_update_elem(bpf_map__fd(g->bpf->maps.borrow), &g->cf->breakglass_uid[i], &anything,
		    BPF_ANY);
	if (rc == 0) /* of tasks that no session covers */
		rc = bpf_map_update_elem(bpf_map__fd(g->bpf->maps.tally), &anything, &(struct gate_tally){0},
		    BPF_ANY);
	gate_prune(g, NULL, NULL);
	return rc;
}
