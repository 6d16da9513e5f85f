/*
 * reader: who opened something that is watched: the kernel's facts about him, once for the same thing, and not
 * oftener than a cap.
 */
#ifndef MONITOR_READER_H
#define MONITOR_READER_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/fan.h"

struct readers;

struct readers *readers_new(struct monitor *);
void readers_free(struct readers **);
/*
 * Fills pid, start_ticks, ses, auid, uid, euid, its program, WATCHF_GONE and value (what was not told).  what: of
 * the same a process is told once in a while.  whose: the cap is for what is one owner's, so that nobody uses it up by
 * his own.  False: not to be told: a task outside of any login, the same again, or too many of that session (counted).
 */
bool reader_note(struct readers *, const struct fan_event *, uint64_t whose, uint64_t what, struct notice *);
/* WATCHF_OVERFLOW, of that kind, to the engine. */
void reader_overflow(struct readers *, enum notice_kind);

#endif
