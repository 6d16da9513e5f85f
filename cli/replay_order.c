/*
 * replay_order: rotated logs in the order of time.  `audit.log*` names the newest first, and a
 * model that is told of a logout before the login knows neither.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/replay.h"
#include "cli/wtmp.h"

#define PEEK (64u << 10)

struct input {
	char *name; /* borrowed */
	int given;  /* place on the command line */
	struct rtime first;
};

/*
 * The time of the first line that is a record, or of the first entry of a wtmp; RTIME_NONE: none is, and the file
 * may stand anywhere.
 */
static struct rtime
first_time(struct bytes text)
{
	struct wtmp w;

	if (wtmp_is(text.p, text.n) && wtmp_parse(text.p, &w))
		return w.time;
	while (text.n > 0) {
		const char *nl = memchr(text.p, '\n', text.n);
		struct bytes line = {.p = text.p, .n = nl != NULL ? (size_t)(nl - text.p) : text.n};
		struct record r;

		if (record_parse(line, &r) == RECORD_OK)
			return r.time;
		if (nl == NULL)
			break;
		text.n -= line.n + 1;
		text.p += line.n + 1;
	}
	return RTIME_NONE;
}

/*
 * False: nobody can look into it beforehand: a pipe's writer would take a look for the end
 * of its reader.
 */
static bool
peek(const char *name, char *room, struct rtime *first)
{
	struct stat st;
	int fd = stat(name, &st) == 0 && S_ISREG(st.st_mode) ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd >= 0 ? pread(fd, room, PEEK, 0) : -1;

	if (fd >= 0)
		(void)close(fd);
	if (n >= 0)
		*first = first_time((struct bytes){.p = room, .n = (size_t)n});
	return n >= 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct input *x = a, *y = b;

	if (x->first.ms != y->first.ms)
		return x->first.ms < y->first.ms ? -1 : 1;
	return x->given - y->given;
}

void
replay_order(char **names, int n)
{
	struct input *inputs = calloc((size_t)n, sizeof(*inputs));
	char *room = malloc(PEEK);
	bool known = inputs != NULL && room != NULL;

	for (int i = 0; known && i < n; i++) {
		inputs[i] = (struct input){.name = names[i], .given = i};
		known = peek(names[i], room, &inputs[i].first);
	}
	if (known) {
		qsort(inputs, (size_t)n, sizeof(*inputs), by_time);
		for (int i = 0; i < n; i++)
			names[i] = inputs[i].name;
	}
	free(inputs);
	free(room);
}
