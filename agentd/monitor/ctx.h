/*
 * ctx: what the parts of the monitor share: who owns what, and how one part calls another.  Only the
 * monitor's own files include this.
 */
#ifndef MONITOR_CTX_H
#define MONITOR_CTX_H

#include <event2/event.h>

#include "agentd/config.h"
#include "agentd/monitor/aside.h"
#include "agentd/monitor/monitor.h"
#include "agentd/monitor/rate.h"
#include "agentd/monitor/request.h"

/* As the kernel said when it last answered. */
struct auditd {
	pid_t pid;  /* 0: none */
	bool known; /* it answered */
	bool asked; /* and will answer again */
	struct mtime seen;
};

struct monitor {
	const struct config *cf;            /* borrowed */
	const struct monitor_options *opt;  /* borrowed */
	uid_t engine_uid;
	gid_t engine_gid, control_gid;
	struct event_base *base;
	struct aside *work[WORK_COUNT];      /* threads for what may take long */
	int report_fd, verbs_fd, control_fd; /* listening sockets */
	int audit_fd;                        /* audit netlink, WORK_AUDIT's while the loop runs; −1: none */
	int state_dir;                       /* state_dir/monitor: nobody but root */
	struct mode_keeper *mode;
	struct switcher *switcher;           /* sets it */
	struct fleets *fleets;               /* the serials of policies */
	struct registry *registry;
	struct gate *gate;                   /* the kernel's side of grants; never NULL in the loop */
	int makers;                          /* its map of who made a connection; −1: not to be had */
	struct rows *rows;                   /* who has which grant */
	struct review *review;               /* what sessions had connected before they had it */
	struct ring *ring;                   /* what the gates saw */
	struct clients *clients;             /* which programs are SSH clients, and which never */
	struct listeners *listeners;         /* agents and ControlMasters that the gates watch */
	struct watches *watches;             /* keys and memory: who opens them */
	struct child *child;                 /* the engine */
	struct logins *logins;
	struct source *source;
	struct verbs *verbs;
	struct sweeper *sweeper;
	struct table *table;                 /* the requests and their rates */
	struct terminator *terminator;
	struct ruleset *rules;
	struct auditd auditd;
	struct rate actions;                 /* the hard cap on kills and cuts */
	struct event *on_term, *on_int, *on_hup;
	int status;                          /* that the daemon ends with */
};

/* Of two; logins are the more urgent, and the rest of the loop never delays them by more than one callback. */
enum priority { PRIORITY_LOGIN, PRIORITY_REST, PRIORITIES };

/* To the engine.  False: there is none, or it does not read; the descriptors stay the caller's. */
bool monitor_send(struct monitor *, const struct notice *, const int *fds, int nfds);
/* The daemon ends. */
void monitor_end(struct monitor *, int status);
/* The mode is another: whoever acts by it is told. */
void monitor_mode_changed(struct monitor *);

#endif
