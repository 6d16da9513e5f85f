/* passed: see passed.h.  Runs in the monitor; what waits, beside its loop. */
#include "agentd/monitor/passed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/monitor/aside.h"

struct closing {
	struct job job;
	int fd; /* owned */
};

bool
passed_is_place(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_PATH) != 0;
}

static void
run(struct job *job)
{
	close(((struct closing *)job)->fd);
}

static void
done(struct job *job)
{
	free(job);
}

void
passed_close(struct aside *aside, int fd)
{
	struct closing *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return;
	*c = (struct closing){.job = {.run = run, .done = done}, .fd = fd};
	if (!aside_give(aside, &c->job))
		free(c);
}
