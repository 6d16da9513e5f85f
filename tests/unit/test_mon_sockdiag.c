/* sockdiag: what a dump shows, whatever users have made of the table. */
#include "agentd/monitor/sockdiag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define NAMES   600  /* of listeners: one of them is the first of a dump, which goes by the last byte of an inode */
#define WAITING 1200 /* at that one; its entry is more than a page */

static char folder[] = "/tmp/sshtether-sockdiag-XXXXXX";

static struct sockaddr_un
address(unsigned i)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%u", folder, i);
	return sun;
}

static int
listener_new(unsigned i)
{
	const struct sockaddr_un sun = address(i);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, WAITING), 0);
	return fd;
}

struct dump {
	size_t n;
	unsigned first; /* the listener of ours that came first; NAMES: something else did */
	size_t waiting; /* the most at one */
};

static int
note(const struct diag_unix *u, void *arg)
{
	struct dump *d = arg;

	if (d->n++ == 0)
		for (d->first = 0; d->first < NAMES; d->first++)
			if (u->name_n != 0 && strcmp(address(d->first).sun_path, u->name) == 0)
				break;
	if (u->pending_n > d->waiting)
		d->waiting = u->pending_n;
	return 0;
}

static unsigned
somaxconn(void)
{
	unsigned n = 0;
	FILE *f = fopen("/proc/sys/net/core/somaxconn", "re");

	if (f != NULL && fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f != NULL)
		fclose(f);
	return n;
}

/* The kernel ends a dump at an entry that it has no room for, and says nothing. */
static void
a_crowded_listener_hides_nothing(void **state)
{
	static int listener[NAMES], client[WAITING];
	struct rlimit most;
	struct dump d = {0};
	struct sockaddr_un sun;
	size_t before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
	most.rlim_cur = most.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &most), 0);
	if (most.rlim_max < NAMES + WAITING + 100 || somaxconn() < WAITING)
		skip();
	assert_non_null(mkdtemp(folder));
	for (unsigned i = 0; i < WAITING; i++) /* what is younger comes before */
		client[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (unsigned i = 0; i < NAMES; i++)
		listener[i] = listener_new(i);
	assert_int_equal(diag_unix_each(note, &d), 0);
	assert_true(d.first < NAMES);
	before = d.n;
	sun = address(d.first);
	for (unsigned i = 0; i < WAITING; i++)
		assert_int_equal(connect(client[i], (struct sockaddr *)&sun, sizeof(sun)), 0);
	d = (struct dump){0};
	assert_int_equal(diag_unix_each(note, &d), 0);
	assert_true(d.n >= before);
	assert_int_equal(d.waiting, WAITING);
	for (unsigned i = 0; i < WAITING; i++)
		close(client[i]);
	for (unsigned i = 0; i < NAMES; i++) {
		close(listener[i]);
		(void)unlink(address(i).sun_path);
	}
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowded_listener_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
