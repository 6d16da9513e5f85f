/*
 * rows: which grant each registered session has in the kernel gates, and who lends it.  A row stays as long
 * as the registry's entry does: a session that was thought over and is not is never without.  Break-glass
 * has none and lends none.
 */
#ifndef MONITOR_ROWS_H
#define MONITOR_ROWS_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/grant.h"
#include "agentd/monitor/registry.h"

struct rows;

struct rows *rows_new(struct monitor *);
void rows_free(struct rows **);
/* Rows that a daemon before this one left, of what is registered now. */
void rows_adopt(struct rows *);

/* All of these: 0 or −errno; −EPERM: break-glass. */
int rows_grant(struct rows *, struct mon_session *, const struct grant *);
/* Its generation must be known. */
void rows_keep_fallback(struct rows *, const struct grant *);
/* For a login that the engine has not answered: the fallback grant, unless it has one of its own. */
int rows_fall_back(struct rows *, uint32_t ses);
/* Sets flags (enum gate_row_flag) in its row. */
int rows_flag(struct rows *, struct mon_session *, uint32_t flags);
/* The mode is another: what the policy has isolated or revoked is so in enforce mode only. */
void rows_mode(struct rows *, enum mode);

/* A new generation of classes.  Rows of one that was never finished are first put back as they were before. */
int rows_classes_begin(struct rows *, uint32_t *generation);
/* It is being made; false: no request may speak of it. */
bool rows_making(const struct rows *, uint32_t generation);
/* That, or in force: grants may be of either. */
bool rows_knows(const struct rows *, uint32_t generation);
/* It is in force alone; whoever has no row of it gets its fallback. */
int rows_classes_done(struct rows *);

#endif
