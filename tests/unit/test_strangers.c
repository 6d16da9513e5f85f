/* Whom the monitor is asked about when users open more sockets than it could ever be: strangers.c alone, its neighbours made up. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sshtether/limits.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/strangers.h"
#include "agentd/engine/tcp_diag.h"

#define MOST   (ST_STRANGERS + 8)
#define USER   1000
#define ROUNDS 3

static struct tcp_socket listening[MOST], serving[MOST];
static size_t nlistening, nserving;
static uint64_t asked[MOST];
static size_t nasked;
static uint16_t ports[TCP_DIAG_PORTS];
static size_t nports;
static bool answers; /* the monitor does, and each holder is the system's sshd */
static uint32_t hoarder; /* with so much that nobody's socket is found; 0: nobody */
static struct served judged; /* the last of them that was asked about */
static size_t njudged;
static bool is_told;
static event_callback_fn tick;
static void *tick_arg;

/* --- the loop ------------------------------------------------------------------------------------------- */

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn fn, void *arg)
{
	(void)base;
	(void)fd;
	(void)what;
	tick = fn;
	tick_arg = arg;
	return calloc(1, 1);
}

int
event_add(struct event *ev, const struct timeval *tv)
{
	(void)ev;
	(void)tv;
	return 0;
}

int
event_priority_set(struct event *ev, int priority)
{
	(void)ev;
	(void)priority;
	return 0;
}

void
event_free(struct event *ev)
{
	free(ev);
}

/* --- neighbours ----------------------------------------------------------------------------------------- */

int
tcp_diag_open(void)
{
	return -2; /* there is one, and close(2) knows none of that number */
}

int
tcp_diag_listening(int netlink, int family, tcp_socket_fn *fn, void *arg)
{
	(void)netlink;
	for (size_t i = 0; family == AF_INET && i < nlistening; i++)
		fn(&listening[i], arg);
	return 0;
}

int
tcp_diag_served(int netlink, int family, const uint16_t *port, size_t n, tcp_socket_fn *fn, void *arg)
{
	(void)netlink;
	memcpy(ports, port, n * sizeof(*port));
	nports = n;
	for (size_t i = 0; family == AF_INET && i < nserving; i++)
		fn(&serving[i], arg);
	return 0;
}

bool
link_ask(struct link *link, struct request *rq, int64_t timeout_ms, link_result_fn *fn, void *arg)
{
	const struct notice n = {.result = RES_OK, .pid = 1, .flags = HOLDERF_SSHD};
	const struct notice unread = {.result = RES_UNREAD, .uid = hoarder,
	    .flags = rq->uid == hoarder ? (unsigned)HOLDERF_MAKERS : 0};
	int fds[LINK_FDS] = {-2, -1};

	(void)link;
	(void)timeout_ms;
	assert_true(nasked < MOST);
	asked[nasked++] = rq->inode;
	if (hoarder != 0 && (!answers || rq->uid == hoarder))
		fn(&unread, fds, arg);
	else if (answers)
		fn(&n, fds, arg);
	else
		fn(NULL, fds, arg);
	return false; /* the answer has come: none is on its way */
}

void
programs_look(struct programs *p, int fd, programs_fn *fn, void *arg)
{
	(void)p;
	(void)fd;
	fn(false, arg);
}

bool
detect_served(struct detect *d, const struct served *v)
{
	(void)d;
	if (!v->unread && v->pid == 0)
		return false;
	judged = *v;
	njudged++;
	return is_told;
}

void
failure_note(enum failure f)
{
	(void)f;
}

bool
detect_is_ssh_port(const struct detect *d, uint16_t port)
{
	(void)d;
	return port == 22;
}

/* --- tests ---------------------------------------------------------------------------------------------- */

static struct tcp_socket
socket_of(uint64_t inode, uint32_t uid, uint16_t port)
{
	return (struct tcp_socket){.inode = inode, .uid = uid, .local = {.port = port}, .peer = {.port = 40000}};
}

static struct strangers *
begin(void)
{
	static const struct probe none;
	const struct strangers_parts parts = {.probe = &none};

	nlistening = nserving = nasked = nports = njudged = 0;
	hoarder = 0;
	answers = is_told = false;
	return strangers_new(&parts);
}

static bool
was_asked(uint64_t inode)
{
	for (size_t i = 0; i < nasked; i++)
		if (asked[i] == inode)
			return true;
	return false;
}

/* Nobody is ever found for what a user has opened; the connection at sshd, and what root opens last, have their turn. */
static void
a_user_s_sockets_hide_none_of_root_s(void **state)
{
	struct strangers *all = begin();

	(void)state;
	for (; nlistening < 300; nlistening++)
		listening[nlistening] = socket_of(1000 + nlistening, USER, (uint16_t)(2000 + nlistening));
	listening[nlistening++] = socket_of(7, 0, 2222);
	listening[nlistening++] = socket_of(6, 0, 22);
	for (; nserving < 300; nserving++)
		serving[nserving] = socket_of(5000 + nserving, USER, 2000);
	serving[nserving++] = socket_of(8, 0, 22);
	tick(-1, 0, tick_arg);
	assert_true(was_asked(7));
	assert_true(was_asked(8));
	assert_true(nasked <= 50); /* 600 a minute */
	strangers_free(&all);
}

static void
who_is_not_found_makes_room(void **state)
{
	struct strangers *all = begin();
	size_t different = 0;

	(void)state;
	for (; nlistening < 100; nlistening++)
		listening[nlistening] = socket_of(1000 + nlistening, USER, (uint16_t)(2000 + nlistening));
	listening[0].local.port = 22;
	for (int i = 0; i < ROUNDS; i++)
		tick(-1, 0, tick_arg);
	for (size_t i = 0; i < nlistening; i++)
		different += was_asked(1000 + i);
	assert_int_equal(different, nasked);
	strangers_free(&all);
}

/* There is room for so many ports: sshd's, and that of another server of root's, are among them. */
static void
ports_that_a_user_opens_first(void **state)
{
	struct strangers *all = begin();
	bool policy = false, roots = false;

	(void)state;
	answers = true;
	for (; nlistening < 100; nlistening++)
		listening[nlistening] = socket_of(1000 + nlistening, USER, (uint16_t)(2000 + nlistening));
	listening[nlistening++] = socket_of(7, 0, 2222);
	listening[nlistening++] = socket_of(8, 0, 22);
	for (int i = 0; i < 12; i++) {
		nasked = 0;
		tick(-1, 0, tick_arg);
	}
	for (size_t i = 0; i < nports; i++) {
		policy = policy || ports[i] == 22;
		roots = roots || ports[i] == 2222;
	}
	assert_int_equal(nports, TCP_DIAG_PORTS);
	assert_true(policy);
	assert_true(roots);
	strangers_free(&all);
}

/* The allocator, or the sanitizer, sees whoever still writes there. */
static void
what_is_over_is_let_go_of(void **state)
{
	struct strangers *all = begin();

	(void)state;
	answers = true;
	for (int i = 0; i < 2 * ROUNDS; i++) {
		nlistening = nserving = i % 2 == 0 ? 50 : 0;
		for (size_t k = 0; k < nserving; k++) {
			listening[k] = socket_of(1000 + k, 0, (uint16_t)(2000 + k));
			serving[k] = socket_of(5000 + k, 0, 22);
		}
		nasked = 0;
		tick(-1, 0, tick_arg);
	}
	assert_int_equal(nasked, 0);
	strangers_free(&all);
}

/*
 * What he listens at may be an SSH server, and another's is none for that.  Who serves a connection there is told of
 * once as unknown, and asked for until it is known.
 */
static void
behind_a_hoard(void **state)
{
	struct strangers *all = begin();

	(void)state;
	hoarder = USER;
	is_told = true;
	listening[nlistening++] = socket_of(6, 0, 2049);
	listening[nlistening++] = socket_of(7, USER, 2222);
	serving[nserving++] = socket_of(8, USER, 2222);
	tick(-1, 0, tick_arg);
	tick(-1, 0, tick_arg);
	tick(-1, 0, tick_arg);
	assert_int_equal(nports, 1);
	assert_int_equal(ports[0], 2222);
	assert_int_equal(njudged, 1);
	assert_true(judged.unread);
	assert_int_equal(judged.uid, USER);
	assert_int_equal(judged.hoarder, USER);
	hoarder = 0;
	answers = true;
	tick(-1, 0, tick_arg);
	assert_int_equal(njudged, 2);
	assert_false(judged.unread);
	assert_int_equal(judged.pid, 1);
	nasked = 0;
	tick(-1, 0, tick_arg);
	assert_int_equal(nasked, 0);
	strangers_free(&all);
}

/* Nor is anybody's else kept from his turn. */
static void
a_user_s_connections_leave_room_for_others(void **state)
{
	struct strangers *all = begin();

	(void)state;
	listening[nlistening++] = socket_of(7, 0, 22);
	for (int round = 0; round < 2; round++) {
		for (nserving = 0; nserving < ST_STRANGERS; nserving++)
			serving[nserving] = socket_of(1000 + nserving, USER, 2000);
		for (uint32_t i = 0; i < 3; i++)
			serving[nserving++] = socket_of(100 + i, USER + 1 + i, 2222);
		nasked = 0;
		tick(-1, 0, tick_arg);
		/* Two uids of one slot wait for each other: not all of these are of his. */
		assert_true(was_asked(100) || was_asked(101) || was_asked(102));
		assert_true(was_asked(1000)); /* what is gone counts no more */
		nserving = 0;
		tick(-1, 0, tick_arg);
	}
	strangers_free(&all);
}

/* /etc/subuid gives a user more of them than there is room. */
static void
a_user_of_many_uids_leaves_room_for_root_s(void **state)
{
	struct strangers *all = begin();

	(void)state;
	listening[nlistening++] = socket_of(7, 0, 22);
	for (; nserving < ST_STRANGERS; nserving++)
		serving[nserving] = socket_of(1000 + nserving, (uint32_t)(100000 + nserving), 2000);
	serving[nserving++] = socket_of(8, 0, 22);
	tick(-1, 0, tick_arg);
	assert_true(was_asked(8));
	strangers_free(&all);
}

/* What is only taken for a server's comes after what is one. */
static void
ports_behind_a_hoard_come_last(void **state)
{
	struct strangers *all = begin();
	bool known = false;

	(void)state;
	hoarder = USER;
	answers = true;
	for (; nlistening < 2 * TCP_DIAG_PORTS; nlistening++)
		listening[nlistening] = socket_of(1000 + nlistening, USER, (uint16_t)(3000 + nlistening));
	for (int i = 0; i < 20; i++)
		tick(-1, 0, tick_arg);
	assert_int_equal(nports, TCP_DIAG_PORTS);
	listening[nlistening++] = socket_of(7, USER + 1, 2222);
	tick(-1, 0, tick_arg);
	tick(-1, 0, tick_arg);
	for (size_t i = 0; i < nports; i++)
		known = known || ports[i] == 2222;
	assert_int_equal(nports, TCP_DIAG_PORTS);
	assert_true(known);
	strangers_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_s_sockets_hide_none_of_root_s),
		cmocka_unit_test(who_is_not_found_makes_room),
		cmocka_unit_test(ports_that_a_user_opens_first),
		cmocka_unit_test(what_is_over_is_let_go_of),
		cmocka_unit_test(behind_a_hoard),
		cmocka_unit_test(a_user_s_connections_leave_room_for_others),
		cmocka_unit_test(a_user_of_many_uids_leaves_room_for_root_s),
		cmocka_unit_test(ports_behind_a_hoard_come_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
