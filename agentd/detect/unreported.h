/*
 * unreported: a login that nobody reported, found by its tasks (unreported.c) or by its connection (served.c): what
 * both hold by.  Private to detect/.
 */
#ifndef DETECT_UNREPORTED_H
#define DETECT_UNREPORTED_H

#include "agentd/detect/detector.h"

#define FIRST_USER 1000 /* uids below are system accounts, the one that sshd's own child takes among them */

/* By the process that serves it: was that login told as unreported already? */
bool unreported_was_told(struct detect *, uint32_t pid, struct rtime now);

#endif
