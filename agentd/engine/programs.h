/*
 * programs: which program files speak SSH, and who listens on a socket: what the model asks for and
 * hears of later.  The monitor opens, a thread of our own reads, answers are kept by device, inode and
 * change time.  Nothing that decides ever waits for this.
 */
#ifndef ENGINE_PROGRAMS_H
#define ENGINE_PROGRAMS_H

#include "agentd/engine/link.h"
#include "agentd/host/host.h"

struct event_base;
struct programs;

struct programs *programs_new(struct event_base *, struct link *);
void programs_free(struct programs **);
/* Where the answers go.  Before that, nothing is asked. */
void programs_tell(struct programs *, struct host *);
void programs_want(struct programs *, uint32_t ses, uint32_t pid, uint64_t inode,
    uint32_t dev_major, uint32_t dev_minor);
/*
 * The same of a file that somebody else opened; takes fd in any case.  fn is called once, perhaps before this
 * returns: does it speak SSH?  False when it cannot be told.
 */
typedef void programs_fn(bool ssh, void *arg);
void programs_look(struct programs *, int fd, programs_fn *, void *arg);
/* Once a second: is the thread stuck on a file? */
void programs_check(struct programs *);

#endif
