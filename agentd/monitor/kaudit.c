/* kaudit: see kaudit.h.  Runs in the monitor.  netlink(7), kernel/audit.c: audit_receive_msg(). */
#include "agentd/monitor/kaudit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

int
kaudit_open(void)
{
	struct audit_status st;
	int fd = audit_open(), rc;

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		rc = -errno;
	else
		rc = kaudit_status(fd, &st);
	if (rc != 0) {
		audit_close(fd);
		return rc;
	}
	return fd;
}

/*
 * Reads answers until fn, the end of a list, or an error says that this was all.  Others' answers and
 * acknowledgements that are left over from before are passed over.
 */
static int
collect(int fd, int last, bool (*fn)(const struct audit_reply *, void *), void *arg)
{
	struct mtime start = mtime_now();
	int64_t left;

	while ((left = KAUDIT_WAIT_MS - mtime_ms_since(mtime_now(), start)) > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct audit_reply reply;
		int n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = audit_get_reply(fd, &reply, GET_REPLY_NONBLOCKING, 0);
		if (n == -EAGAIN || n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (reply.type == NLMSG_ERROR && reply.error != NULL && reply.error->error != 0)
			return reply.error->error;
		if (fn(&reply, arg) || reply.type == last)
			return 0;
	}
	return -ETIMEDOUT;
}

static bool
take_status(const struct audit_reply *reply, void *arg)
{
	if (reply->type != AUDIT_GET)
		return false;
	*(struct audit_status *)arg = *reply->status;
	return true;
}

int
kaudit_status(int fd, struct audit_status *out)
{
	int rc = audit_request_status(fd);

	return rc < 0 ? rc : collect(fd, AUDIT_GET, take_status, out);
}

struct rule_sink {
	void (*fn)(const struct audit_rule_data *, void *);
	void *arg;
};

static bool
take_rule(const struct audit_reply *reply, void *arg)
{
	const struct rule_sink *sink = arg;

	if (reply->type == AUDIT_LIST_RULES && reply->ruledata != NULL)
		sink->fn(reply->ruledata, sink->arg);
	return false;
}

int
kaudit_rules(int fd, void (*fn)(const struct audit_rule_data *, void *), void *arg)
{
	struct rule_sink sink = {.fn = fn, .arg = arg};
	int rc = audit_request_rules_list_data(fd);

	return rc < 0 ? rc : collect(fd, NLMSG_DONE, take_rule, &sink);
}
