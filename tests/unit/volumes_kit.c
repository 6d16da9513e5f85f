/* volumes_kit: see volumes_kit.h. */
#include "tests/unit/volumes_kit.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* --- time ------------------------------------------------------------------------------------------------ */

int64_t ahead_ms;

struct mtime __real_mtime_now(void);
struct mtime __wrap_mtime_now(void);

struct mtime
__wrap_mtime_now(void)
{
	return mtime_after(__real_mtime_now(), ahead_ms);
}

/* --- sockets ------------------------------------------------------------------------------------------- */

struct endpoint
end_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	struct endpoint e;

	assert_int_equal(name(fd, (struct sockaddr *)&sin, &len), 0);
	assert_true(endpoint_from_sockaddr(&sin, len, &e));
	return e;
}

int
listener(void)
{
	const struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

int
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

struct pair
pair_of(int here, int there)
{
	return (struct pair){.here = here, .there = there, .local = end_of(here, getsockname),
	    .peer = end_of(here, getpeername)};
}

/* As sshd accepts it; as a session makes it. */
struct pair
come_in(const struct stage *s)
{
	int there = made(s->sshd);

	return pair_of(accept(s->sshd, NULL, NULL), there);
}

struct pair
go_out(const struct stage *s)
{
	int here = made(s->db);

	return pair_of(here, accept(s->db, NULL, NULL));
}

void
push(int from, int to, size_t n)
{
	static char room[16384];

	for (size_t step; n > 0; n -= step) {
		step = n < sizeof(room) ? n : sizeof(room);
		assert_int_equal(send(from, room, step, 0), step);
		assert_int_equal(recv(to, room, step, MSG_WAITALL), step);
	}
}

void
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

struct session *
open_session(struct stage *s, uint32_t ses, const struct pair *p)
{
	struct report r = {.kind = REPORT_OPEN, .ses = ses, .auid = 1001, .uid = 1001, .peer = report_end(p->peer),
	    .local = report_end(p->local)};
	struct session *session = host_open(s->host, &r, rtime_now());

	assert_non_null(session);
	volumes_session(s->volumes, session);
	return session;
}

struct rtime found_at;

void
find_of(struct stage *s, uint32_t ses, uint32_t uid, struct endpoint from, struct endpoint to)
{
	const struct finding f = {.activity = ACT_RELAY, .session = host_session(s->host, ses), .euid = uid, .from = from,
	    .to = to, .time = found_at};

	volumes_finding(s->volumes, &f);
}

void
find(struct stage *s, uint32_t ses, struct endpoint from, struct endpoint to)
{
	find_of(s, ses, (uint32_t)geteuid(), from, to);
}

/* --- hearing ---------------------------------------------------------------------------------------------- */

/* All have an end of their own here, but for logins: of those there is one. */
struct heard *
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
const struct volume *
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

const struct volume *
the_end_of(struct stage *s, struct endpoint local)
{
	return wait_for_end(s, local, false);
}

/* What is due is done. */
void
turn(struct stage *s)
{
	(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
}

void
near(uint64_t have, uint64_t want)
{
	assert_in_range(have, want, want + AROUND);
}

/* --- life --------------------------------------------------------------------------------------------------- */

void
begin(struct stage *s)
{
	s->volumes = volumes_new(&(struct volumes_parts){.base = s->base, .host = s->host, .volume = hear, .arg = s});
	assert_non_null(s->volumes);
}

int
volumes_setup(void **state)
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

int
volumes_teardown(void **state)
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
