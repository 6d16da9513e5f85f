/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* gate_who: whose grant the current task has, and how it is told what became of it. */
#ifndef MONITOR_GATE_WHO_BPF_H
#define MONITOR_GATE_WHO_BPF_H

#include "agentd/monitor/gate_event.h"
#include "agentd/monitor/gate_maps.bpf.h"
#include "agentd/monitor/gate_task.bpf.h"

struct who {
	const struct task_struct *task;
	uint32_t ses, auid;
	uint32_t flags; /* GATEN_* that are known already */
	const struct gate_row *row; /* NULL: none */
	uint64_t enforce; /* or not; wide, for the verifier remembers the bounds of what is spilled whole */
};

/* NULL: it is not the one that is tried. */
static __always_inline const struct gate_try *
trial_of(const struct task_struct *task)
{
	const struct gate_try *t = bpf_map_lookup_elem(&trial, &(uint32_t){0});

	return t != NULL && t->tgid != 0 && t->tgid == (uint32_t)BPF_CORE_READ(task, tgid) ? t : NULL;
}

/* That of a session of its login uid which lends it. */
static __always_inline const struct gate_row *
row_borrowed(const struct who *w)
{
	const uint32_t *ses = bpf_map_lookup_elem(&borrow, &w->auid);

	return ses == NULL ? NULL : bpf_map_lookup_elem(&rows, ses);
}

static __always_inline bool
enforces(const struct gate_state *s)
{
	return s != NULL && s->enforce != 0 && (s->until_s == 0 || bpf_ktime_get_boot_ns() / 1000000000 < s->until_s);
}

/* By its session, else by its login uid. */
static __always_inline void
find_row(struct who *w)
{
	if (w->ses != UNSET)
		w->row = bpf_map_lookup_elem(&rows, &w->ses);
	if (w->row == NULL && w->auid != UNSET && (w->row = row_borrowed(w)) != NULL)
		w->flags |= GATEN_BORROWED;
}

static __always_inline struct who
who_is_it(void)
{
	const struct task_struct *task = (const struct task_struct *)bpf_get_current_task();
	struct who w = {.task = task, .ses = BPF_CORE_READ(task, sessionid),
	    .auid = BPF_CORE_READ(task, loginuid.val), .enforce = enforces(state_now())};
	const struct gate_try *tried = trial_of(task);

	if (tried != NULL) {
		w.row = &tried->row;
		w.enforce = true;
	} else {
		find_row(&w);
	}
	return w;
}

/* Root's word holds in either mode, the policy's while there is enforcing. */
static __always_inline bool
has_flag(const struct who *w, const struct gate_row *row, uint32_t policy, uint32_t order)
{
	return (row->flags & (w->enforce ? policy | order : order)) != 0;
}

/* --- what is told --------------------------------------------------------------------------------------- */

/* Whether this one is told by itself, or counted only. */
static __always_inline bool
tally_allows(struct gate_tally *t, uint32_t flags)
{
	uint64_t second = bpf_ktime_get_ns() / 1000000000;

	if (flags & (GATEN_REFUSED | GATEN_KILLED))
		__sync_fetch_and_add(&t->refused, 1);
	if (t->second != second) {
		t->second = second;
		t->told = 0;
	}
	if (flags & GATEN_CUT)
		return true; /* however much there is to tell */
	if (t->told >= GATE_TELL || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > GATE_RING / 2) {
		__sync_fetch_and_add(&t->untold, 1);
		return false;
	}
	__sync_fetch_and_add(&t->told, 1);
	return true;
}

uint64_t uncut; /* what had to be cut, and could not be told */

/* NULL: not now.  What it returns is the caller's to fill and to submit. */
static __always_inline struct gate_saw *
tell(const struct who *w, uint32_t event, uint32_t verdict, uint32_t flags)
{
	uint32_t ses = w->row != NULL ? w->row->ses : UNSET;
	struct gate_tally *t = bpf_map_lookup_elem(&tally, &ses);
	const struct task_struct *task = w->task;
	struct gate_saw *s;

	if (t != NULL && !tally_allows(t, flags))
		return NULL;
	s = bpf_ringbuf_reserve(&ring, sizeof(*s), 0);
	if (s == NULL) {
		if (t != NULL)
			__sync_fetch_and_add(&t->untold, 1);
		if (flags & GATEN_CUT)
			__sync_fetch_and_add(&uncut, 1);
		return NULL;
	}
	__builtin_memset(s, 0, sizeof(*s));
	s->when_ns = bpf_ktime_get_ns();
	s->flags = event | verdict << 8 | flags | w->flags;
	s->ses = ses;
	s->own_ses = w->ses;
	s->auid = w->auid;
	/* Not by helper: kernels before 6.1 have none of it for programs on cgroups. */
	s->pid = (uint32_t)BPF_CORE_READ(task, tgid);
	s->uid = BPF_CORE_READ(task, cred, uid.val);
	if (t != NULL) {
		s->untold = t->untold;
		__sync_fetch_and_add(&t->untold, -s->untold);
	}
	return s;
}

#endif
