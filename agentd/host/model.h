/*
 * model: what the files of host/ share and nobody else sees.  A node is the public struct and its
 * places in tables and lists; a session owns its processes and sockets, an account counts them for
 * the caps of one login user.
 */
#ifndef HOST_MODEL_H
#define HOST_MODEL_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "agentd/host/host.h"
#include "agentd/host/table.h"

struct session_node;
struct process_node;
struct usock_node;

TAILQ_HEAD(session_list, session_node);
TAILQ_HEAD(process_list, process_node);
TAILQ_HEAD(usock_list, usock_node);

/*
 * In what order sessions make room: the last here goes first, an open one that was reported never.
 * Of a remembered one the tasks and sockets are let go of already; who it was is kept, for a task
 * that hid from the walks of /proc still carries its id.
 */
enum session_rank { RANK_REPORTED, RANK_OPEN, RANK_CLOSED, RANK_OVER, RANK_REMEMBERED, RANK_MAX };

/*
 * In what order sockets make room, the last here first: sshd's own agents are what a thief is after,
 * and go with their session.
 */
enum usock_rank { USOCK_FORWARDED, USOCK_KNOWN, USOCK_PLAIN, USOCK_RANKS };

/* One login user: what he holds of the tables.  Lives as long as he holds anything. */
struct account {
	struct table_link by_auid;
	uint32_t auid;
	size_t nsession, nprocess, nusock;
	struct session_list sessions[RANK_MAX]; /* least recently used first, as all lists */
	struct process_list processes;
	struct usock_list usocks[USOCK_RANKS];
};

struct session_node {
	struct session s; /* first: a struct session * is a struct session_node * */
	RB_ENTRY(session_node) by_ses;
	TAILQ_ENTRY(session_node) in_account, in_host;
	struct account *account; /* borrowed */
	struct process_list processes;
	struct usock_list usocks;
	enum session_rank rank;
	struct rtime over; /* when it was last said to be; RTIME_NONE: never */
	bool was_open;     /* until then */
	char *sshd;    /* owned: the monitor's executable; NULL: not known */
};
RB_HEAD(session_tree, session_node);

struct program;

struct process_node {
	struct process p; /* first */
	struct table_link by_pid;
	TAILQ_ENTRY(process_node) in_session, in_account, in_host;
	struct session_node *session; /* borrowed; NULL: a task without session */
	struct account *account;      /* borrowed */
	struct program *image;        /* borrowed; NULL: inode not known */
	LIST_ENTRY(process_node) in_image;
	struct rtime last;
};

struct usock_node {
	struct usock u; /* first */
	enum usock_rank rank;
	struct table_link by_inode, by_path;
	bool has_inode;
	TAILQ_ENTRY(usock_node) in_session, in_account, in_host;
	struct session_node *session; /* borrowed; NULL: its owner has none */
	struct account *account;      /* borrowed */
};

/* What is known of a program file. */
struct program {
	struct table_link by_inode;
	TAILQ_ENTRY(program) in_host;
	LIST_HEAD(, process_node) users;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	bool known, ssh;
	bool in_doubt; /* its owner may have changed it since: asked again */
	struct rtime asked;
};
TAILQ_HEAD(program_list, program);

struct host {
	char boot_id[37];
	struct probe probe;
	struct rtime now; /* the newest time that anything told */
	struct rtime reported; /* when the module reported its first login; RTIME_NONE: it has not */
	uint64_t lives;   /* of processes, ever */
	uint64_t lessons; /* answers that came late: host_lessons() */
	size_t argv_bytes;

	struct session_tree tree;
	struct session_list sessions[RANK_MAX];
	size_t nsession;
	struct table accounts;

	struct table pids;
	struct process_list processes;
	size_t nprocess;

	struct table inodes, paths;
	struct usock_list usocks[USOCK_RANKS];
	size_t nusock;

	struct table programs;
	struct program_list program_list;
	size_t nprogram;

	struct host_stats stats;
};

/* account.c: borrowed; NULL: out of memory */
struct account *account_find(const struct host *, uint32_t auid); /* NULL: holds nothing */
struct account *account_get(struct host *, uint32_t auid);
void account_release(struct host *, struct account *); /* frees one that holds nothing */

/* session.c */
struct session_node *session_find(const struct host *, uint32_t ses);
/* The session of that id, made from nothing if need be.  NULL: no room. */
struct session_node *session_ensure(struct host *, uint32_t ses, uint32_t auid);
void session_touch(struct host *, struct session_node *, struct rtime);
void session_drop(struct host *, struct session_node *);
struct session_node *session_add(struct host *, uint32_t ses, uint32_t auid);
/* A task of it showed, though it was said to be over: it is what it was before. */
void session_revive(struct host *, struct session_node *);
/* The last task that was known of it is gone, once more. */
void session_over_again(struct host *, struct session_node *);
void session_state_set(struct host *, struct session_node *, enum session_state);
void session_free_strings(struct session *);
void session_root_child(struct session *);
/* The program that its sshd runs; by its name where nothing told. */
bool session_runs_as_sshd(const struct session_node *, struct bytes exe);
void session_sweep(struct host *, struct rtime now);

/* records.c */
void session_apply(struct host *, const struct fact *);

/* process.c */
/*
 * Is the task gone, or of another session now?  False where nobody can say: no probe, or one that
 * cannot even see pid 1 (hidepid).
 */
bool task_is_gone(const struct host *, uint32_t pid, uint32_t ses);
struct process_node *process_find(const struct host *, uint32_t pid);
/* A task that something told of without a record of its own. */
struct process_node *process_note(struct host *, const struct process *);
void process_drop(struct host *, struct process_node *);
void process_touch(struct host *, struct process_node *);
void process_apply(struct host *, const struct fact *);
void process_sweep(struct host *, struct rtime now);

/* parent.c: may push out what it is called with, when there is no room for the parents */
void process_note_parents(struct host *, const struct process_node *);

/* usock.c */
void usock_drop(struct host *, struct usock_node *);
/* The one that makes room; NULL: there is none. */
struct usock_node *usock_victim(struct usock_list[USOCK_RANKS]);
/* sshd's agent sockets go with the connection, and their inodes are used again soon. */
void usock_drop_forwarded(struct host *, struct session_node *);
void usock_apply(struct host *, const struct fact *);

/* usock_name.c: takes ssh's temporary ".XXXXXXXXXXXXXXXX" off; false when there is none */
bool usock_cut_mux_suffix(struct bytes *path);
/* usock_is_system(), in a folder that root alone writes to */
bool usock_is_roots(struct bytes path);

/* program.c */
/* As it was when it started: an update of the package takes the file away from those that run it. */
struct bytes program_path(struct bytes exe);
void program_exec(struct host *, struct process_node *, const struct fact *);
void program_forget(struct process_node *);
void program_drop_all(struct host *);

#endif
