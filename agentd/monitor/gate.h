/*
 * gate: the kernel's side of enforcement: BPF programs on a cgroup and on two tracepoints, their maps, and
 * what comes back through their ring.  Loaded and tried before privileges go; afterwards only maps are
 * written.  Everything works by the audit session id of the task (task_struct.sessionid).
 */
#ifndef MONITOR_GATE_H
#define MONITOR_GATE_H

#include <stdbool.h>

#include "agentd/config.h"
#include "agentd/monitor/grant.h"
#include "agentd/monitor/request.h"

struct event_base;
struct gate;

/* What a row says beside the grant: the monitor's own knowledge. */
struct gate_row {
	struct grant grant;
	uint32_t ses, auid;
	uint32_t sshd_pid;             /* of the reporting sshd: it and its child of the same program relay */
	uint32_t flags;                /* enum gate_row_flag */
	uint64_t sshd_dev, sshd_ino;   /* as stat(2) has them */
};
/* The first two hold in either mode: those of the policy go when the host returns to audit mode. */
enum gate_row_flag {
	GATEROW_ISOLATED = 1u << 0, /* no outbound connection of any kind */
	GATEROW_REVOKED = 1u << 1,  /* its own agents neither */
	/* Root's own word, which no mode takes back; the kernel does not look at these two. */
	GATEROW_ISOLATED_ORDER = 1u << 2,
	GATEROW_REVOKED_ORDER = 1u << 3,
};

/*
 * Opens, attaches and exercises each facility on cf->gate_cgroup; those pinned by a daemon before this one
 * are adopted, rows and all.  Never NULL but for lack of memory: a gate without any facility answers
 * GATEF 0 and takes rows without effect.  Before privileges are dropped.
 */
struct gate *gate_open(const struct config *);
/* on-exit release: everything is detached; keep: stays pinned. */
void gate_close(struct gate **);
/* What works: enum gate_flag; why[i]: errno of facility 1 << i that does not. */
unsigned gate_works(const struct gate *, uint8_t why[GATEF_COUNT]);
/* Hands what the ring has to fn, as NOTE_GATE notices that lack nothing; from now on, on this loop. */
typedef void gate_event_fn(const struct notice *, void *arg);
int gate_listen(struct gate *, struct event_base *, gate_event_fn *, void *arg);

/* All of these: 0 or −errno; at once, without waiting. */
int gate_mode(struct gate *, enum mode);
int gate_ungranted(struct gate *, bool deny);
int gate_row_set(struct gate *, const struct gate_row *);
/* −ENOENT: there is none. */
int gate_row_get(struct gate *, uint32_t ses, struct gate_row *);
int gate_row_drop(struct gate *, uint32_t ses);
/* Whose grant a task of auid with another ses has; SES_UNSET: nobody's. */
int gate_borrow_set(struct gate *, uint32_t auid, uint32_t ses);

/* Two generations of classes exist: begin empties the one that is not in force and answers its number. */
int gate_classes_begin(struct gate *, uint32_t *generation);
int gate_prefixes(struct gate *, uint32_t generation, const struct class_prefix *, size_t n);
int gate_ports(struct gate *, uint32_t generation, const struct class_ports *, size_t n);
/* The other generation is emptied.  Its rows must have been replaced. */
int gate_classes_done(struct gate *, uint32_t generation);

/* A Unix listener by its socket cookie (sock_diag), and by path where one can be relied on; NULL: none. */
struct gate_listener {
	uint64_t cookie;
	uint64_t inode; /* of its file, for the notice */
	uint32_t dev_major, dev_minor;
	uint32_t ses, uid; /* of who listens; ses SES_UNSET: no session */
	uint32_t mux;      /* enum grant_socket */
	uint32_t pad;
};
int gate_listener_set(struct gate *, const struct gate_listener *, const char *path);
int gate_listener_drop(struct gate *, uint64_t cookie, const char *path);
/* A program file that is an SSH client, as stat(2) names it. */
int gate_client_set(struct gate *, uint64_t dev, uint64_t ino);
/* Refusals of a session since its row was set. */
uint64_t gate_refused(struct gate *, uint32_t ses);

#endif
