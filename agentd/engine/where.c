/* where: see where.h. */
#include "agentd/engine/where.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* connect(2) to no address goes to this host. */
static struct endpoint
real_end(struct endpoint e)
{
	if (!addr_is_any(e.addr))
		return e;
	if (e.addr.family == 4)
		e.addr.b[0] = 127;
	e.addr.b[e.addr.family == 4 ? 3 : 15] = 1;
	return e;
}

/* Member by member: padding is anything. */
uint64_t
where_key(const struct where *w)
{
	struct {
		uint64_t inode;
		uint32_t pid, ses, kind, dev_major, dev_minor;
		struct addr addr;
		uint16_t port;
	} key;
	const struct endpoint to = real_end(w->to);

	memset(&key, 0, sizeof(key));
	key.inode = w->inode;
	key.pid = w->pid;
	key.ses = w->ses;
	key.kind = w->kind;
	key.dev_major = w->dev_major;
	key.dev_minor = w->dev_minor;
	key.addr = to.addr;
	key.port = to.port;
	return bytes_hash((struct bytes){.p = (const char *)&key, .n = sizeof(key)});
}

struct where
where_without_inode(struct where w)
{
	w.inode = 0;
	w.dev_major = w.dev_minor = 0;
	return w;
}

struct where
where_of_session(uint32_t ses)
{
	return (struct where){.kind = GATED_TCP, .ses = ses};
}

struct where
where_of_gated(const struct gated *w)
{
	return (struct where){.pid = w->pid, .kind = w->kind, .to = w->to, .inode = w->un.inode,
	    .dev_major = w->un.dev_major, .dev_minor = w->un.dev_minor};
}

bool
where_of_fact(const struct fact *f, struct where *out)
{
	*out = (struct where){.pid = f->pid};
	if (!f->has_task || (f->auid == AUID_UNSET && f->way != WAY_URING))
		return false;
	if (f->kind == FACT_EXEC) {
		out->kind = GATED_EXEC;
		return true;
	}
	if (f->kind != FACT_CONNECT)
		return false;
	if (f->family != AF_UNIX) {
		out->kind = GATED_TCP;
		out->to = f->peer;
		return f->peer.addr.family != 0;
	}
	out->kind = GATED_SOCKET;
	if (!f->un.has_inode)
		return f->exit == -EPERM;
	out->inode = f->un.inode;
	out->dev_major = f->un.dev_major;
	out->dev_minor = f->un.dev_minor;
	return true;
}

bool
where_of_finding(const struct finding *f, struct where *out)
{
	*out = (struct where){.pid = f->pid};
	if (f->to.addr.family != 0) {
		out->kind = GATED_TCP;
		out->to = f->to;
	} else if (f->unix_inode != 0 || f->to_unix.n > 0) {
		out->kind = GATED_SOCKET;
		out->inode = f->unix_inode;
		out->dev_major = f->unix_dev_major;
		out->dev_minor = f->unix_dev_minor;
	} else {
		out->kind = GATED_EXEC;
		return f->activity == ACT_OUTBOUND_SSH;
	}
	return true;
}
