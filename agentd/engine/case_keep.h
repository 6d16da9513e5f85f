/*
 * case_keep: cases in the store: those that changed are written once a second, those of sessions that were not over
 * come back when an engine starts again.  Engine process.
 */
#ifndef ENGINE_CASE_KEEP_H
#define ENGINE_CASE_KEEP_H

#include "agentd/case/case.h"
#include "agentd/engine/archive.h"

/* archive NULL: there is no store. */
void case_keep(struct cases *, struct archive *);
/* They come back later, and join what was found meanwhile.  The archive is freed before the cases. */
void case_keep_restore(struct cases *, struct archive *, const char *boot_id);

#endif
