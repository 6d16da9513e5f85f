/*
 * gate_maps: rows, listeners and programs in the kernel's maps.  Runs in the monitor; each function is a
 * system call or two.  Without programs there are no maps, and all of it is taken without effect.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"
#include "base/proc.h"

static int
put(const struct bpf_map *map, const void *key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY);
}

/* What is not there is gone already. */
static int
drop(const struct bpf_map *map, const void *key)
{
	int rc = bpf_map_delete_elem(bpf_map__fd(map), key);

	return rc == -ENOENT ? 0 : rc;
}

/* --- the state of all ---------------------------------------------------------------------------------- */

static int
change_state(struct gate *g, void (*change)(struct gate_state *, uint32_t), uint32_t to)
{
	struct gate_state s;
	int rc;

	if (g->bpf == NULL)
		return 0;
	rc = bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.state), &(uint32_t){0}, &s);
	if (rc != 0)
		return rc;
	change(&s, to);
	return put(g->bpf->maps.state, &(uint32_t){0}, &s);
}

static void
set_enforce(struct gate_state *s, uint32_t to)
{
	s->enforce = to;
}

static void
set_until(struct gate_state *s, uint32_t to)
{
	s->until_s = to;
}

static void
set_ungranted(struct gate_state *s, uint32_t to)
{
	s->ungranted_deny = to;
}

static void
set_generation(struct gate_state *s, uint32_t to)
{
	s->generation = to;
}

int
gate_mode(struct gate *g, enum mode mode)
{
	return change_state(g, set_enforce, mode == MODE_ENFORCE);
}

int
gate_until(struct gate *g, struct btime when)
{
	return change_state(g, set_until, when.ms <= 0 ? 0 : (uint32_t)(when.ms / 1000 + 1));
}

int
gate_ungranted(struct gate *g, bool deny)
{
	return change_state(g, set_ungranted, deny);
}

int
gate_generation(struct gate *g, uint32_t generation)
{
	return change_state(g, set_generation, generation);
}

int
gate_generation_found(struct gate *g, uint32_t *generation)
{
	struct gate_state s;
	int rc = bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.state), &(uint32_t){0}, &s);

	if (rc == 0)
		*generation = s.generation;
	return rc;
}

/* --- rows ------------------------------------------------------------------------------------------------ */

int
gate_row_set(struct gate *g, const struct gate_row *row)
{
	int rc;

	if (gate_is_breakglass(g->cf, row->auid))
		return -EPERM;
	if (g->bpf == NULL)
		return 0;
	rc = bpf_map_update_elem(bpf_map__fd(g->bpf->maps.tally), &row->ses, &(struct gate_tally){0},
	    BPF_NOEXIST);
	return rc != 0 && rc != -EEXIST ? rc : put(g->bpf->maps.rows, &row->ses, row);
}

int
gate_row_get(struct gate *g, uint32_t ses, struct gate_row *row)
{
	return g->bpf == NULL ? -ENOENT : bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.rows), &ses, row);
}

int
gate_row_drop(struct gate *g, uint32_t ses)
{
	int rc;

	if (g->bpf == NULL)
		return 0;
	rc = drop(g->bpf->maps.rows, &ses);
	return rc != 0 ? rc : drop(g->bpf->maps.tally, &ses);
}

int
gate_borrow_set(struct gate *g, uint32_t auid, uint32_t ses)
{
	if (gate_is_breakglass(g->cf, auid))
		return -EPERM;
	if (g->bpf == NULL)
		return 0;
	return ses == SES_UNSET ? drop(g->bpf->maps.borrow, &auid) : put(g->bpf->maps.borrow, &auid, &ses);
}

uint64_t
gate_refused(struct gate *g, uint32_t ses)
{
	struct gate_tally t;

	if (g->bpf == NULL || bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.tally), &ses, &t) != 0)
		return 0;
	return t.refused;
}

/* --- sockets and programs -------------------------------------------------------------------------------- */

static bool
path_key(const char *path, struct gate_path *key)
{
	size_t n = path == NULL ? 0 : strlen(path);

	if (n == 0 || n > GATE_PATH)
		return false;
	memset(key, 0, sizeof(*key));
	memcpy(key->path, path, n);
	return true;
}

int
gate_listener_set(struct gate *g, const struct gate_listener *l, const char *path)
{
	struct gate_path key;
	int rc;

	if (g->bpf == NULL)
		return 0;
	rc = put(g->bpf->maps.listeners, &l->cookie, l);
	return rc != 0 || !path_key(path, &key) ? rc : put(g->bpf->maps.paths, &key, &l->cookie);
}

int
gate_listener_drop(struct gate *g, uint64_t cookie, const char *path)
{
	struct gate_path key;
	uint64_t now;

	if (g->bpf == NULL)
		return 0;
	/* Somebody else may listen there by now. */
	if (path_key(path, &key) &&
	    bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.paths), &key, &now) == 0 && now == cookie)
		(void)drop(g->bpf->maps.paths, &key);
	return drop(g->bpf->maps.listeners, &cookie);
}

size_t
gate_listeners(const struct gate *g, struct gate_listener out[GATE_LISTENERS])
{
	int fd = g->bpf == NULL ? -1 : bpf_map__fd(g->bpf->maps.listeners);
	uint64_t at, next;
	size_t n = 0;

	for (bool more = fd != -1 && bpf_map_get_next_key(fd, NULL, &next) == 0; more && n < GATE_LISTENERS;) {
		at = next;
		n += bpf_map_lookup_elem(fd, &at, &out[n]) == 0;
		more = bpf_map_get_next_key(fd, &at, &next) == 0;
	}
	return n;
}

uint64_t
gate_uncut(const struct gate *g)
{
	return g->bpf == NULL ? 0 : __atomic_load_n(&g->bpf->bss->uncut, __ATOMIC_RELAXED);
}

int
gate_makers(const struct gate *g)
{
	return g->bpf == NULL ? -1 : bpf_map__fd(g->bpf->maps.makers);
}

int
gate_client_set(struct gate *g, int fd)
{
	struct gate_program key;
	int rc = g->bpf == NULL ? 0 : gate_client_name(g, fd, &key);

	return g->bpf == NULL || rc != 0 ? rc : put(g->bpf->maps.clients, &key, &(uint8_t){1});
}
