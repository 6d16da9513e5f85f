/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* gate_unix: what a grant says of a Unix listener, and the path by which somebody connects to it. */
#ifndef MONITOR_GATE_UNIX_BPF_H
#define MONITOR_GATE_UNIX_BPF_H

#include "agentd/monitor/gate_who.bpf.h"

static __always_inline uint32_t
weaker(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Of a listener that another session owns, which has that row. */
static __always_inline uint32_t
unix_verdict_between(const struct gate_row *row, const struct gate_row *owner, const uint8_t v[GRANT_OWNERS])
{
	if (owner->auid != row->auid)
		return v[GRANT_OTHER];
	if (row->grant.login == 0 || owner->grant.login == 0)
		return weaker(v[GRANT_SAME_LOGIN], v[GRANT_SAME_USER]);
	return v[row->grant.login == owner->grant.login ? GRANT_SAME_LOGIN : GRANT_SAME_USER];
}

/* The owner is none that we know of: his uid is all there is to go by. */
static __always_inline uint32_t
unix_verdict_by_uid(const struct gate_row *row, const struct gate_listener *l, const uint8_t v[GRANT_OWNERS])
{
	if (l->uid != row->auid)
		return v[GRANT_OTHER];
	/* A user's own local agent is none of anybody's business. */
	return l->ses == UNSET ? GRANT_ALLOW : weaker(v[GRANT_SAME_LOGIN], v[GRANT_SAME_USER]);
}

struct unix_verdict {
	uint32_t verdict;
	bool always; /* in either mode */
};

static __always_inline struct unix_verdict
unix_judge(const struct who *w, const struct gate_listener *l)
{
	const struct gate_row *row = w->row, *owner = NULL;
	const uint8_t *v = row->grant.unix_use[l->mux != 0 ? SOCKET_MUX : SOCKET_AGENT];
	struct unix_verdict out = {0};

	if (l->ses != UNSET)
		owner = l->ses == row->ses ? row : bpf_map_lookup_elem(&rows, &l->ses);
	if (l->mux == 0 && owner != NULL && has_flag(w, owner, GATEROW_REVOKED, GATEROW_REVOKED_ORDER))
		return (struct unix_verdict){.verdict = GRANT_DENY, .always = true};
	if (l->ses != UNSET && l->ses == w->ses)
		out.verdict = v[GRANT_SELF];
	else if (owner != NULL)
		out.verdict = unix_verdict_between(row, owner, v);
	else
		out.verdict = unix_verdict_by_uid(row, l, v);
	return out;
}

static __always_inline bool
unix_refuses(const struct who *w, const struct unix_verdict *v)
{
	return v->verdict == GRANT_DENY && (w->enforce || v->always);
}

static __always_inline void
tell_unix(const struct who *w, const struct gate_listener *l, uint32_t verdict, uint32_t flags)
{
	struct gate_saw *s = tell(w, GATE_UNIX, verdict, flags | (l->mux != 0 ? GATEN_MUX : 0));

	if (s == NULL)
		return;
	s->inode = l->inode;
	s->dev_major = l->dev_major;
	s->dev_minor = l->dev_minor;
	bpf_ringbuf_submit(s, 0);
}

/* The path as the caller passed it; false: none that could be known. */
static __always_inline bool
path_of(const void *ctx, struct gate_path *out)
{
	/* What the kernel hands us is one of these (include/linux/filter.h); bpf_sock_addr is its shadow. */
	const struct bpf_sock_addr_kern *kern = ctx;
	const char *addr = (const char *)BPF_CORE_READ(kern, uaddr);
	uint32_t len = BPF_CORE_READ(kern, uaddrlen);

	__builtin_memset(out, 0, sizeof(*out));
	if (addr == NULL || len <= sizeof(uint16_t) || len > sizeof(uint16_t) + GATE_PATH)
		return false;
	/* With the closing zero; one past what was passed may be anything. */
	len -= sizeof(uint16_t) - 1;
	if (len > sizeof(out->path) - 1)
		return false;
	return bpf_probe_read_kernel_str(out->path, len, addr + sizeof(uint16_t)) > 1 && out->path[0] == '/';
}

/* Who ends a ControlMaster makes the next one at the same path: by its path no user's own is refused. */
static __always_inline bool
may_be_own_mux(const struct gate_row *row, const struct gate_listener *l)
{
	const struct gate_row *owner = l->ses != UNSET ? bpf_map_lookup_elem(&rows, &l->ses) : NULL;

	return l->mux != 0 && (owner != NULL ? owner->auid : l->uid) == row->auid;
}

#endif
