/* filter_kit: see filter_kit.h. */
#include "tests/unit/filter_kit.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/engine/filter.h"

int
kit_under_filter(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		_exit(filter_enter() ? fn() : 100);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
