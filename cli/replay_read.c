/*
 * replay_read: recorded audit logs into a pipeline, a chunk at a time.  What is no log, or packed, is said to be so:
 * "nothing found" would be no answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/replay.h"

#define CHUNK (1u << 20)

const char *
replay_unpacker(struct bytes begin)
{
	static const struct {
		struct bytes magic;
		const char *name;
	} all[] = {
		{{.p = "\x1f\x8b", .n = 2}, "zcat"},
		{{.p = "\xfd" "7zXZ", .n = 5}, "xzcat"},
		{{.p = "\x28\xb5\x2f\xfd", .n = 4}, "zstdcat"},
		{{.p = "BZh", .n = 3}, "bzcat"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (bytes_starts(begin, all[i].magic))
			return all[i].name;
	}
	return NULL;
}

int
replay_open(const char *name)
{
	return strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
	                              : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* 0, −errno, or *tool: what it is packed with. */
static int
read_input(struct pipeline *p, int fd, const struct replay_reading *r, char *chunk, const char **tool)
{
	bool more = true;

	for (bool begun = false; more; begun = true) {
		ssize_t n = read(fd, chunk, CHUNK);
		struct bytes text;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		text = (struct bytes){.p = chunk, .n = (size_t)n};
		*tool = begun ? NULL : replay_unpacker(text);
		if (*tool != NULL)
			return 0;
		text = begun ? text : bytes_unmarked(text);
		pipeline_feed(p, text.p, text.n);
		more = r->read == NULL || r->read((size_t)n, r->arg);
	}
	/* A file without a last newline does not run into the next one. */
	pipeline_feed(p, "\n", 1);
	return 0;
}

/* A file that holds lines and no record is not what was meant. */
static int
check_records(const struct aev_stats *was, const struct aev_stats *is, const char *name)
{
	if (is->records != was->records || is->malformed == was->malformed)
		return CLI_OK;
	cli_error("%s: no audit record in %llu lines: is it an audit log?", name,
	    (unsigned long long)(is->malformed - was->malformed));
	return CLI_UNREACHABLE;
}

static int
read_file(struct pipeline *p, const char *name, const struct replay_reading *r, char *chunk)
{
	const struct aev_stats was = *pipeline_stats(p);
	int fd = replay_open(name), error;
	const char *tool = NULL;

	if (fd < 0) {
		cli_error("%s: %s", name, strerror(errno));
		return CLI_UNREACHABLE;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	error = read_input(p, fd, r, chunk, &tool);
	if (r->over != NULL)
		r->over(r->arg);
	(void)close(fd);
	if (tool != NULL)
		cli_error("%s: compressed; %s it into: sshtether replay -", name, tool);
	else if (error == 0)
		return check_records(&was, pipeline_stats(p), name);
	else
		cli_error("%s: %s", name, strerror(-error));
	return CLI_UNREACHABLE;
}

int
replay_read(struct pipeline *p, char **names, int n, const struct replay_reading *r)
{
	char *chunk = malloc(CHUNK);
	int status = CLI_OK;

	if (chunk == NULL) {
		cli_error("out of memory");
		return CLI_UNREACHABLE;
	}
	for (int i = 0; i < n && status == CLI_OK; i++) {
		if (r->begin != NULL)
			r->begin(names[i], r->arg);
		status = read_file(p, names[i], r, chunk);
	}
	free(chunk);
	return status;
}
