/*
 * cut: see cut.h.  Runs in the monitor.  A kill closes one descriptor of a socket; shutdown(2) ends the
 * socket, and a sibling that inherited or was handed a descriptor of it has nothing left.  The listener
 * itself is never touched: sshd would spin on it.
 *
 * First where it was connected.  Nobody is found there while the socket lies in another socket's queue
 * (SCM_RIGHTS), is another session's by now, or is that of a process whose first thread has ended.  So then where it
 * was accepted: the kernel says there who connected it.
 *
 * The kernel lists sockets one after the other: one that is accepted meanwhile waits no more when its listener is
 * shown, and was passed over before, when it had no inode.  A list that is begun after that shows it; what the first
 * shows does not wait for it, for a signature may take two milliseconds.
 */
#include "agentd/monitor/cut.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/afar.h"
#include "agentd/monitor/inodes.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/sockets.h"

#define PATIENCE_MS 2000 /* a user can hold more descriptors than that allows to read */
#define ACCEPT_MS   20   /* until the next look at what was not accepted yet */
#define LOOKS       10   /* and as many at once, while others connect */
#define AFAR_MS     200

struct file {
	uint32_t major, minor;
	uint64_t inode;
};

/* What is to end. */
struct wanted {
	struct file file;
	uint32_t ses;    /* SES_UNSET: everybody's */
	cut_may_fn *may; /* NULL: all */
	const void *arg;
	bool afar;       /* and in other network namespaces */
};

struct search {
	const struct wanted *wanted;
	struct inodes clients;  /* the sockets at the other ends of what the listener has accepted, or will */
	struct inodes done;     /* of these */
	struct inodes spared;   /* of these: somebody holds it who may */
	struct inodes accepted; /* this end of those that are not */
	struct inodes others;   /* cut, and none of the clients: of accepted, and afar */
	struct afar afar;       /* of the listener, when it is asked for */
	bool waits;             /* one is not accepted yet */
	bool fresh;             /* one is not among the clients yet */
	unsigned hurried;       /* looks that were repeated at once for that */
	struct mtime until;     /* then it is given up */
};

static bool
is_bound_to(const struct diag_unix *u, const struct file *f)
{
	return u->bound && u->file_ino == (uint32_t)f->inode && u->major == f->major && u->minor == f->minor;
}

/*
 * What a listener has accepted bears the listener's name.  What waits to be accepted has no inode yet, so the
 * kernel does not list it; the listener names the sockets at the other ends.
 */
static int
note_clients(const struct diag_unix *u, void *arg)
{
	struct search *s = arg;

	if (!is_bound_to(u, &s->wanted->file))
		return 0;
	if (u->listening && s->wanted->afar && s->afar.n == 0)
		afar_begin(&s->afar, u);
	for (size_t i = 0; i < u->pending_n; i++)
		if (u->pending[i] != 0)
			(void)inodes_add(&s->clients, u->pending[i]);
	if (!u->listening && u->peer != 0)
		(void)inodes_add(&s->clients, u->peer);
	return 0;
}

/* One process. */
struct visit {
	struct search *search;
	int pidfd; /* borrowed */
	pid_t pid;
};

/* The descriptor was looked up by number: it counts only if it is that socket now.  −1: it is not. */
static int
open_socket(int pidfd, int number, uint64_t inode)
{
	struct stat st;
	int fd = pidfd_take(pidfd, number);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == inode)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* NULL: that socket, whatever it is. */
typedef bool is_it_fn(const struct search *, int fd);

static void
end_socket(const struct visit *v, int number, uint64_t inode, is_it_fn *is_it, struct inodes *ended)
{
	int fd = open_socket(v->pidfd, number, inode);

	if (fd == -1)
		return;
	if ((is_it == NULL || is_it(v->search, fd)) && shutdown(fd, SHUT_RDWR) == 0)
		(void)inodes_add(ended, inode);
	close(fd);
}

static bool
end_client(int number, uint64_t inode, void *arg)
{
	const struct visit *v = arg;

	if (inodes_has(&v->search->clients, inode))
		end_socket(v, number, inode, NULL, &v->search->done);
	return true;
}

static bool
spare_client(int number, uint64_t inode, void *arg)
{
	const struct visit *v = arg;
	struct search *s = v->search;

	(void)number;
	if (inodes_has(&s->clients, inode))
		(void)inodes_add(&s->spared, inode);
	return true;
}

static int
visit_client(int pidfd, const struct facts *f, void *arg)
{
	struct search *s = arg;
	struct visit v = {.search = s, .pidfd = pidfd};
	bool ends = s->wanted->may == NULL || s->wanted->may(f, s->wanted->arg);

	(void)sockets_each(f->pid, s->until, ends ? end_client : spare_client, &v);
	return s->done.n == s->clients.n;
}

static void
cut_clients(struct search *s)
{
	if (s->wanted->ses == SES_UNSET)
		(void)facts_among(NULL, visit_client, s);
	else
		(void)facts_each(s->wanted->ses, visit_client, s);
}

/* --- the other end -------------------------------------------------------------------------------------- */

static bool
is_settled(const struct search *s, uint64_t client)
{
	return inodes_has(&s->done, client) || inodes_has(&s->spared, client);
}

/* What has connected since the clients were listed is looked for among them first. */
static bool
is_fresh(struct search *s, uint64_t client)
{
	const bool fresh = s->hurried < LOOKS && s->clients.n < ST_INODES && !inodes_has(&s->clients, client);

	s->fresh = s->fresh || fresh;
	return fresh;
}

static int
note_accepted(const struct diag_unix *u, void *arg)
{
	struct search *s = arg;

	if (!is_bound_to(u, &s->wanted->file))
		return 0;
	for (size_t i = 0; i < u->pending_n; i++)
		if (u->pending[i] != 0 && !is_fresh(s, u->pending[i]) && !is_settled(s, u->pending[i]))
			s->waits = true;
	return u->listening || u->peer == 0 || is_fresh(s, u->peer) || is_settled(s, u->peer) ||
	    inodes_add(&s->accepted, u->inode) ? 0 : 1;
}

/* Who was killed as he connected is dead, or nearly so; whoever has his connection has no right to it. */
static bool
may_not_be(const struct search *s, int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	struct facts f;
	int pidfd, rc;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return false;
	pidfd = who.pid > 0 ? proc_pidfd(who.pid) : -ESRCH;
	if (pidfd < 0)
		return true;
	rc = facts_of(pidfd, who.pid, &f);
	close(pidfd);
	if (rc != 0)
		return true;
	if (s->wanted->ses != SES_UNSET)
		return f.ses == s->wanted->ses;
	return s->wanted->may == NULL || s->wanted->may(&f, s->wanted->arg);
}

static bool
end_accepted(int number, uint64_t inode, void *arg)
{
	const struct visit *v = arg;

	if (inodes_has(&v->search->accepted, inode))
		end_socket(v, number, inode, may_not_be, &v->search->others);
	return true;
}

static int
visit_acceptor(int pidfd, const struct facts *f, void *arg)
{
	struct search *s = arg;
	struct visit v = {.search = s, .pidfd = pidfd};

	(void)sockets_each(f->pid, s->until, end_accepted, &v);
	return 0;
}

/* 0 or −errno. */
static int
cut_accepted(struct search *s)
{
	const size_t known = s->accepted.n;
	int rc = diag_unix_each(note_accepted, s);

	if (s->accepted.n != known)
		(void)facts_among(NULL, visit_acceptor, s);
	return rc < 0 ? rc : 0;
}

/* 0 or −errno. */
static int
look(struct search *s)
{
	const size_t known = s->clients.n;
	int rc = diag_unix_each(note_clients, s);

	s->waits = s->fresh = false;
	if (s->clients.n != known)
		cut_clients(s);
	if (rc < 0)
		return rc;
	return s->done.n != s->clients.n || s->clients.n == ST_INODES ? cut_accepted(s) : 0;
}

/* Until two looks in a row have shown nothing that is to come.  0 or −errno. */
static int
look_on(struct search *s)
{
	int rc = 0;

	for (unsigned quiet = 0, waited = 0; quiet < 2 && rc == 0 && mtime_now().ns < s->until.ns;) {
		rc = look(s);
		if (s->fresh) {
			s->hurried++;
			quiet = 0;
		} else if (s->waits && waited++ < LOOKS) {
			(void)poll(NULL, 0, ACCEPT_MS);
			quiet = 0;
		} else {
			quiet++;
		}
	}
	return rc;
}

/* --- in other network namespaces ------------------------------------------------------------------------ */

static bool
leads_there(const struct search *s, int fd)
{
	return afar_leads(&s->afar, fd);
}

static bool
end_afar(int number, uint64_t inode, void *arg)
{
	const struct visit *v = arg;

	if (afar_may_be(v->pid, number))
		end_socket(v, number, inode, leads_there, &v->search->others);
	return true;
}

static int
visit_afar(int pidfd, const struct facts *f, void *arg)
{
	struct search *s = arg;
	struct visit v = {.search = s, .pidfd = pidfd, .pid = f->pid};

	(void)sockets_each_thread(f->pid, s->until, end_afar, &v);
	return 0;
}

/* --- the cut -------------------------------------------------------------------------------------------- */

static int
cut(const struct wanted *wanted)
{
	struct search *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->wanted = wanted;
	s->until = mtime_after(mtime_now(), PATIENCE_MS);
	rc = look_on(s);
	if (s->afar.n != 0) {
		s->until = mtime_after(mtime_now(), AFAR_MS);
		(void)facts_each(wanted->ses, visit_afar, s);
	}
	if (rc == 0 || s->done.n + s->others.n != 0)
		rc = (int)(s->done.n + s->others.n);
	free(s);
	return rc;
}

int
cut_connections(uint32_t ses, uint32_t major, uint32_t minor, uint64_t inode, bool afar)
{
	const struct wanted o = {.file = {.major = major, .minor = minor, .inode = inode}, .ses = ses, .afar = afar};

	return ses == SES_UNSET ? -EINVAL : cut(&o);
}

int
cut_all(uint32_t major, uint32_t minor, uint64_t inode, cut_may_fn *may, const void *arg)
{
	const struct wanted o = {.file = {.major = major, .minor = minor, .inode = inode}, .ses = SES_UNSET, .may = may,
	    .arg = arg};

	return cut(&o);
}
