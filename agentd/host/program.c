/*
 * program: what is known of program files: an SSH program or not.  By content, which somebody else
 * looks at and tells later; until then by name.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

#include "base/ssh_names.h"

#define ASK_AGAIN_MS (10 * 60 * 1000LL)

/* Root's own folders: what lies there does not change under our feet without an update. */
static const char *const steady_folders[] = {
	"/usr/", "/bin/", "/sbin/", "/lib", "/opt/", "/nix/store/",
};

struct bytes
program_path(struct bytes exe)
{
	const struct bytes deleted = BYTES_LIT(" (deleted)");

	if (bytes_ends(exe, deleted))
		exe.n -= deleted.n;
	return exe;
}

bool
program_is_ssh_name(struct bytes exe)
{
	return ssh_names_has(bytes_basename(program_path(exe)));
}

bool
program_is_ssh_server(struct bytes exe)
{
	struct bytes name = bytes_basename(program_path(exe));

	return bytes_starts(name, BYTES_LIT("sshd")) || bytes_is(name, "dropbear") ||
	    bytes_is(name, "dropbearmulti");
}

bool
program_is_steady(struct bytes exe)
{
	for (size_t i = 0; i < sizeof(steady_folders) / sizeof(steady_folders[0]); i++) {
		if (bytes_starts(exe, bytes_of(steady_folders[i])))
			return true;
	}
	return false;
}

static uint64_t
file_hash(uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	return hash_u64(inode ^ (((uint64_t)dev_major << 32 | dev_minor) * 0x9e3779b97f4a7c15ull));
}

static struct program *
program_find(const struct host *h, uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	struct table_link *l = table_first(&h->programs, file_hash(inode, dev_major, dev_minor));

	for (; l != NULL; l = table_next(l)) {
		struct program *p = TABLE_ENTRY(l, struct program, by_inode);

		if (p->inode == inode && p->dev_major == dev_major && p->dev_minor == dev_minor)
			return p;
	}
	return NULL;
}

static void
program_drop(struct host *h, struct program *p)
{
	struct process_node *n;

	while ((n = LIST_FIRST(&p->users)) != NULL)
		program_forget(n);
	table_del(&h->programs, &p->by_inode);
	TAILQ_REMOVE(&h->program_list, p, in_host);
	h->nprogram--;
	free(p);
}

static struct program *
program_get(struct host *h, uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	struct program *p = program_find(h, inode, dev_major, dev_minor);

	if (p != NULL)
		return p;
	if (h->nprogram >= ST_PROGRAMS)
		program_drop(h, TAILQ_FIRST(&h->program_list));
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->inode = inode;
	p->dev_major = dev_major;
	p->dev_minor = dev_minor;
	LIST_INIT(&p->users);
	table_add(&h->programs, &p->by_inode, file_hash(inode, dev_major, dev_minor));
	TAILQ_INSERT_TAIL(&h->program_list, p, in_host);
	h->nprogram++;
	return p;
}

void
program_forget(struct process_node *n)
{
	if (n->image == NULL)
		return;
	LIST_REMOVE(n, in_image);
	n->image = NULL;
}

void
program_drop_all(struct host *h)
{
	struct program *p;

	while ((p = TAILQ_FIRST(&h->program_list)) != NULL)
		program_drop(h, p);
}

static void
ask(struct host *h, struct program *p, const struct process *who)
{
	bool steady = program_is_steady(bytes_of(who->exe));

	if (h->probe.want_program == NULL)
		return;
	if (p->known && steady && rtime_since(h->now, p->asked) < ASK_AGAIN_MS)
		return;
	p->asked = h->now;
	p->in_doubt = !steady;
	h->probe.want_program(h->probe.arg, who->ses, who->pid, p->inode, p->dev_major,
	    p->dev_minor);
}

/*
 * The dynamic linker run by hand (ld.so [OPTION [VALUE]]… /usr/bin/ssh …): its own file says
 * nothing of what it loads.  So the first words do, up to the second that is no option.
 */
static bool
loads_ssh(const struct process *p)
{
	struct bytes exe = bytes_basename(bytes_of(p->exe)), word;
	const char *end;
	int plain = 0;

	if (p->argv == NULL ||
	    (!bytes_starts(exe, BYTES_LIT("ld-linux")) && !bytes_starts(exe, BYTES_LIT("ld-musl"))))
		return false;
	end = p->argv + p->argv_len;
	for (const char *at = p->argv; at < end && plain < 3; at += word.n + 1) {
		word = (struct bytes){.p = at, .n = strnlen(at, (size_t)(end - at))};
		if (plain > 0 && program_is_ssh_name(word))
			return true;
		plain += word.n == 0 || word.p[0] != '-';
	}
	return false;
}

static void
classify(struct process_node *n)
{
	const struct program *p = n->image;

	if (loads_ssh(&n->p))
		n->p.program = PROGRAM_SSH;
	else if (p != NULL && p->known)
		n->p.program = p->ssh ? PROGRAM_SSH :
		    p->in_doubt   ? PROGRAM_UNKNOWN :
		                    PROGRAM_OTHER;
	else if (program_is_ssh_name(bytes_of(n->p.exe)))
		n->p.program = PROGRAM_SSH;
	else
		n->p.program = PROGRAM_UNKNOWN;
}

/*
 * The file itself is a client, and not what a linker run by hand makes of it: by its content alone.  In a mount
 * namespace of his own (unshare -Urm) anybody runs sh by the name of /usr/bin/ssh, and the gates never forget.
 * sshd holds the words of a client and is none.
 */
static void
tell_client(const struct host *h, const struct process_node *n)
{
	const struct program *p = n->image;
	const struct bytes exe = bytes_of(n->p.exe);

	if (h->probe.is_client == NULL || p == NULL || n->p.program != PROGRAM_SSH || n->p.is_sshd ||
	    n->p.ses == SES_UNSET || bytes_starts(bytes_basename(exe), BYTES_LIT("sshd")))
		return;
	if (p->known && p->ssh)
		h->probe.is_client(h->probe.arg, &n->p);
}

void
program_exec(struct host *h, struct process_node *n, const struct fact *f)
{
	program_forget(n);
	n->p.exe_inode = f->exe_inode;
	n->p.exe_dev_major = f->exe_dev_major;
	n->p.exe_dev_minor = f->exe_dev_minor;
	if (f->exe_inode != 0)
		n->image = program_get(h, f->exe_inode, f->exe_dev_major, f->exe_dev_minor);
	if (n->image != NULL) {
		LIST_INSERT_HEAD(&n->image->users, n, in_image);
		TAILQ_REMOVE(&h->program_list, n->image, in_host);
		TAILQ_INSERT_TAIL(&h->program_list, n->image, in_host);
		ask(h, n->image, &n->p);
	}
	classify(n);
	tell_client(h, n);
}

void
host_program_set(struct host *h, uint64_t inode, uint32_t dev_major, uint32_t dev_minor,
    bool is_ssh)
{
	struct program *p = program_get(h, inode, dev_major, dev_minor);
	struct process_node *n;

	if (p == NULL)
		return;
	p->known = true;
	p->in_doubt = false;
	p->ssh = is_ssh;
	LIST_FOREACH(n, &p->users, in_image) {
		classify(n);
		tell_client(h, n);
	}
	h->lessons++;
}
