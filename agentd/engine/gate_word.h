/* gate_word: what a notice of a kernel gate (NOTE_GATE) says, in the engine's own words.  Pure. */
#ifndef ENGINE_GATE_WORD_H
#define ENGINE_GATE_WORD_H

#include "agentd/detect/finding.h"
#include "agentd/detect/gated.h"
#include "agentd/monitor/grant.h"
#include "agentd/monitor/request.h"

/* What was done about something before anybody could ask for it. */
struct gate_act {
	enum done done; /* DONE_REFUSED, DONE_KILLED or DONE_CUT; DONE_FAILED: it could not be ended */
	enum level level;
	uint32_t ses;   /* by whose grant: the task's own, or the one that it borrowed; SES_UNSET: by none */
	bool isolated;  /* not by the grant, but because that session is isolated */
	bool before;    /* it was connected before the rule: the monitor ended it, and nothing else is due */
};

enum gate_event gate_word_event(const struct notice *);
struct gated gate_word_gated(const struct notice *);
/* False: nothing was done about it. */
bool gate_word_act(const struct notice *, struct gate_act *out);

#endif
