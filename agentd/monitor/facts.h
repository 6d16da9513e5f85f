/* facts: what the kernel says of one process, all of it while a pidfd held it. */
#ifndef MONITOR_FACTS_H
#define MONITOR_FACTS_H

#include "base/proc.h"

struct facts {
	pid_t pid, ppid;
	uint32_t ses, auid;
	uid_t ruid, euid;
	uint64_t start_ticks;
};

/*
 * pid must be the number that pidfd was opened for.  0, or −ESRCH when the process has ended, or had
 * at any moment while its facts were read (so that they cannot be another's).
 */
int facts_of(int pidfd, pid_t, struct facts *);
/* It has not ended, nor is its pid another's by now. */
bool facts_live(const struct facts *);
/* Device and inode of the program file that the process runs.  0 or −errno. */
int facts_program(pid_t, uint64_t *dev, uint64_t *ino);
/* Nobody but root owns or can write its program file, which may be a server's word: see mount.h. */
bool facts_program_is_roots(pid_t);
/* The last part of the program's path, without " (deleted)".  0 or −errno. */
int facts_program_name(pid_t, char *out, size_t cap);

/*
 * Calls fn for every living process that carries ses, each held by a pidfd that fn borrows.  Stops when
 * fn returns non-zero and returns that; −errno when /proc cannot be read.
 */
typedef int facts_fn(int pidfd, const struct facts *, void *arg);
int facts_each(uint32_t ses, facts_fn *, void *arg);
/* The same for every session that is wanted; NULL: for every process, whatever it carries. */
typedef bool facts_wants_fn(uint32_t ses, void *arg);
int facts_among(facts_wants_fn *, facts_fn *, void *arg);

#endif
