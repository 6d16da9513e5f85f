/*
 * parts: the engine put together: each part is made with what it calls (calls.h), and let go of in an order in
 * which none calls one that is gone.  Engine process.
 */
#ifndef ENGINE_PARTS_H
#define ENGINE_PARTS_H

#include <stdbool.h>

struct engine;

/* request_fd: the packet pair to the monitor, taken over.  False, and has said so: not all could be made. */
bool parts_join(struct engine *, int request_fd);
/* Of one that is joined, or in part. */
void parts_let_go(struct engine *);

#endif
