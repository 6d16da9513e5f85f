/* recent: see recent.h. */
#include "agentd/engine/recent.h"

#define RECENT_MS 60000 /* a finding may ripen for a while after the process is gone */

void
recent_note(struct recents *r, uint32_t ses, uint32_t pid, struct mtime now)
{
	const unsigned i = r->next++ % ST_RECENT_ENDS;

	r->ended[i].ses = ses;
	r->ended[i].pid = pid;
	r->ended[i].when = now;
}

bool
recent_has(const struct recents *r, uint32_t ses, uint32_t pid, struct mtime now)
{
	for (unsigned i = 0; i < ST_RECENT_ENDS; i++) {
		if (r->ended[i].when.ns != 0 && mtime_ms_since(now, r->ended[i].when) < RECENT_MS &&
		    r->ended[i].ses == ses && (r->ended[i].pid == pid || r->ended[i].pid == 0))
			return true;
	}
	return false;
}
