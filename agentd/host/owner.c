/*
 * owner: whose socket it is, seen from the one who uses it (DESIGN: Owner), and what can be guessed
 * of an owner from a name.  Reads the model and changes nothing.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

static bool
same_cert(const struct session *a, const struct session *b)
{
	return a->cert && b->cert && a->cert_id != NULL && b->cert_id != NULL &&
	    strcmp(a->cert_id, b->cert_id) == 0 && strcmp(a->ca_fp, b->ca_fp) == 0;
}

static bool
is_known(const struct session *s)
{
	return s->ssh && (s->key_known || s->peer.addr.family != 0);
}

/*
 * Two logins of one user: by key or certificate where both are known, else by the address they came
 * from.
 */
static bool
same_login(const struct session *a, const struct session *b)
{
	if (a->key_known && b->key_known)
		return strcmp(a->key_fp, b->key_fp) == 0 || same_cert(a, b);
	return a->peer.addr.family != 0 && addr_eq(a->peer.addr, b->peer.addr);
}

/*
 * A task of the user's that no SSH login is known for (systemd --user, at, a login from before the
 * daemon): it can only have come from one of the user's logins, so when they are all the same
 * login, so is it.
 */
static bool
all_same_login(const struct session_node *owner)
{
	const struct session_node *n;

	for (int rank = RANK_REPORTED; rank <= RANK_OPEN; rank++) {
		TAILQ_FOREACH(n, &owner->account->sessions[rank], in_account) {
			if (n != owner && is_known(&n->s) && !same_login(&n->s, &owner->s))
				return false;
		}
	}
	return true;
}

static enum owner
compare(const struct session *actor, const struct session_node *owner)
{
	if (actor->auid != owner->s.auid)
		return OWNER_OTHER;
	if (is_known(actor) ? same_login(actor, &owner->s) : all_same_login(owner))
		return OWNER_SAME_LOGIN;
	return OWNER_SAME_USER;
}

/*
 * An agent that nobody forwarded, a tmux of systemd --user: the user's own, whichever login uses
 * it.
 */
static enum owner
compare_local(const struct session *actor, uint32_t uid, const struct usock *u)
{
	uint32_t login = actor != NULL ? actor->auid : AUID_UNSET;

	if (login == AUID_UNSET)
		return uid == u->owner_uid ? OWNER_SAME_LOGIN : OWNER_OTHER;
	if (login == u->owner_uid || login == u->owner_auid)
		return OWNER_SAME_LOGIN;
	return OWNER_OTHER;
}

enum owner
host_owner(const struct host *h, const struct session *actor, uint32_t uid, const struct usock *u,
    const struct session **owner)
{
	const struct session_node *n = session_find(h, u->owner_ses);

	*owner = n != NULL ? &n->s : NULL;
	if (actor != NULL && actor->ses != SES_UNSET && actor->ses == u->owner_ses)
		return OWNER_SELF;
	if (actor != NULL && actor->ses == SES_UNSET)
		actor = NULL;
	if ((u->kind == USOCK_AGENT && !u->forwarded) || n == NULL || !n->s.ssh)
		return compare_local(actor, uid, u);
	return actor != NULL ? compare(actor, n) : OWNER_OTHER;
}

/* --- by name ---------------------------------------------------------------------------------- */

/* The number behind "agent." at the end. */
static bool
pid_in_name(struct bytes path, uint32_t *pid)
{
	struct bytes name = bytes_basename(path);
	const struct bytes agent = BYTES_LIT("agent.");
	uint64_t v;

	if (!bytes_starts(name, agent))
		return false;
	name.p += agent.n;
	name.n -= agent.n;
	if (!bytes_u64(name, &v) || v == 0 || v > UINT32_MAX)
		return false;
	*pid = (uint32_t)v;
	return true;
}

/* A lie is possible: the file must belong to the login that the name speaks of. */
static bool
guess_by_pid(const struct host *h, uint32_t pid, const struct fact_unix *un, struct usock *out)
{
	const struct process_node *p = process_find(h, pid);
	const struct session *s = p != NULL && p->session != NULL ? &p->session->s : NULL;

	if (s == NULL || s->state == SESSION_OVER)
		return false;
	/* never seen to execute anything: the sshd that does not show in the records */
	out->forwarded = s->ssh && (p->p.is_sshd || p->p.exec_time.ms == 0);
	if (un->has_inode && un->ouid != (out->forwarded ? s->uid : p->p.uid))
		return false;
	out->owner_pid = pid;
	out->owner_ses = s->ses;
	out->owner_auid = s->auid;
	out->owner_uid = out->forwarded ? s->uid : p->p.uid;
	return true;
}

static bool
is_sshd_made(struct bytes path)
{
	static const char mark[] = ".sshd.";

	return path.n >= sizeof(mark) && memmem(path.p, path.n, mark, sizeof(mark) - 1) != NULL;
}

bool
host_usock_guess(const struct host *h, const struct fact_unix *un, struct usock *out)
{
	uint32_t pid;
	char *borrowed;

	memcpy(&borrowed, &un->path.p, sizeof(borrowed));
	*out = (struct usock){
		.inode = un->has_inode ? un->inode : 0,
		.dev_major = un->dev_major,
		.dev_minor = un->dev_minor,
		.path = borrowed,
		.path_len = un->path.n,
		.kind = usock_kind_of(un->path),
		.owner_ses = SES_UNSET,
		.owner_auid = AUID_UNSET,
		.owner_uid = un->ouid,
		.forwarded = is_sshd_made(un->path),
		.bound = h->now,
	};
	return out->kind == USOCK_AGENT && pid_in_name(un->path, &pid) &&
	    guess_by_pid(h, pid, un, out);
}
