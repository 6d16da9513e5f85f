/*
 * agent-use, agent-hijack: a process connects to an SSH agent.  A forwarded agent of its own login
 * is use; one of another login is a hijack, also when the connect failed; somebody's own local
 * agent is nothing to himself.  Pure.
 */
#include <errno.h>

#include "agentd/detect/socket.h"

#define WHAT "an SSH agent"

/* Made by sshd for a login, as far as a name can tell; the others are somebody's own. */
static bool
looks_forwarded(const struct evidence *e)
{
	static const char folder[] = "/tmp/ssh-", mark[] = ".sshd.";

	return (e->path_len > sizeof(folder) && memcmp(e->path, folder, sizeof(folder) - 1) == 0) ||
	    memmem(e->path, e->path_len, mark, sizeof(mark) - 1) != NULL;
}

/*
 * Nobody knows who listens.  The file's owner, and who was let in, still say something: a refusal
 * means that it is not the user's own.
 */
static void
judge_unknown(struct detect *d, const struct socket_use *use)
{
	const struct evidence *e = use->e;
	bool refused = e->exit == -EACCES || e->exit == -EPERM;
	bool forwarded = looks_forwarded(e);

	if (!forwarded && (socket_is_own(d, e) || socket_was_offered(use)))
		return;
	if (!socket_is_own(d, e) && (e->un.has_inode || refused))
		socket_used(d, use, ACT_AGENT_HIJACK, OWNER_OTHER, WHAT);
	else if (forwarded)
		socket_used(d, use, ACT_AGENT_USE, OWNER_UNKNOWN, WHAT);
}

/* tmux outlives the login that started it; who attaches with his other device's key lends it his agent. */
static bool
is_foreign(struct detect *d, const struct socket_use *use)
{
	return use->owner == OWNER_OTHER || (use->owner == OWNER_SAME_USER && !socket_was_lent(d, use));
}

void
agent_judge(struct detect *d, const struct socket_use *use)
{
	if (use->usock == NULL)
		judge_unknown(d, use);
	else if (is_foreign(d, use) && !socket_was_offered(use))
		socket_used(d, use, ACT_AGENT_HIJACK, use->owner, WHAT);
	else if (use->usock->forwarded)
		socket_used(d, use, ACT_AGENT_USE, use->owner, WHAT);
}
