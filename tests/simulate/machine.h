/*
 * machine: the simulated bastion: its tasks, sockets and logins, and what the kernel's audit, sshd's PAM
 * module and sock_diag tell the pipeline of them.  Everything passes as it does in the daemon: records as
 * text, reports as struct report, volumes as struct volume, and a probe that answers from these tables.
 */
#ifndef SIMULATE_MACHINE_H
#define SIMULATE_MACHINE_H

#include "agentd/engine/pipeline.h"

#define NOBODY UINT32_MAX /* no session, no login uid */

/* The programs that there are; their files are root's. */
enum program {
	PROG_SSHD,
	PROG_BASH,
	PROG_SSH,
	PROG_SCP,
	PROG_RSYNC,
	PROG_GIT,
	PROG_SUDO,
	PROG_SU,
	PROG_TMUX,
	PROG_CRON,
	PROG_ANSIBLE,
	PROG_WORK, /* an editor, a compiler, a database's client: whatever it is that people do */
	PROG_CAT,
	PROG_TAR,
	PROG_GDB,
	PROG_DROPBEAR,
	PROG_COUNT,
};

struct machine;

/* An SSH login, as it stands on the machine.  All but agent_* are set by machine_login(). */
struct login {
	uint32_t ses, uid;
	char user[ST_NAME_MAX];
	struct endpoint from, at;
	uint32_t monitor, child; /* sshd's */
	uint64_t sent, received; /* of its connection, so far */
	char agent_path[64];     /* "": none is forwarded */
	uint64_t agent_inode;
};

struct credentials {
	const char *user;
	uint32_t uid;
	struct endpoint from;
	const char *key;    /* a fingerprint; NULL: a password */
	bool agent;         /* it is forwarded */
	bool unreported;    /* the stack's module was taken out */
};

/* A connection that a task of a login has. */
struct flow {
	uint32_t pid, ses, uid;
	struct endpoint from, to;
	uint64_t sent, received;
	bool open;
};

struct machine *machine_new(const struct pipeline_options *);
void machine_free(struct machine **);
struct pipeline *machine_pipeline(struct machine *);
/* Time goes on to then, and is told. */
void machine_time(struct machine *, struct rtime);
struct rtime machine_now(const struct machine *);
void machine_flush(struct machine *);

void machine_login(struct machine *, const struct credentials *, struct login *);
void machine_logout(struct machine *, struct login *);
/* How much it has carried, and whether that is all. */
void machine_volume(struct machine *, const struct login *, bool last);

/* A task of parent's session runs that; its pid.  words: its command line, separated by blanks. */
uint32_t machine_run(struct machine *, uint32_t parent, enum program, const char *words);
void machine_exit(struct machine *, uint32_t pid);
/* All tasks of a session but one, 0: all; when none is left nobody has it any more. */
void machine_end(struct machine *, uint32_t ses, uint32_t but);
uint32_t machine_next_ses(const struct machine *); /* of the next login */
uint32_t machine_ses(const struct machine *, uint32_t pid);
/* It has that uid from now on; sudo's and su's word goes before. */
void machine_become(struct machine *, uint32_t pid, uint32_t uid, const char *user, enum program by);
/* A task of cron's, with a session and without a login. */
uint32_t machine_cron(struct machine *, uint32_t uid, const char *user);

void machine_connect(struct machine *, uint32_t pid, struct endpoint to, struct flow *);
/* It carried so much, both ways, and if last it is over. */
void machine_flow(struct machine *, struct flow *, uint64_t sent, uint64_t received, bool last);
/* A Unix socket that it listens on from now on; its inode. */
uint64_t machine_listen(struct machine *, uint32_t pid, const char *path);
/* It connects to one. */
void machine_reach(struct machine *, uint32_t pid, const char *path, uint64_t inode, uint32_t owner);
void machine_attach(struct machine *, uint32_t pid, uint32_t target, const char *comm); /* ptrace */
/* It opens the private key of that user. */
void machine_key(struct machine *, uint32_t pid, uint32_t owner, const char *owner_name);
/* A server without PAM lets somebody in. */
void machine_without_pam(struct machine *, uint32_t uid);
/* A server of which audit told nothing serves somebody: there is its connection alone. */
void machine_served(struct machine *, struct addr from);

#endif
