/*
 * monitor: see monitor.h.  The order of monitor_main() is the story of its privileges: all that needs
 * root's full power is opened first, then it is dropped, and only then is anybody listened to.
 */
#include "agentd/monitor/monitor.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/caps.h"
#include "agentd/monitor/child.h"
#include "agentd/monitor/clients.h"
#include "agentd/monitor/ctx.h"
#include "agentd/monitor/fleets.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/kaudit.h"
#include "agentd/monitor/listen.h"
#include "agentd/monitor/listeners.h"
#include "agentd/monitor/living.h"
#include "agentd/monitor/login.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/notify.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/review.h"
#include "agentd/monitor/ring.h"
#include "agentd/monitor/rows.h"
#include "agentd/monitor/rules.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/source.h"
#include "agentd/monitor/sweep.h"
#include "agentd/monitor/switch.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/terminate.h"
#include "agentd/monitor/verbs.h"
#include "agentd/monitor/watches.h"
#include "base/log.h"

bool
monitor_send(struct monitor *m, const struct notice *n, const int *fds, int nfds)
{
	return m->child != NULL && child_send(m->child, n, fds, nfds);
}

/* First the deadline: at no moment is a trial without its end. */
static int
tell_gate(struct monitor *m)
{
	struct btime until = mode_on_trial(m->mode) ? mode_deadline(m->mode) : (struct btime){0};
	int rc = gate_until(m->gate, until);

	return rc == 0 ? gate_mode(m->gate, mode_get(m->mode)) : rc;
}

void
monitor_mode_changed(struct monitor *m)
{
	struct notice n = {.kind = NOTE_MODE, .mode = mode_get(m->mode)};
	int rc = tell_gate(m);

	if (rc != 0)
		log_crit("the kernel gates do not hear of mode %s: %s", mode_name(mode_get(m->mode)), strerror(-rc));
	rows_mode(m->rows, mode_get(m->mode));
	review_due(m->review);
	(void)monitor_send(m, &n, NULL, 0);
}

/* --- acquire ------------------------------------------------------------------------------------------ */

static int
look_up_users(struct monitor *m)
{
	const struct passwd *pw = getpwnam(m->cf->user);
	const struct group *gr;

	if (pw == NULL || pw->pw_uid == 0) {
		log_err("user %s: %s", m->cf->user, pw == NULL ? "there is none" : "must not be root");
		return -1;
	}
	m->engine_uid = pw->pw_uid;
	m->engine_gid = pw->pw_gid;
	gr = getgrnam(m->cf->group);
	if (gr == NULL)
		log_warn("group %s: there is none; only root can ask the daemon", m->cf->group);
	m->control_gid = gr == NULL ? 0 : gr->gr_gid;
	return 0;
}

static int
open_dirs(struct monitor *m)
{
	struct buf path = BUF_INIT;
	int fd = listen_dir(m->cf->run_dir, 0, m->control_gid, 0755), rc = fd;

	if (fd >= 0)
		close(fd);
	/* Sticky: the engine makes files here, but cannot move the monitor's folder away. */
	fd = rc < 0 ? rc : listen_dir(m->cf->state_dir, 0, m->engine_gid, 01770);
	if (fd >= 0)
		close(fd);
	buf_printf(&path, "%s/monitor", m->cf->state_dir);
	if (fd >= 0)
		fd = !buf_ok(&path) ? -ENOMEM : listen_dir(path.p, 0, 0, 0700);
	buf_free(&path);
	if (fd < 0) {
		log_err("cannot use %s and %s: %s", m->cf->run_dir, m->cf->state_dir, strerror(-fd));
		return -1;
	}
	m->state_dir = fd;
	return 0;
}

static int
bind_sockets(struct monitor *m)
{
	const struct {
		const char *name;
		int type, *fd;
		gid_t gid;
		mode_t mode;
	} want[] = {
		{"report.sock", SOCK_SEQPACKET, &m->report_fd, 0, 0600},
		{"monitor.sock", SOCK_STREAM, &m->verbs_fd, 0, 0600},
		{"control.sock", SOCK_STREAM, &m->control_fd, m->control_gid, 0660},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		struct buf path = BUF_INIT;
		int fd;

		buf_printf(&path, "%s/%s", m->cf->run_dir, want[i].name);
		fd = !buf_ok(&path) ? -ENOMEM :
		    listen_unix(path.p, want[i].type, 0, want[i].gid, want[i].mode);
		if (fd < 0)
			log_err("cannot listen on %s: %s", path.p,
			    fd == -EADDRINUSE ? "another sshtetherd does" : strerror(-fd));
		buf_free(&path);
		if (fd < 0)
			return -1;
		*want[i].fd = fd;
	}
	return 0;
}

static int
open_mode(struct monitor *m)
{
	struct moment now = moment_now();

	m->mode = mode_open(m->state_dir, m->cf->mode, &now);
	if (m->mode == NULL)
		return -1;
	log_info("mode %s (%s)", mode_name(mode_get(m->mode)),
	    mode_found(m->mode)->kept ? "as it was kept" : "as configured");
	return 0;
}

static void
open_audit(struct monitor *m)
{
	int fd = kaudit_open();

	if (fd < 0)
		log_err("the kernel's audit does not answer: %s", strerror(-fd));
	m->audit_fd = fd < 0 ? -1 : fd;
}

static int
pass_over(const struct diag_tcp *t, void *arg)
{
	(void)t;
	(void)arg;
	return 0;
}

/* Kernels before 5.7 do not tell what BPF keeps with a socket. */
static void
try_makers(struct monitor *m)
{
	int rc;

	m->makers = gate_makers(m->gate);
	if (m->makers == -1 || (rc = diag_tcp_each(m->makers, pass_over, NULL)) == 0)
		return;
	log_warn("a connection that no task has open, on its way from one to another, is not found: %s", strerror(-rc));
	m->makers = -1;
}

static int
open_gate(struct monitor *m)
{
	int rc = -ENOMEM;

	m->gate = gate_open(m->cf);
	if (m->gate != NULL)
		rc = tell_gate(m);
	if (rc != 0) {
		log_err("the kernel gates: %s", strerror(-rc));
		return -1;
	}
	try_makers(m);
	return 0;
}

static int
acquire(struct monitor *m)
{
	if (look_up_users(m) == -1 || open_dirs(m) == -1 || bind_sockets(m) == -1 || open_mode(m) == -1)
		return -1;
	open_audit(m);
	m->watches = watches_open(m);
	if (m->watches == NULL)
		return -1;
	m->base = event_base_new();
	if (m->base != NULL && event_base_priority_init(m->base, PRIORITIES) == 0)
		m->source = source_new(m);
	return m->source == NULL ? -1 : open_gate(m);
}

/* --- drop --------------------------------------------------------------------------------------------- */

static int
drop(void)
{
	struct buf missing = BUF_INIT;
	int rc = caps_drop(&missing);

	umask(077);
	if (rc != 0)
		log_err("cannot drop capabilities");
	else if (missing.n != 0)
		log_warn("not given to this process: %s", missing.p);
	buf_free(&missing);
	return rc;
}

/* --- loop --------------------------------------------------------------------------------------------- */

static int
make_parts(struct monitor *m)
{
	for (size_t i = 0; i < WORK_COUNT; i++)
		if ((m->work[i] = aside_new(m->base)) == NULL)
			return -1;
	rate_init(&m->actions, m->cf->action_rate, 60000, mtime_now());
	m->registry = registry_new();
	m->table = table_new();
	m->child = child_new(m);
	m->switcher = switcher_new(m);
	m->fleets = fleets_new(m);
	if (m->registry == NULL || m->table == NULL || m->child == NULL || m->switcher == NULL || m->fleets == NULL)
		return -1;
	m->rows = rows_new(m);
	m->review = review_new(m);
	m->ring = ring_new(m);
	m->clients = clients_new(m);
	m->listeners = listeners_new(m);
	m->sweeper = sweep_new(m);
	m->logins = logins_new(m);
	m->verbs = verbs_new(m);
	m->terminator = terminator_new(m);
	m->rules = rules_new(m);
	if (!watches_start(m->watches))
		return -1;
	return m->rows == NULL || m->review == NULL || m->ring == NULL || m->clients == NULL || m->listeners == NULL || m->sweeper == NULL ||
	    m->logins == NULL || m->verbs == NULL || m->terminator == NULL || m->rules == NULL ? -1 : 0;
}

void
monitor_end(struct monitor *m, int status)
{
	m->status = status;
	(void)event_base_loopbreak(m->base);
}

static void
on_stop_cb(evutil_socket_t sig, short what, void *arg)
{
	struct monitor *m = arg;

	(void)what;
	log_info("signal %d: going", (int)sig);
	(void)event_base_loopbreak(m->base);
}

static void
on_hup_cb(evutil_socket_t sig, short what, void *arg)
{
	struct notice n = {.kind = NOTE_RELOAD};

	(void)sig;
	(void)what;
	(void)monitor_send(arg, &n, NULL, 0);
}

static int
watch_signals(struct monitor *m)
{
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	m->on_term = evsignal_new(m->base, SIGTERM, on_stop_cb, m);
	m->on_int = evsignal_new(m->base, SIGINT, on_stop_cb, m);
	m->on_hup = evsignal_new(m->base, SIGHUP, on_hup_cb, m);
	if (m->on_term == NULL || m->on_int == NULL || m->on_hup == NULL)
		return -1;
	return event_add(m->on_term, NULL) | event_add(m->on_int, NULL) | event_add(m->on_hup, NULL);
}

/* --- release ------------------------------------------------------------------------------------------ */

static void
unlink_sockets(const struct monitor *m)
{
	static const char *const name[] = {"report.sock", "monitor.sock", "control.sock"};
	const int fd[] = {m->report_fd, m->verbs_fd, m->control_fd};

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		struct buf path = BUF_INIT;

		if (fd[i] == -1)
			continue; /* another daemon's */
		close(fd[i]);
		buf_printf(&path, "%s/%s", m->cf->run_dir, name[i]);
		if (buf_ok(&path))
			(void)unlink(path.p);
		buf_free(&path);
	}
}

static void
release(struct monitor *m)
{
	unlink_sockets(m); /* first: new logins see at once that nobody listens */
	logins_free(&m->logins);
	for (size_t i = 0; i < WORK_COUNT; i++)
		aside_free(&m->work[i]);
	terminator_free(&m->terminator); /* the engine hears what became of them */
	child_free(&m->child);
	rules_free(&m->rules);
	verbs_free(&m->verbs);
	switcher_free(&m->switcher);
	fleets_free(&m->fleets);
	sweep_free(&m->sweeper);
	source_free(&m->source);
	table_free(&m->table);
	watches_free(&m->watches);
	listeners_free(&m->listeners);
	clients_free(&m->clients);
	ring_free(&m->ring);
	review_free(&m->review);
	rows_free(&m->rows);
	registry_free(&m->registry);
	gate_close(&m->gate);
	mode_close(&m->mode);
	for (struct event **ev = (struct event *[]){m->on_term, m->on_int, m->on_hup, NULL}; *ev != NULL; ev++)
		event_free(*ev);
	if (m->base != NULL)
		event_base_free(m->base);
	if (m->audit_fd != -1)
		audit_close(m->audit_fd);
	if (m->state_dir != -1)
		close(m->state_dir);
}

int
monitor_main(const struct config *cf, const struct monitor_options *opt)
{
	struct monitor m = {.cf = cf, .opt = opt, .report_fd = -1, .verbs_fd = -1, .control_fd = -1,
	    .audit_fd = -1, .state_dir = -1, .status = 1};

	if (acquire(&m) == -1 || drop() == -1 || make_parts(&m) == -1 || watch_signals(&m) == -1)
		goto out;
	rules_check(m.rules);
	living_register(&m);
	child_start(m.child);
	notify_manager("READY=1");
	m.status = 0;
	if (event_base_dispatch(m.base) == -1)
		m.status = 1;
	notify_manager("STOPPING=1");
out:
	release(&m);
	return m.status;
}
