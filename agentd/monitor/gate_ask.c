/*
 * gate_ask: what is asked of those programs that are never attached (BPF_PROG_TEST_RUN).  Runs in the monitor;
 * gate_judge() and gate_refuses() beside its loop, too.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"

int
gate_judge(const struct gate *g, const struct gate_question *q)
{
	struct gate_asked a = {.ses = q->ses, .port = q->to.port, .relay = q->relay, .came = q->came,
	    .program = q->program, .starter = q->starter};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &a, .ctx_size_in = sizeof(a));
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	int rc;

	if (g->bpf == NULL)
		return GRANT_ALLOW;
	if (q->to.family == 4)
		memcpy(addr + 12, q->to.b, 4);
	else
		memcpy(addr, q->to.b, sizeof(addr));
	memcpy(a.addr, addr, sizeof(a.addr));
	rc = bpf_prog_test_run_opts(bpf_program__fd(g->bpf->progs.judge), &opts);
	return rc != 0 ? rc : (int)opts.retval;
}

bool
gate_refuses(const struct gate *g, uint32_t ses, uint32_t auid, uint64_t cookie)
{
	const uint64_t args[] = {ses, auid, cookie};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args));

	return g->bpf != NULL && bpf_prog_test_run_opts(bpf_program__fd(g->bpf->progs.judge_unix), &opts) == 0 &&
	    opts.retval == 1;
}

int
gate_client_name(struct gate *g, int fd, struct gate_program *out)
{
	const uint64_t args[1] = {(uint64_t)fd};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args));
	int rc = bpf_prog_test_run_opts(bpf_program__fd(g->bpf->progs.name), &opts);

	if (rc == 0 && opts.retval != 1)
		rc = -EBADF;
	return rc != 0 ? rc : bpf_map_lookup_elem(bpf_map__fd(g->bpf->maps.named), &(uint32_t){0}, out);
}
