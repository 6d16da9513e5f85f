/*
 * detect_kit: see detect_kit.h.
 */
#include "tests/unit/detect_kit.h"

#include <stdio.h>
#include <string.h>

#define SSHD  "/usr/sbin/sshd"
#define START 1700000000000LL

static bool
is_ssh_port(uint16_t port, void *arg)
{
	(void)arg;
	return port == 22;
}

static void
copy(char *out, size_t cap, const char *s)
{
	(void)snprintf(out, cap, "%s", s != NULL ? s : "");
}

void
kit_keep(const struct finding *f, void *arg)
{
	struct kit *k = arg;
	struct found *out = &k->found[k->n];
	char addr[ADDR_STRLEN];

	if (f->again) {
		k->again++;
		return;
	}
	k->n++;
	assert_true(k->n < sizeof(k->found) / sizeof(k->found[0]));
	assert_non_null(f->session);
	*out = (struct found){
		.activity = f->activity,
		.ses = f->session->ses,
		.pid = f->pid,
		.uid = f->uid,
		.time_ms = f->time.ms,
		.owner = f->owner,
		.owner_ses = f->owner_session != NULL ? f->owner_session->ses : SES_UNSET,
		.outcome = f->outcome,
		.count = f->count,
		.grade = f->grade,
		.bytes_in = f->bytes_in,
		.bytes_out = f->bytes_out,
		.confidence = f->confidence,
		.reached = f->reached,
		.agent = f->agent,
		.nancestry = f->nancestry,
		.top = f->nancestry > 0 ? f->ancestry[f->nancestry - 1]->pid : 0,
	};
	copy(out->via, sizeof(out->via), f->via);
	copy(out->exe, sizeof(out->exe), f->process != NULL ? f->process->exe : NULL);
	copy(out->subject, sizeof(out->subject), f->subject);
	copy(out->reason, sizeof(out->reason), f->reason);
	if (f->to.addr.family != 0)
		(void)snprintf(out->to, sizeof(out->to), "%s:%u", addr_str(f->to.addr, addr), f->to.port);
	else
		(void)snprintf(out->to, sizeof(out->to), "%.*s", (int)f->to_unix.n, f->to_unix.p);
}

/* --- the probe -------------------------------------------------------------------------------- */

static bool
probe_task(void *arg, uint32_t pid, struct probe_task *out)
{
	const struct kit *k = arg;

	*out = (struct probe_task){.ses = SES_UNSET, .auid = AUID_UNSET};
	for (size_t i = 0; i < k->ntasks; i++) {
		if (k->tasks[i].pid == pid) {
			out->ppid = k->tasks[i].ppid;
			out->ses = k->tasks[i].ses;
			return true;
		}
	}
	return pid == 1;
}

static bool
probe_tcp(void *arg, const struct probe_ask *ask, struct probe_tcp *out)
{
	struct kit *k = arg;

	(void)ask;
	k->tcp_asked++;
	out->found = k->tcp;
	out->local = kit_endpoint("192.0.2.250", 40000);
	return true;
}

static bool
same_network(void *arg, uint32_t pid)
{
	const struct kit *k = arg;

	(void)pid;
	return !k->elsewhere;
}

static void
probe_client(void *arg, const struct process *p)
{
	struct kit *k = arg;

	(void)p;
	k->clients_told++;
}

static void
want_program(void *arg, uint32_t ses, uint32_t pid, uint64_t inode, uint32_t dev_major,
    uint32_t dev_minor)
{
	struct kit *k = arg;

	(void)ses;
	(void)pid;
	(void)inode;
	(void)dev_major;
	(void)dev_minor;
	k->programs_asked++;
}

static void
want_owner(void *arg, uint32_t ses, const struct fact_unix *un)
{
	struct kit *k = arg;

	(void)ses;
	(void)un;
	k->owners_asked++;
}

/* --- life ------------------------------------------------------------------------------------- */

void
kit_open(struct kit *k, bool live)
{
	*k = (struct kit){.ms = START};
	k->probe = (struct probe){.arg = k, .task = probe_task, .is_client = probe_client, .tcp = probe_tcp,
	    .same_network = same_network, .want_program = want_program, .want_owner = want_owner};
	k->host = host_new("boot", live ? &k->probe : NULL);
	assert_non_null(k->host);
	k->detect = detect_new(&(struct detect_parts){.host = k->host, .is_ssh_port = is_ssh_port, .finding = kit_keep, .arg = k});
	assert_non_null(k->detect);
}

void
kit_close(struct kit *k)
{
	detect_free(&k->detect);
	host_free(&k->host);
}

static int
begun(struct kit *k, void **state)
{
	const struct who shell = {200, 101, 5, ALICE, ALICE, "/usr/bin/bash"};

	kit_exec(k, shell, "-bash");
	kit_forget(k);
	*state = k;
	return 0;
}

int
kit_setup(void **state)
{
	static struct kit k;

	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	return begun(&k, state);
}

int
kit_setup_live(void **state)
{
	static struct kit k;

	kit_open(&k, true);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	return begun(&k, state);
}

int
kit_setup_two(void **state)
{
	static struct kit k;

	kit_open(&k, true);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_report(&k, 6, BOB, "bob", "192.0.2.8", 300, "SHA256:b");
	return begun(&k, state);
}

int
kit_teardown(void **state)
{
	kit_close(*state);
	return 0;
}

static struct rtime
now(const struct kit *k)
{
	return (struct rtime){.ms = k->ms};
}

void
kit_wait(struct kit *k, int64_t ms)
{
	k->ms += ms;
	detect_tick(k->detect, now(k));
	host_tick(k->host, now(k));
}

void
kit_flush(struct kit *k)
{
	detect_flush(k->detect);
}

void
kit_fact(struct kit *k, struct fact *f)
{
	k->ms++;
	f->time = now(k);
	f->serial = ++k->serial;
	detect_tick(k->detect, now(k));
	host_tick(k->host, now(k));
	host_apply(k->host, f);
	detect_fact(k->detect, f);
}

struct fact
kit_task(enum fact_kind kind, struct who w)
{
	return (struct fact){
		.kind = kind,
		.has_task = true,
		.pid = w.pid,
		.ppid = w.ppid,
		.ses = w.ses,
		.auid = w.auid,
		.uid = w.uid,
		.euid = w.uid,
		.gid = w.uid,
		.exe = bytes_of(w.exe),
		.comm = bytes_basename(bytes_of(w.exe)),
		.success = true,
		.old_ses = SES_UNSET,
		.old_auid = AUID_UNSET,
	};
}

struct addr
kit_addr(const char *s)
{
	struct addr a;

	assert_true(addr_parse(bytes_of(s), &a));
	return a;
}

struct endpoint
kit_endpoint(const char *addr, uint16_t port)
{
	return (struct endpoint){.addr = kit_addr(addr), .port = port};
}

/* --- logins ----------------------------------------------------------------------------------- */

void
kit_loginuid(struct kit *k, struct who w, uint32_t old_ses, uint32_t old_auid, bool result)
{
	struct fact f = kit_task(FACT_LOGINUID, w);

	f.old_ses = old_ses;
	f.old_auid = old_auid;
	f.new_ses = w.ses;
	f.new_auid = w.auid;
	f.result = result;
	if (!result) {
		f.ses = old_ses;
		f.auid = old_auid;
		f.new_ses = SES_UNSET;
	}
	kit_fact(k, &f);
}

static struct fact
user_fact(enum fact_kind kind, struct who w, const char *op)
{
	struct fact f = kit_task(kind, w);

	f.exe = f.comm = BYTES_NONE;
	f.user_exe = bytes_of(w.exe);
	f.op = bytes_of(op);
	f.result = true;
	return f;
}

void
kit_user_start(struct kit *k, struct who w, const char *service_exe, const char *acct)
{
	struct fact f = user_fact(FACT_USER_START, w, "PAM:session_open");

	f.user_exe = bytes_of(service_exe);
	f.acct = bytes_of(acct);
	kit_fact(k, &f);
}

static void
sshd_opens(struct kit *k, struct who monitor, const char *user, const char *from)
{
	struct fact f = user_fact(FACT_USER_START, monitor, "PAM:session_open");

	f.acct = bytes_of(user);
	f.addr = bytes_of(from);
	f.terminal = BYTES_LIT("ssh");
	kit_fact(k, &f);
	monitor.pid++;
	f = user_fact(FACT_USER_AUTH, monitor, "PAM:setcred");
	kit_fact(k, &f);
}

void
kit_login(struct kit *k, uint32_t ses, uint32_t uid, const char *user, const char *from, uint32_t pid)
{
	struct who monitor = {pid, 1, ses, uid, 0, SSHD};

	kit_loginuid(k, monitor, SES_UNSET, AUID_UNSET, true);
	sshd_opens(k, monitor, user, from);
}

void
kit_report(struct kit *k, uint32_t ses, uint32_t uid, const char *user, const char *from, uint32_t pid,
    const char *key)
{
	struct who monitor = {pid, 1, ses, uid, 0, SSHD};
	struct report r = {.pid = pid, .uid = uid, .auid = uid, .ses = ses, .kind = REPORT_OPEN};
	struct addr a = kit_addr(from);
	struct session *s;

	kit_loginuid(k, monitor, SES_UNSET, AUID_UNSET, true);
	r.peer.family = a.family;
	r.peer.port = 50000;
	memcpy(r.peer.b, a.b, sizeof(a.b));
	copy(r.user, sizeof(r.user), user);
	copy(r.service, sizeof(r.service), "sshd");
	if (key != NULL) {
		r.flags |= REPORT_KEY_KNOWN;
		copy(r.key_fp, sizeof(r.key_fp), key);
	}
	s = host_open(k->host, &r, now(k));
	assert_non_null(s);
	detect_login(k->detect, s, now(k));
	sshd_opens(k, monitor, user, from);
	if (k->ntasks + 2 < sizeof(k->tasks) / sizeof(k->tasks[0])) {
		k->tasks[k->ntasks].pid = pid;
		k->tasks[k->ntasks++].ses = ses;
		k->tasks[k->ntasks].pid = pid + 1;
		k->tasks[k->ntasks].ppid = pid;
		k->tasks[k->ntasks++].ses = ses;
	}
}

void
kit_logout(struct kit *k, uint32_t ses, uint32_t uid, uint32_t pid)
{
	struct who monitor = {pid, 1, ses, uid, 0, SSHD};
	struct fact f = user_fact(FACT_USER_END, monitor, "PAM:session_close");

	kit_fact(k, &f);
}

/* --- what tasks do ---------------------------------------------------------------------------- */

void
kit_exec_file(struct kit *k, struct who w, const char *words, uint64_t inode)
{
	struct fact f = kit_task(FACT_EXEC, w);
	char argv[512];

	copy(argv, sizeof(argv), words);
	f.argv = (struct bytes){.p = argv, .n = strlen(argv)};
	for (char *p = argv; *p != '\0'; p++) {
		if (*p == ' ')
			*p = '\0';
	}
	f.exe_inode = inode;
	f.exe_dev_major = 254;
	kit_fact(k, &f);
}

void
kit_exec(struct kit *k, struct who w, const char *words)
{
	kit_exec_file(k, w, words, 0);
}

void
kit_connect(struct kit *k, struct who w, const char *addr, uint16_t port, int64_t exit)
{
	struct fact f = kit_task(FACT_CONNECT, w);

	f.peer = kit_endpoint(addr, port);
	f.family = f.peer.addr.family == 4 ? AF_INET : AF_INET6;
	f.exit = exit;
	f.a[0] = 3;
	kit_fact(k, &f);
}

void
kit_unspec(struct kit *k, struct who w, uint64_t fd)
{
	struct fact f = kit_task(FACT_CONNECT, w);

	f.family = AF_UNSPEC;
	f.a[0] = fd;
	kit_fact(k, &f);
}

static struct fact
unix_fact(enum fact_kind kind, struct who w, const char *path, uint64_t inode)
{
	struct fact f = kit_task(kind, w);

	f.family = AF_UNIX;
	f.un.path = bytes_of(path);
	f.un.has_inode = inode != 0;
	f.un.inode = inode;
	f.un.dev_major = 254;
	f.un.ouid = UINT32_MAX;
	return f;
}

void
kit_connect_unix(struct kit *k, struct who w, const char *path, uint64_t inode, uint32_t ouid,
    int64_t exit)
{
	struct fact f = unix_fact(FACT_CONNECT, w, path, inode);

	f.un.ouid = ouid;
	f.exit = exit;
	kit_fact(k, &f);
}

void
kit_bind_unix(struct kit *k, struct who w, const char *path, uint64_t inode)
{
	struct fact f = unix_fact(FACT_BIND, w, path, inode);

	kit_fact(k, &f);
}

void
kit_bind(struct kit *k, struct who w, const char *addr, uint16_t port, uint64_t fd)
{
	struct fact f = kit_task(FACT_BIND, w);

	f.peer = kit_endpoint(addr, port);
	f.family = f.peer.addr.family == 4 ? AF_INET : AF_INET6;
	f.a[0] = fd;
	kit_fact(k, &f);
}

void
kit_listen(struct kit *k, struct who w, uint64_t fd)
{
	struct fact f = kit_task(FACT_LISTEN, w);

	f.a[0] = fd;
	kit_fact(k, &f);
}

void
kit_touch(struct kit *k, struct who w, enum fact_touch touch, struct who whom, const char *comm, int64_t exit)
{
	struct fact f = kit_task(FACT_PTRACE, w);

	f.touch = touch;
	f.exit = exit;
	f.success = exit >= 0;
	f.target.pid = whom.pid;
	if (comm != NULL)
		f.target = (struct fact_target){whom.pid, true, whom.auid, whom.uid, whom.ses, bytes_of(comm)};
	kit_fact(k, &f);
}

void
kit_setuid(struct kit *k, struct who w)
{
	struct fact f = kit_task(FACT_SETUID, w);

	f.a[0] = f.a[1] = f.a[2] = w.uid;
	kit_fact(k, &f);
}

/* --- what was found --------------------------------------------------------------------------- */

size_t
kit_count(const struct kit *k, enum activity a)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += k->found[i].activity == a;
	return n;
}

const struct found *
kit_found(const struct kit *k, enum activity a, size_t nth)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->found[i].activity == a && nth-- == 0)
			return &k->found[i];
	}
	fail_msg("no such finding: %s", activity_info(a)->name);
	return NULL;
}

const struct found *
kit_only(const struct kit *k, enum activity a, enum confidence c)
{
	if (kit_count(k, a) != 1)
		kit_dump(k);
	assert_int_equal(kit_count(k, a), 1);
	assert_int_equal(kit_found(k, a, 0)->confidence, c);
	return kit_found(k, a, 0);
}

size_t
kit_alerts(const struct kit *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += activity_info(k->found[i].activity)->default_action >= DO_ALERT;
	return n;
}

void
kit_forget(struct kit *k)
{
	k->n = k->again = 0;
}

void
kit_dump(const struct kit *k)
{
	for (size_t i = 0; i < k->n; i++)
		print_message("%s ses %u pid %u to %s: %s\n", activity_info(k->found[i].activity)->name,
		    k->found[i].ses, k->found[i].pid, k->found[i].to, k->found[i].reason);
}
