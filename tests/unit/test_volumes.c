/* engine/volumes: what the kernel says that connections carry, on loopback. */
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/engine/probe_live.h"
#include "agentd/engine/tcp_diag.h"
#include "agentd/engine/volumes.h"

#define SES    7
#define OTHER  8
#define MUCH   200000
#define AROUND 4 /* SYN and FIN, each way */

/* One end of it stands for this host's. */
struct pair {
	int here, there;
	struct endpoint local, peer; /* as seen from here */
};

struct heard {
	struct volume v;
	unsigned times;
};

struct stage {
	struct event_base *base;
	struct host *host;
	struct volumes *volumes;
	int sshd, db; /* listeners */
	struct pair login, other;
	struct heard heard[300];
	size_t n;
};

/* --- time ------------------------------------------------------------------------------------------------ */

static int64_t ahead_ms;

struct mtime __real_mtime_now(void);
struct mtime __wrap_mtime_now(void);

struct mtime
__wrap_mtime_now(void)
{
	return mtime_after(__real_mtime_now(), ahead_ms);
}

/* --- sockets ------------------------------------------------------------------------------------------- */

static struct endpoint
end_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	struct endpoint e;

	assert_int_equal(name(fd, (struct sockaddr *)&sin, &len), 0);
	assert_true(endpoint_from_sockaddr(&sin, len, &e));
	return e;
}

static int
listener(void)
{
	const struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int
made(int to)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(to, (struct sockaddr *)&sin, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

static struct pair
pair_of(int here, int there)
{
	return (struct pair){.here = here, .there = there, .local = end_of(here, getsockname),
	    .peer = end_of(here, getpeername)};
}

/* As sshd accepts it; as a session makes it. */
static struct pair
come_in(const struct stage *s)
{
	int there = made(s->sshd);

	return pair_of(accept(s->sshd, NULL, NULL), there);
}

static struct pair
go_out(const struct stage *s)
{
	int here = made(s->db);

	return pair_of(here, accept(s->db, NULL, NULL));
}

static void
push(int from, int to, size_t n)
{
	static char room[16384];

	for (size_t step; n > 0; n -= step) {
		step = n < sizeof(room) ? n : sizeof(room);
		assert_int_equal(send(from, room, step, 0), step);
		assert_int_equal(recv(to, room, step, MSG_WAITALL), step);
	}
}

static void
hang_up(struct pair *p)
{
	if (p->here != -1)
		(void)close(p->here);
	if (p->there != -1)
		(void)close(p->there);
	p->here = p->there = -1;
}

/* --- sessions ------------------------------------------------------------------------------------------- */

static struct report_addr
report_end(struct endpoint e)
{
	struct report_addr a = {.family = e.addr.family, .port = e.port};

	memcpy(a.b, e.addr.b, sizeof(a.b));
	return a;
}

static struct session *
open_session(struct stage *s, uint32_t ses, const struct pair *p)
{
	struct report r = {.kind = REPORT_OPEN, .ses = ses, .auid = 1001, .uid = 1001, .peer = report_end(p->peer),
	    .local = report_end(p->local)};
	struct session *session = host_open(s->host, &r, rtime_now());

	assert_non_null(session);
	volumes_session(s->volumes, session);
	return session;
}

static struct rtime found_at; /* of findings from now on; 0: before all that is here */

static void
find_of(struct stage *s, uint32_t ses, uint32_t uid, struct endpoint from, struct endpoint to)
{
	const struct finding f = {.activity = ACT_RELAY, .session = host_session(s->host, ses), .euid = uid, .from = from,
	    .to = to, .time = found_at};

	volumes_finding(s->volumes, &f);
}

static void
find(struct stage *s, uint32_t ses, struct endpoint from, struct endpoint to)
{
	find_of(s, ses, (uint32_t)geteuid(), from, to);
}

/* --- hearing ---------------------------------------------------------------------------------------------- */

/* All have an end of their own here, but for logins: of those there is one. */
static struct heard *
heard_of(struct stage *s, struct endpoint local)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->heard[i].v.local.port == local.port && addr_eq(s->heard[i].v.local.addr, local.addr))
			return &s->heard[i];
	}
	return NULL;
}

static void
hear(const struct volume *v, void *arg)
{
	struct stage *s = arg;
	struct heard *h = heard_of(s, v->local);

	if (h == NULL) {
		assert_true(s->n < sizeof(s->heard) / sizeof(s->heard[0]));
		h = &s->heard[s->n++];
		*h = (struct heard){.times = 0};
	}
	assert_true(v->sent >= h->v.sent && v->received >= h->v.received);
	assert_false(h->v.last && v->last);
	h->v = *v;
	h->times++;
}

static void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("the kernel did not tell");
}

/* Until that connection is told to be over.  ticks: while seconds pass. */
static const struct volume *
wait_for_end(struct stage *s, struct endpoint local, bool ticks)
{
	const struct timeval patience = {.tv_sec = 60};
	struct event *guard = evtimer_new(s->base, too_late, NULL);
	const struct heard *h;

	assert_non_null(guard);
	event_add(guard, &patience);
	while ((h = heard_of(s, local)) == NULL || !h->v.last) {
		assert_int_equal(event_base_loop(s->base, EVLOOP_ONCE), 0);
		if (ticks)
			volumes_tick(s->volumes);
	}
	event_free(guard);
	return &h->v;
}

static const struct volume *
the_end_of(struct stage *s, struct endpoint local)
{
	return wait_for_end(s, local, false);
}

/* What is due is done. */
static void
turn(struct stage *s)
{
	(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
}

static void
near(uint64_t have, uint64_t want)
{
	assert_in_range(have, want, want + AROUND);
}

/* --- life --------------------------------------------------------------------------------------------------- */

static void
begin(struct stage *s)
{
	s->volumes = volumes_new(&(struct volumes_parts){.base = s->base, .host = s->host, .volume = hear, .arg = s});
	assert_non_null(s->volumes);
}

static int
setup(void **state)
{
	static struct stage s;

	s = (struct stage){.base = event_base_new()};
	s.host = host_new("boot", NULL);
	begin(&s);
	found_at = RTIME_NONE;
	s.sshd = listener();
	s.db = listener();
	s.login = come_in(&s);
	s.other = (struct pair){.here = -1, .there = -1};
	(void)open_session(&s, SES, &s.login);
	turn(&s);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	volumes_free(&s->volumes);
	host_free(&s->host);
	event_base_free(s->base);
	hang_up(&s->login);
	hang_up(&s->other);
	(void)close(s->sshd);
	(void)close(s->db);
	return 0;
}

/* --- tests --------------------------------------------------------------------------------------------------- */

static void
is_asked_for_in_turn(void **state)
{
	struct stage *s = *state;
	const struct volume *v = &heard_of(s, s->login.local)->v;

	assert_true(addr_eq(v->peer.addr, s->login.peer.addr) && v->peer.port == s->login.peer.port);
	assert_int_equal(v->ses, SES);
	near(v->received, 0);
	push(s->login.there, s->login.here, MUCH);
	volumes_tick(s->volumes);
	near(v->received, MUCH);
	assert_false(v->last);
	near(host_session(s->host, SES)->bytes_in, MUCH);
}

static void
has_its_last_word(void **state)
{
	struct stage *s = *state;
	struct pair out = go_out(s);
	const struct volume *v;

	find(s, SES, out.local, out.peer);
	turn(s);
	push(out.here, out.there, MUCH);
	push(out.there, out.here, 3000);
	push(s->login.there, s->login.here, MUCH);
	hang_up(&out);
	v = the_end_of(s, out.local);
	near(v->sent, MUCH);
	near(v->received, 3000);
	/* And what had come in by then was told with it. */
	near(heard_of(s, s->login.local)->v.received, MUCH);
	near(host_session(s->host, SES)->bytes_out, MUCH + 3000);
	hang_up(&s->login);
	near(the_end_of(s, (struct endpoint){.addr = v->local.addr, .port = end_of(s->sshd, getsockname).port})->received,
	    MUCH);
}

/* It was over before anybody knew that it mattered. */
static void
may_end_before_it_is_found(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer); /* the port is one that matters from now on */
	turn(s);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	hang_up(&second);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	find(s, SES, second.local, second.peer);
	near(the_end_of(s, second.local)->received, MUCH);
}

/* A whole session may be: its totals are told again with what it made. */
static void
may_be_found_after_its_session(void **state)
{
	struct stage *s = *state;
	const struct endpoint own = end_of(s->sshd, getsockname);
	struct pair first = go_out(s), second;
	const struct heard *h;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	push(s->login.here, s->login.there, MUCH);
	hang_up(&second);
	hang_up(&first);
	hang_up(&s->login);
	(void)the_end_of(s, first.local);
	h = heard_of(s, own);
	near(the_end_of(s, own)->sent, MUCH);
	s->n = 0;
	find(s, SES, second.local, second.peer);
	near(the_end_of(s, second.local)->received, MUCH);
	assert_int_equal(h->v.local.port, own.port);
	assert_int_equal(h->times, 1);
	near(h->v.sent, MUCH);
	assert_false(h->v.last);
}

/* The record came so late that nobody could say which connection it was of: one that ended, if there is but one. */
static void
may_be_found_without_its_end(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	hang_up(&second);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	find(s, SES, (struct endpoint){0}, second.peer);
	near(the_end_of(s, second.local)->received, MUCH);
}

/* Nor had the kernel told of its end yet: not found by its user, it is as one that is gone. */
static void
word_of_its_end_may_come_later(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer);
	turn(s);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	find_of(s, SES, (uint32_t)geteuid() + 1, (struct endpoint){0}, second.peer);
	turn(s);
	assert_null(heard_of(s, second.local));
	hang_up(&second);
	near(wait_for_end(s, second.local, true)->received, MUCH);
}

/* Of two that ended nobody can say which. */
static void
which_it_was_must_be_clear(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second, third;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	third = go_out(s);
	hang_up(&second);
	hang_up(&third);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	find(s, SES, (struct endpoint){0}, second.peer);
	turn(s);
	assert_null(heard_of(s, second.local));
	assert_null(heard_of(s, third.local));
}

/* A relay makes more connections than findings tell of. */
static void
another_to_the_same_place(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	volumes_connect(s->volumes, SES, (uint32_t)geteuid() + 1, second.peer, found_at);
	turn(s);
	assert_null(heard_of(s, second.local));
	volumes_connect(s->volumes, SES, (uint32_t)geteuid(), second.peer, found_at);
	turn(s);
	assert_int_equal(heard_of(s, second.local)->v.ses, SES);
	push(second.here, second.there, MUCH);
	hang_up(&second);
	near(the_end_of(s, second.local)->sent, MUCH);
	hang_up(&first);
}

/* Of two sessions of one user that go to the same place, nobody can say whose it is. */
static void
whose_it_is_must_be_clear(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	s->other = come_in(s);
	(void)open_session(s, OTHER, &s->other);
	find(s, SES, first.local, first.peer);
	find(s, OTHER, (struct endpoint){0}, first.peer);
	turn(s);
	assert_int_equal(heard_of(s, first.local)->v.ses, SES);
	second = go_out(s);
	volumes_connect(s->volumes, OTHER, (uint32_t)geteuid(), second.peer, found_at);
	turn(s);
	assert_null(heard_of(s, second.local));
	hang_up(&second);
	hang_up(&first);
}

static enum claim
claim_of(const struct stage *s, uint32_t ses, const struct pair *p)
{
	const int netlink = tcp_diag_open();
	struct tcp_socket socket;

	assert_true(netlink >= 0);
	assert_int_equal(tcp_diag_one(netlink, p->local, p->peer, &socket), 0);
	(void)close(netlink);
	return volumes_claim(s->volumes, ses, &socket, found_at);
}

/* A second session of one user goes where the first one is. */
static void
what_is_anothers_is_not_claimed(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second = go_out(s);

	find(s, SES, first.local, first.peer);
	assert_int_equal(claim_of(s, SES, &first), CLAIM_OWN);
	assert_int_equal(claim_of(s, OTHER, &first), CLAIM_NONE);
	assert_int_equal(claim_of(s, SES, &second), CLAIM_FREE);
	assert_int_equal(claim_of(s, OTHER, &second), CLAIM_FREE);
	hang_up(&second);
	hang_up(&first);
}

/* --- whose it may be ------------------------------------------------------------------------------------------- */

static struct endpoint
probe(const struct stage *s, uint32_t ses, uint32_t uid, struct endpoint to)
{
	const struct probe_ask ask = {.ses = ses, .uid = uid, .peer = to, .when = found_at};
	const int netlink = tcp_diag_open();
	struct probe_tcp out = {.found = false};

	assert_true(netlink >= 0);
	assert_int_equal(probe_live_find(netlink, s->volumes, &ask, &out), 0);
	(void)close(netlink);
	return out.local;
}

/* A client: what its finding says of its own end is what the probe says. */
static void
dial(struct stage *s, uint32_t ses, uint32_t uid, struct endpoint to)
{
	const struct finding f = {.activity = ACT_OUTBOUND_SSH, .session = host_session(s->host, ses), .euid = uid,
	    .from = probe(s, ses, uid, to), .to = to, .time = found_at};

	volumes_finding(s->volumes, &f);
	turn(s);
}

/* Who changes his uid after socket(2) connects that of the one he was. */
static void
made_as_another(void **state)
{
	struct stage *s = *state;
	struct pair out = go_out(s);

	dial(s, SES, (uint32_t)geteuid() + 5, out.peer);
	push(out.here, out.there, MUCH);
	hang_up(&out);
	near(the_end_of(s, out.local)->sent, MUCH);
}

/* Its finding is folded into the first one's. */
static void
another_of_one_process(void **state)
{
	struct stage *s = *state;
	struct pair idle = go_out(s), out;

	dial(s, SES, (uint32_t)geteuid(), idle.peer);
	out = go_out(s);
	volumes_connect(s->volumes, SES, (uint32_t)geteuid(), out.peer, found_at);
	turn(s);
	push(out.here, out.there, MUCH);
	hang_up(&out);
	near(the_end_of(s, out.local)->sent, MUCH);
	hang_up(&idle);
}

/* The record comes when it is over; another of the session, to the same place, goes on. */
static void
beside_one_that_goes_on(void **state)
{
	struct stage *s = *state;
	struct pair idle = go_out(s), out;

	dial(s, SES, (uint32_t)geteuid(), idle.peer);
	out = go_out(s);
	push(out.here, out.there, MUCH);
	hang_up(&out);
	dial(s, SES, (uint32_t)geteuid(), idle.peer);
	near(wait_for_end(s, out.local, true)->sent, MUCH);
	hang_up(&idle);
}

/* Of which connection of two a finding is was not clear, and both were taken: it is of none that ended. */
static void
when_it_was_found_nothing_is_missed(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second, strange;

	find(s, SES, first.local, first.peer);
	turn(s);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	strange = go_out(s);
	first = go_out(s);
	second = go_out(s);
	hang_up(&strange);
	(void)usleep(100000); /* the kernel's word of that is there */
	dial(s, SES, (uint32_t)geteuid(), first.peer);
	assert_non_null(heard_of(s, first.local));
	assert_non_null(heard_of(s, second.local));
	assert_null(heard_of(s, strange.local));
	hang_up(&first);
	hang_up(&second);
}

/* Both dial there at once; later the first dials alone. */
static void
another_session_went_there(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second, third;

	s->other = come_in(s);
	(void)open_session(s, OTHER, &s->other);
	found_at = rtime_now();
	find(s, SES, first.local, first.peer);
	turn(s);
	found_at.ms += 60000;
	second = go_out(s);
	third = go_out(s);
	dial(s, OTHER, (uint32_t)geteuid(), second.peer);
	assert_int_equal(heard_of(s, second.local)->v.ses, OTHER);
	assert_int_equal(heard_of(s, third.local)->v.ses, OTHER);
	hang_up(&first);
	hang_up(&second);
	hang_up(&third);
}

/* A socket from before the engine, connected anew. */
static void
what_was_there_before_is_made_again(void **state)
{
	struct stage *s = *state;
	struct pair old = go_out(s), out;
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	volumes_free(&s->volumes);
	begin(s);
	volumes_session(s->volumes, host_session(s->host, SES));
	(void)close(old.there);
	assert_int_equal(connect(old.here, &none, sizeof(none)), 0);
	assert_int_equal(getsockname(s->db, (struct sockaddr *)&sin, &len), 0);
	found_at = (struct rtime){.ms = rtime_now().ms + 1000};
	assert_int_equal(connect(old.here, (const struct sockaddr *)&sin, sizeof(sin)), 0);
	out = pair_of(old.here, accept(s->db, NULL, NULL));
	dial(s, SES, (uint32_t)geteuid(), out.peer);
	push(out.here, out.there, MUCH);
	hang_up(&out);
	near(the_end_of(s, out.local)->sent, MUCH);
}

/* A session that is due again and again is not the only one that is looked at. */
static void
one_takes_no_look_from_another(void **state)
{
	struct stage *s = *state;
	static struct pair many[240];
	struct pair mine = go_out(s);
	unsigned looks = 0, before;

	find(s, SES, mine.local, mine.peer);
	s->other = come_in(s);
	(void)open_session(s, OTHER, &s->other);
	for (size_t i = 0; i < 240; i++) {
		many[i] = go_out(s);
		find(s, OTHER, many[i].local, many[i].peer);
	}
	turn(s);
	for (unsigned second = 0; second < 20; second++) {
		before = heard_of(s, mine.local)->times;
		volumes_tick(s->volumes);
		for (unsigned i = 0; i < 6; i++) {
			volumes_connect(s->volumes, OTHER, (uint32_t)geteuid(), many[0].peer, found_at);
			turn(s);
		}
		if (second % 2 != 0) /* be it due itself */
			volumes_connect(s->volumes, SES, (uint32_t)geteuid(), mine.peer, found_at);
		looks += heard_of(s, mine.local)->times - before;
	}
	assert_in_range(looks, 5, 20);
	for (size_t i = 0; i < 240; i++)
		hang_up(&many[i]);
	hang_up(&mine);
}

/* The engine begins when there is a connection; only what was made before that can be it. */
static void
what_was_there_before(void **state)
{
	struct stage *s = *state;
	struct pair before = go_out(s), since;

	volumes_free(&s->volumes);
	begin(s);
	volumes_session(s->volumes, host_session(s->host, SES));
	assert_int_equal(claim_of(s, SES, &before), CLAIM_FREE);
	found_at = (struct rtime){.ms = rtime_now().ms + 1000};
	assert_int_equal(claim_of(s, SES, &before), CLAIM_NONE);
	since = go_out(s);
	assert_int_equal(claim_of(s, SES, &since), CLAIM_FREE);
	find(s, SES, (struct endpoint){0}, since.peer);
	turn(s);
	assert_non_null(heard_of(s, since.local));
	assert_null(heard_of(s, before.local));
	hang_up(&since);
	hang_up(&before);
}

/* The kernel is asked to tell of those ports alone. */
static void
others_may_end_as_they_like(void **state)
{
	struct stage *s = *state;
	struct volumes_stats before, after;
	const int elsewhere = listener();

	volumes_stats_get(s->volumes, &before);
	for (unsigned i = 0; i < 1000; i++) {
		struct pair p;
		int here = made(elsewhere);

		p = (struct pair){.here = here, .there = accept(elsewhere, NULL, NULL)};
		hang_up(&p);
	}
	hang_up(&s->login);
	(void)the_end_of(s, end_of(s->sshd, getsockname));
	volumes_stats_get(s->volumes, &after);
	assert_in_range(after.ends - before.ends, 0, 8); /* of the login's own two sockets, and who else is here */
	assert_int_equal(after.connections, 0);
	(void)close(elsewhere);
}

/* Nobody was told that it ended: it is taken for over some time later, however often it is looked at. */
static void
ends_without_a_word(void **state)
{
	struct stage *s = *state;
	const struct pair never = {.here = -1, .there = -1, .local = {.addr = s->login.peer.addr, .port = 1},
	    .peer = {.addr = s->login.peer.addr, .port = 1}};

	(void)open_session(s, OTHER, &never);
	for (unsigned i = 0; i < 6; i++)
		volumes_tick(s->volumes);
	assert_null(heard_of(s, never.local));
	ahead_ms = 6000;
	for (unsigned i = 0; i < 6; i++)
		volumes_tick(s->volumes);
	ahead_ms = 0;
	assert_non_null(heard_of(s, never.local));
	assert_true(heard_of(s, never.local)->v.last);
}

/* --- tcp_diag: what listens, and what it serves --------------------------------------------------------- */

struct count {
	uint16_t port;
	uint64_t inode;
	unsigned right, wrong;
};

static void
count_socket(const struct tcp_socket *t, void *arg)
{
	struct count *c = arg;

	if (t->local.port != c->port)
		c->wrong++;
	else if (t->inode == c->inode)
		c->right++;
}

static uint64_t
inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void
what_listens_and_what_it_serves(void **state)
{
	struct stage *s = *state;
	struct count c = {.port = end_of(s->sshd, getsockname).port, .inode = inode_of(s->sshd)};
	uint16_t port[TCP_DIAG_PORTS];
	int netlink = tcp_diag_open();
	struct pair in = come_in(s), out = go_out(s);

	assert_int_equal(tcp_diag_listening(netlink, AF_INET, count_socket, &c), 0);
	assert_int_equal(c.right, 1);
	for (size_t i = 0; i < TCP_DIAG_PORTS; i++)
		port[i] = 1; /* nobody's */
	for (size_t at = 0; at < TCP_DIAG_PORTS; at += TCP_DIAG_PORTS - 1) { /* first, and last */
		c = (struct count){.port = c.port, .inode = inode_of(in.here)};
		port[at] = c.port;
		assert_int_equal(tcp_diag_served(netlink, AF_INET, port, at + 1, count_socket, &c), 0);
		assert_true(c.right == 1 && c.wrong == 0);
		port[at] = 1;
	}
	hang_up(&in);
	hang_up(&out);
	(void)close(netlink);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(is_asked_for_in_turn),
		TEST(has_its_last_word),
		TEST(may_end_before_it_is_found),
		TEST(may_be_found_after_its_session),
		TEST(may_be_found_without_its_end),
		TEST(word_of_its_end_may_come_later),
		TEST(which_it_was_must_be_clear),
		TEST(another_to_the_same_place),
		TEST(whose_it_is_must_be_clear),
		TEST(what_is_anothers_is_not_claimed),
		TEST(made_as_another),
		TEST(another_of_one_process),
		TEST(beside_one_that_goes_on),
		TEST(when_it_was_found_nothing_is_missed),
		TEST(another_session_went_there),
		TEST(what_was_there_before),
		TEST(what_was_there_before_is_made_again),
		TEST(one_takes_no_look_from_another),
		TEST(others_may_end_as_they_like),
		TEST(ends_without_a_word),
		TEST(what_listens_and_what_it_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
