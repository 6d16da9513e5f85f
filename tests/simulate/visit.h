/*
 * visit: one login and what happens in it, as a list of steps with their times; and the agenda that plays all
 * visits side by side.  Who plans a visit says when things begin and end; what they look like from outside is
 * the machine's matter.
 */
#ifndef SIMULATE_VISIT_H
#define SIMULATE_VISIT_H

#include "tests/simulate/machine.h"
#include "tests/simulate/world.h"

#define NO_ATTACK (-1)

struct site;
struct visit;

/* Whose hands do it: of a visit. */
enum by { BY_SHELL, BY_ROOT, BY_OTHER, BY_SSHD, BY_TMUX };

/*
 * A visit that begins then; not yet on the agenda.  who and key are borrowed for good.  Times of what is
 * added are minutes since it began.
 */
struct visit *visit_new(struct site *, const struct credentials *, struct rtime begin, int attack);
void visit_shell(struct visit *, double at);
void visit_work(struct visit *, double at);
void visit_sudo(struct visit *, double at);
void visit_su(struct visit *, double at, const char *user, uint32_t uid);
/*
 * A connection from `at` on, for so many minutes: an SSH client, or sshd's own for BY_SSHD.  It carries so many
 * bytes.  through: they come in or go out by the login's own connection.
 */
struct errand {
	enum by by;
	enum program program; /* of a client: PROG_SSH, or what runs one */
	struct endpoint to;
	double at, minutes;
	double sent, received;
	bool through;
	bool agent; /* asks the forwarded agent */
};
void visit_errand(struct visit *, const struct errand *);
void visit_tmux(struct visit *, double at);   /* starts one that stays */
void visit_agent_of(struct visit *, double at, enum by by, const char *victim);
void visit_read_key(struct visit *, double at, enum by by, const struct person *victim);
void visit_attach(struct visit *, double at, enum by by, const char *victim);
void visit_own_server(struct visit *, double at);
void visit_without_pam(struct visit *, double at, uint32_t uid);
void visit_served(struct visit *, double at); /* from where the visit comes */
void visit_leave(struct visit *, double at);
/* The agenda has it now.  Without visit_leave(): it leaves when all is done. */
void visit_go(struct visit *);

/* Work of cron: a session without a login; of who the name and uid count. */
struct visit *visit_cron(struct site *, const struct credentials *who, struct rtime begin);

struct site {
	struct machine *machine; /* borrowed */
	struct world *world;     /* borrowed */
	struct visit **agenda;   /* owned; a heap, the earliest first */
	size_t nagenda, cap;
	uint64_t order;
	struct visit *tmux[PEOPLE]; /* whose server stays; borrowed */
	uint64_t logins;
	/* Told before the pipeline hears of a session; when nothing of it is left. */
	void (*opened)(uint32_t ses, int attack, void *arg);
	void (*ended)(uint32_t ses, void *arg);
	void *arg;
};

/* Plays all that comes before then. */
void site_until(struct site *, struct rtime then);
void site_free(struct site *);

#endif
