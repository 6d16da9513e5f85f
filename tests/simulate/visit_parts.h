/*
 * visit_parts: what the files of a visit share and nobody else sees: its steps (visit.c plans them), how they are
 * played (play.c), and the agenda that plays them in order (agenda.c).
 */
#ifndef SIMULATE_VISIT_PARTS_H
#define SIMULATE_VISIT_PARTS_H

#include "tests/simulate/visit.h"

enum what {
	STEP_LOGIN,
	STEP_CRON,
	STEP_SHELL,
	STEP_WORK,
	STEP_SUDO,
	STEP_SU,
	STEP_CONNECT,
	STEP_CARRY,
	STEP_HANG_UP,
	STEP_TMUX,
	STEP_AGENT_OF,
	STEP_READ_KEY,
	STEP_ATTACH,
	STEP_OWN_SERVER,
	STEP_WITHOUT_PAM,
	STEP_SERVED,
	STEP_LEAVE,
};

struct step {
	struct rtime at;
	unsigned order; /* of two at the same time the first one added */
	enum what what;
	enum by by;
	unsigned flow;
	uint64_t sent, received;
	const char *user;
	uint32_t uid;
};

struct visit {
	struct site *site;
	struct credentials who;
	struct rtime begin, end;
	int attack;
	bool cron, leaves, keeps_tmux;
	struct step *steps;
	size_t nsteps, cap, next;
	struct errand *errands;
	struct flow *flows; /* as many as errands */
	size_t nerrands, errands_cap;
	uint64_t order;
	/* on the machine */
	bool open;
	struct login login;
	uint32_t shell, root, other, tmux; /* 0: none */
	uint64_t tmux_inode;
	uint32_t other_uid;
	const char *other_user; /* borrowed; whom su made it */
	uint32_t *clients; /* of the flows */
};

/* visit.c: one more at the end of p; without memory the program ends. */
void *visit_grow(void *p, size_t *cap, size_t n, size_t size);
struct step *visit_add(struct visit *, double minute, enum what);
void visit_free(struct visit *);
/* play.c */
void visit_play(struct visit *, const struct step *);
/* agenda.c */
void agenda_put(struct site *, struct visit *);

#endif
