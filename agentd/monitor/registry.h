/*
 * registry: the sessions that the monitor knows first-hand.  Nothing enters on the engine's word: an
 * entry comes from the kernel's facts about a reporting sshd, or from /proc, and stays when the session is
 * over: a walk over /proc can miss a task, and who says "gone" of a living session lets it go.  Pure memory.
 */
#ifndef MONITOR_REGISTRY_H
#define MONITOR_REGISTRY_H

#include <sshtether/limits.h>
#include <sys/types.h>

#include "base/bytes.h"

struct mon_session {
	uint32_t ses, auid;
	pid_t monitor_pid;        /* sshd's root process; it may be gone while its tasks live on */
	uint64_t start_ticks;     /* of it */
	uint64_t exe_dev, exe_ino; /* its program file; 0: unknown */
	unsigned misses;          /* sweeps in a row that found no task */
	bool alive;               /* the sweep under way found one */
	bool told;                /* the engine of now knows of it */
	bool over;                /* no task was found lately; a ses is unique in a boot, so it may still revive */
	/* rows.c's own: */
	bool row;                 /* the gates have one of it */
	unsigned row_denies;      /* how much its grant refuses; 0: nothing */
	uint32_t row_lends;       /* its weight among lenders; 0: it lends nothing */
	uint32_t row_generation;  /* of the classes that it means */
	uint32_t row_flags;       /* enum gate_row_flag; kept while there is no row, too */
	uint64_t used;            /* registry.c's own: by the clock of registry_touch() */
	bool dead;                /* registry.c's own */
};

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry **);
/* Borrowed until the next add or remove; NULL: not registered. */
struct mon_session *registry_get(const struct registry *, uint32_t ses);
/*
 * Somebody was seen with it: it is not over, and the last to be pushed out.  False: it was over, and is
 * news again.
 */
bool registry_touch(struct registry *, struct mon_session *);
void registry_over(struct registry *, struct mon_session *);
/* Who hears what becomes of sessions; he must not add or remove any. */
enum registry_change { SESSION_REVIVED, SESSION_OVER, SESSION_REMOVED };
typedef void registry_watch_fn(struct mon_session *, enum registry_change, void *arg);
void registry_watch(struct registry *, registry_watch_fn *, void *arg);
/*
 * NULL: no room, for the host or for this auid.  An entry with that ses must not exist.  Under pressure,
 * and only then, what is over makes room: the same auid's when that has more than its share, else the one
 * that was not used for longest.
 */
struct mon_session *registry_add(struct registry *, uint32_t ses, uint32_t auid);
void registry_remove(struct registry *, uint32_t ses);
#define REGISTRY_PROGRAMS 8
struct program_id {
	uint64_t dev, ino;
};
/* The program files that reporting sshd processes run; the last few of them. */
size_t registry_programs(const struct registry *, struct program_id out[REGISTRY_PROGRAMS]);
void registry_program_add(struct registry *, uint64_t dev, uint64_t ino);
bool registry_program_has(const struct registry *, uint64_t dev, uint64_t ino);
size_t registry_count(const struct registry *);
uint64_t registry_dropped(const struct registry *);
/* fn may change the entry; when it returns false the entry is removed. */
void registry_each(struct registry *, bool (*fn)(struct mon_session *, void *), void *arg);

#endif
