/* gate_word: see gate_word.h. */
#include "agentd/engine/gate_word.h"

#include "base/report_addr.h"

enum gate_event
gate_word_event(const struct notice *n)
{
	return (enum gate_event)(n->flags & 0xff);
}

static enum grant_verdict
verdict_of(const struct notice *n)
{
	return (enum grant_verdict)(n->flags >> 8 & 0xff);
}

static const enum gated_kind kinds[] = {
	[GATE_TCP] = GATED_TCP,
	[GATE_UNIX] = GATED_SOCKET,
	[GATE_EXEC] = GATED_EXEC,
};

struct gated
gate_word_gated(const struct notice *n)
{
	return (struct gated){
		.kind = kinds[gate_word_event(n)],
		.time = {.ms = (int64_t)n->value},
		.pid = n->pid,
		.ses = n->id,
		.auid = n->auid,
		.uid = n->uid,
		.relay = (n->flags & GATEN_RELAY) != 0,
		.mux = (n->flags & GATEN_MUX) != 0,
		.stopped = (n->flags & (GATEN_REFUSED | GATEN_KILLED)) != 0,
		.isolated = (n->flags & GATEN_ISOLATED) != 0,
		.before = (n->flags & GATEN_BEFORE) != 0,
		.to = endpoint_of(&n->peer),
		.un = {.has_inode = n->inode != 0, .inode = n->inode, .dev_major = n->dev_major,
		    .dev_minor = n->dev_minor, .ouid = UINT32_MAX},
		.count = 1 + (unsigned)n->start_ticks,
	};
}

/*
 * A connection that is refused never was.  One that is killed in connect(2) has been for a moment, and so
 * has one of sshd's, which the monitor cuts: that is a reaction.
 */
bool
gate_word_act(const struct notice *n, struct gate_act *out)
{
	const enum gate_event event = gate_word_event(n);

	out->ses = n->ses;
	out->isolated = (n->flags & GATEN_ISOLATED) != 0;
	out->before = (n->flags & GATEN_BEFORE) != 0;
	out->level = event == GATE_UNIX || out->before ? LEVEL_REACT : LEVEL_PREVENT;
	if (out->before) {
		out->done = n->result == RES_OK ? DONE_CUT : DONE_FAILED;
		return true;
	}
	if ((n->flags & GATEN_REFUSED) != 0) {
		out->done = DONE_REFUSED;
		out->level = LEVEL_PREVENT;
		return true;
	}
	out->done = (n->flags & GATEN_KILLED) != 0 ? DONE_KILLED : DONE_CUT;
	return (n->flags & GATEN_KILLED) != 0 ||
	    (event == GATE_UNIX && (n->flags & GATEN_RELAY) != 0 && verdict_of(n) == GRANT_DENY);
}
