/*
 * key-read: a private key is opened, or a directory of agents listed, by somebody whose it is not, or with a program
 * that has nothing to do with SSH.  Who reads comes from the kernel by the moment that he does; what no SSH session
 * started (backup, configuration management, cron) is nobody's business here.  Pure.
 */
#include <stdio.h>

#include "agentd/detect/detector.h"

/*
 * Beside those that speak SSH: what reads keys itself.  Not who leaves that to the ssh that he runs: scp, sftp or git
 * that opens a key copies it.
 */
static const char *const handlers[] = {"ssh-add", "ssh-agent", "ssh-keygen", "ssh-keysign", "ssh-pkcs11-helper",
    "ssh-sk-helper", "gpg-agent", "gnome-keyring-daemon"};

/* By content as the model knows it; by name in root's own folders alone. */
static bool
is_ssh(const struct process *p)
{
	struct bytes exe;

	if (p == NULL || p->is_sshd || p->program == PROGRAM_SSH)
		return p != NULL;
	exe = bytes_of(p->exe);
	if (!program_is_steady(exe))
		return false;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (bytes_is(bytes_basename(exe), handlers[i]))
			return true;
	return program_is_ssh_server(exe) || program_is_ssh_name(exe);
}

/*
 * An SSH server that takes on a user's uid before it has let him in, to look into his folder.  Not by real uid, which
 * sudo and su change, too: `sshd -t -f KEY` prints what it does not understand.
 */
static bool
is_server_at_work(const struct key_read *k, const struct process *p)
{
	const struct bytes exe = p != NULL ? bytes_of(p->exe) : BYTES_NONE;

	return k->uid == 0 && k->euid != 0 && k->euid == k->owner && program_is_steady(exe) && program_is_ssh_server(exe);
}

/*
 * By whose login it is, whether the reader has the owner's uid, and whether the program is one of SSH.  CONFIDENCE_NONE:
 * no finding.  Root uses root's keys after sudo; who becomes another user to use that one's key is less usual.
 */
static const enum confidence sure[2][2][2] = {
	[false] = {
		[false] = {[false] = CONFIDENCE_HIGH, [true] = CONFIDENCE_HIGH},
		[true] = {[false] = CONFIDENCE_HIGH, [true] = CONFIDENCE_MEDIUM},
	},
	[true] = {
		[false] = {[false] = CONFIDENCE_MEDIUM, [true] = CONFIDENCE_LOW},
		[true] = {[false] = CONFIDENCE_LOW, [true] = CONFIDENCE_NONE},
	},
};

/* Who is neither root nor the owner was let in by the file's own modes. */
static bool
is_open(const struct key_read *k)
{
	return k->euid != 0 && k->euid != k->owner;
}

/* What its owner lays open to all may be a trap for whoever walks by. */
static enum confidence
sure_of(const struct key_read *k, bool own, bool ssh)
{
	if (is_open(k))
		return CONFIDENCE_LOW;
	return sure[own][k->euid == k->owner][ssh];
}

static const char *
as_str(const struct key_read *k, char out[32])
{
	if (k->euid == k->auid)
		out[0] = '\0';
	else if (k->euid == 0)
		(void)snprintf(out, 32, "as root ");
	else
		(void)snprintf(out, 32, "as uid %u ", k->euid);
	return out;
}

static const char *
owner_str(const struct key_read *k, bool own, char out[ST_NAME_MAX + 16])
{
	if (own)
		(void)snprintf(out, ST_NAME_MAX + 16, "its own user");
	else if (k->owner_name != NULL)
		(void)snprintf(out, ST_NAME_MAX + 16, "%s", k->owner_name);
	else
		(void)snprintf(out, ST_NAME_MAX + 16, "uid %u", k->owner);
	return out;
}

static void
send_key(struct detect *d, const struct key_read *k, enum confidence c, bool own)
{
	const struct process *p = host_process(detect_host(d), k->pid);
	const struct evidence e = {.time = k->time, .pid = k->pid, .ses = k->ses, .auid = k->auid, .uid = k->uid,
	    .euid = k->euid, .life = p != NULL ? p->life : 0, .count = 1};
	char as[32], owner[ST_NAME_MAX + 16], program[64], subject[ST_USUAL_TEXT];
	struct finding f;

	finding_start(d, &e, ACT_KEY_READ, &f);
	f.confidence = c;
	f.owner = own ? OWNER_SELF : OWNER_OTHER;
	f.file = k->path;
	finding_reason(&f, "%s%s %.*s of %s with %s%s%s", as_str(k, as),
	    k->agents ? "listed the directory of agents" : "opened the private key", (int)k->path.n, k->path.p,
	    owner_str(k, own, owner), program_str(f.process, program), is_ssh(f.process) ? "" : ", no SSH program",
	    is_open(k) ? "; its modes let others in" : "");
	/* What is sure of the same file is no repetition of what was not. */
	(void)snprintf(subject, sizeof(subject), "%s %.*s", confidence_name(c), (int)k->path.n, k->path.p);
	finding_daily(d, &f, subject);
	finding_send(d, &f);
}

static void
key_opened(struct detect *d, void *state, const struct key_read *k)
{
	const struct session *s = detect_session(d, k->ses);
	const struct process *p = host_process(detect_host(d), k->pid);
	const bool own = s->ses != SES_UNSET && s->auid == k->owner;
	enum confidence c;
	bool ssh;

	(void)state;
	if (p != NULL && p->ses != k->ses)
		p = NULL;
	if (!s->ssh || (p != NULL && p->is_sshd) || is_server_at_work(k, p))
		return;
	ssh = is_ssh(p);
	if (ssh && k->euid == 0 && k->owner == 0) /* root's own, after sudo: escalated-agent tells of that */
		return;
	c = sure_of(k, own, ssh);
	if (k->agents && own && k->euid == k->owner) /* the shell's completion, ssh-agent's own clearing up */
		return;
	if (c != CONFIDENCE_NONE)
		send_key(d, k, c, own);
}

const struct detector detector_key_read = {
	.name = "key-read",
	.key = key_opened,
};
