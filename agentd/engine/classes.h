/*
 * classes: the address and port classes of one policy, on their way into the kernel or there: one generation
 * of them (monitor/grant.h).  Asks, sends a window of packets at a time, and says when all are in.
 * Engine process.
 */
#ifndef ENGINE_CLASSES_H
#define ENGINE_CLASSES_H

#include "agentd/engine/link.h"
#include "agentd/engine/own.h"
#include "policy/policy.h"

struct classes;

/* Called once, from the loop.  RES_OK: they are in; RES_COUNT: no answer. */
typedef void classes_ready_fn(struct classes *, enum result, void *arg);

/* The policy is borrowed.  NULL: out of memory, or it could not be sent; ready() is not called then. */
struct classes *classes_new(struct link *, const struct policy *, const struct own *, classes_ready_fn *,
    void *arg);
/*
 * Every session has its row of them: whatever was before is let go of.  flags: enum request_flag.  done() is
 * called like ready().  False: not sent.
 */
bool classes_finish(struct classes *, uint32_t flags, classes_ready_fn *done);
/* What is on its way comes to nothing; nobody is called any more. */
void classes_free(struct classes **);
bool classes_are_ready(const struct classes *);
uint32_t classes_generation(const struct classes *);
const struct pol_space *classes_space(const struct classes *);

#endif
