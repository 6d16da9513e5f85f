/*
 * gate_load: the BPF programs go into the kernel and to their places.  Runs in the monitor, at its start.
 * Kernels lack some: each facility is loaded for itself when all together are refused, so that one which
 * this kernel does not know takes no other with it.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"
#include "base/log.h"

#define CGROUP_UNIX_CONNECT 49 /* BPF_CGROUP_UNIX_CONNECT, linux/bpf.h since 6.7 */
#define ALL                 ((1u << GATEF_COUNT) - 1)

static const struct {
	const char *name;
	unsigned facility;
	bool on_cgroup;
	int expected; /* attach type that the section's name does not say; 0: it does */
} programs[PROG_COUNT] = {
	[PROG_CONNECT4] = {"connect4", GATEF_CONNECT, true, 0},
	[PROG_CONNECT6] = {"connect6", GATEF_CONNECT, true, 0},
	[PROG_CONNECT_UNIX] = {"connect_unix", GATEF_PATH, true, CGROUP_UNIX_CONNECT},
	[PROG_DATA_READY] = {"sk_data_ready", GATEF_LISTENER, false, 0},
	[PROG_EXEC] = {"sched_process_exec", GATEF_EXEC, false, 0},
	[PROG_SENDMSG4] = {"sendmsg4", GATEF_DATAGRAM, true, 0},
	[PROG_SENDMSG6] = {"sendmsg6", GATEF_DATAGRAM, true, 0},
};

const char *
gate_prog_name(enum gate_prog p)
{
	return programs[p].name;
}

struct bpf_program *
gate_prog(const struct gate *g, enum gate_prog p)
{
	return bpf_object__find_program_by_name(g->bpf->obj, programs[p].name);
}

static int __attribute__((format(printf, 2, 0)))
say(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	return 0;
}

/* The programs of those facilities, and all the maps. */
static int
load(struct gate *g, unsigned facilities)
{
	int rc = 0;

	g->bpf = gate_bpf__open();
	if (g->bpf == NULL)
		return -errno;
	for (enum gate_prog p = 0; p < PROG_COUNT && rc == 0; p++) {
		struct bpf_program *prog = gate_prog(g, p);

		rc = bpf_program__set_autoload(prog, (programs[p].facility & facilities) != 0);
		if (rc == 0 && programs[p].expected != 0)
			rc = bpf_program__set_expected_attach_type(prog,
			    (enum bpf_attach_type)programs[p].expected);
	}
	if (rc == 0)
		rc = gate_pin_take_maps(g);
	if (rc == 0)
		rc = gate_bpf__load(g->bpf);
	if (rc != 0) {
		gate_bpf__destroy(g->bpf);
		g->bpf = NULL;
	}
	return rc;
}

/* One by one, to see which; then those. */
static void
load_some(struct gate *g)
{
	unsigned good = 0;
	int rc;

	for (unsigned i = 0; i < GATEF_COUNT; i++) {
		rc = load(g, 1u << i);
		if (rc == 0)
			good |= 1u << i;
		g->why[i] = (uint8_t)-rc;
		gate_bpf__destroy(g->bpf);
		g->bpf = NULL;
	}
	rc = good != 0 ? load(g, good) : 0;
	g->works = g->bpf != NULL ? good : 0;
	for (unsigned i = 0; i < GATEF_COUNT; i++)
		if (rc != 0 && (good & 1u << i) != 0)
			g->why[i] = (uint8_t)-rc;
}

void
gate_load(struct gate *g)
{
	libbpf_set_print(say);
	if (load(g, ALL) == 0)
		g->works = ALL;
	else
		load_some(g);
}

void
gate_give_up(struct gate *g, unsigned facility, int error)
{
	for (enum gate_prog p = 0; p < PROG_COUNT; p++)
		if (programs[p].facility == facility) {
			gate_pin_drop_link(g, p);
			bpf_link__destroy(g->link[p]);
			g->link[p] = NULL;
		}
	g->works &= ~facility;
	g->why[__builtin_ctz(facility)] = (uint8_t)error;
}

/* In the link of the daemon before us, or in one of its own beside it, before that one goes. */
static struct bpf_link *
attach(struct gate *g, enum gate_prog p)
{
	struct bpf_program *prog = gate_prog(g, p);
	struct bpf_link *link = gate_pin_take_link(g, p);

	if (link != NULL)
		return link;
	link = programs[p].on_cgroup ? bpf_program__attach_cgroup(prog, g->cgroup) : bpf_program__attach(prog);
	if (link != NULL)
		gate_pin_drop_link(g, p);
	return link;
}

void
gate_attach(struct gate *g)
{
	for (enum gate_prog p = 0; p < PROG_COUNT; p++) {
		if ((g->works & programs[p].facility) == 0)
			gate_pin_drop_link(g, p);
		else if ((g->link[p] = attach(g, p)) == NULL)
			gate_give_up(g, programs[p].facility, errno);
	}
}
