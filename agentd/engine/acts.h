/*
 * acts: what is done about a ruling.  Asks the monitor, waits for its answer, and only then lets the
 * alert go, so that `done` says what happened and not what was meant to.  Logins are not acted on here
 * (reports.h).
 */
#ifndef ENGINE_ACTS_H
#define ENGINE_ACTS_H

#include "agentd/engine/gate_word.h"
#include "agentd/engine/link.h"
#include "agentd/engine/pipeline.h"
#include "agentd/engine/spares.h"

/* What became of a ruling.  Everything is borrowed. */
struct outcome_of {
	const struct ruling *ruling;
	enum done done;
	enum level level;
	const char *why; /* NULL: nothing to be said */
};
typedef void outcome_fn(const struct outcome_of *, void *arg);

struct acts_stats {
	uint64_t asked, done, failed, would_have;
	unsigned waiting;
};

struct acts_parts {
	struct event_base *base;
	struct link *link;
	spared_fn *spared; /* what the policy in force spares; NULL: nothing */
	/* How strongly the ruling could be carried out here, and why not better.  NULL: pol_level(). */
	enum level (*level)(const struct ruling *, const char **why, void *arg);
	/* gates_done(): has the kernel stopped it by itself?  NULL: nobody asks it. */
	bool (*gated)(const struct finding *, struct gate_act *, void *arg);
	outcome_fn *outcome;
	void *arg;
};

struct acts;

struct acts *acts_new(const struct acts_parts *);
void acts_free(struct acts **);
/*
 * outcome() is called now or, when the monitor has to act first, later.  What the kernel has refused is asked
 * of nobody; of what it refused over and over one ruling in a while is told, with the count.
 */
void acts_ruling(struct acts *, const struct ruling *);
/* Which gates work on this host: enum gate_flag. */
void acts_gates(struct acts *, unsigned works);
/* A gate has told of something: rulings that wait for its word are looked at again. */
void acts_gate_told(struct acts *);
/* At the end: none waits any longer. */
void acts_flush(struct acts *);
const struct acts_stats *acts_stats(const struct acts *);

#endif
