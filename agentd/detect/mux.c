/*
 * mux-use, mux-hijack: a process connects to an SSH client's ControlMaster.  What it asks for runs
 * on the far host under the login of the master's owner.  Pure.
 */
#include <errno.h>

#include "agentd/detect/socket.h"

#define WHAT "an SSH connection (ControlMaster)"

/*
 * A ControlPath in a folder that all may write, without the user in its name: two users' clients
 * trip over each other every day.  Nothing was used.
 */
static bool
is_clash(const struct evidence *e)
{
	static const char *const shared[] = {"/tmp/", "/var/tmp/", "/dev/shm/", "/run/"};
	struct bytes path = {.p = e->path, .n = e->path_len};

	if (e->exit == 0)
		return false;
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (bytes_starts(path, bytes_of(shared[i])))
			return true;
	}
	return false;
}

/* With ControlPersist the client that made the master forks it off and is its first user. */
static bool
is_maker(const struct socket_use *use)
{
	return use->usock != NULL && use->usock->owner_pid == use->e->pid &&
	    use->owner == OWNER_SELF;
}

void
mux_judge(struct detect *d, const struct socket_use *use)
{
	if (is_clash(use->e) || is_maker(use) || socket_was_offered(use))
		return;
	if (use->usock == NULL) {
		if (use->e->un.has_inode && !socket_is_own(d, use->e))
			socket_used(d, use, ACT_MUX_HIJACK, OWNER_OTHER, WHAT);
		else if (use->e->exit == 0)
			socket_used(d, use, ACT_MUX_USE, OWNER_UNKNOWN, WHAT);
	} else if (use->owner == OWNER_SAME_USER || use->owner == OWNER_OTHER)
		socket_used(d, use, ACT_MUX_HIJACK, use->owner, WHAT);
	else
		socket_used(d, use, ACT_MUX_USE, use->owner, WHAT);
}
