/* usual_kit: see usual_kit.h. */
#include "tests/unit/usual_kit.h"

#include <string.h>

static bool
is_learned(const struct session *s, void *arg)
{
	const struct life *l = arg;

	return l->left_out == 0 || s->uid != l->left_out;
}

static bool
is_listed(struct addr a, const char **list, void *arg)
{
	const struct life *l = arg;

	*list = "bad.txt";
	return l->listed != NULL && addr_eq(a, kit_addr(l->listed));
}

/* As kit's own, but with its baseline. */
static bool
is_ssh_port(uint16_t port, void *arg)
{
	(void)arg;
	return port == 22;
}

static void
found(const struct finding *f, void *arg)
{
	struct life *l = arg;

	if (l->refuse && f->activity == ACT_LOGIN)
		host_session(l->kit.host, f->session->ses)->turned_away = true;
	kit_keep(f, &l->kit);
}

void
life_open(struct life *l)
{
	*l = (struct life){.ses = 100};
	kit_open(&l->kit, false);
	detect_free(&l->kit.detect);
	l->baseline = baseline_new(&(struct baseline_settings){.window = 30, .data = 14, .active = 10});
	assert_non_null(l->baseline);
	l->kit.detect = detect_new(&(struct detect_parts){.host = l->kit.host, .baseline = l->baseline,
	    .is_ssh_port = is_ssh_port, .is_listed = is_listed, .is_learned = is_learned, .finding = found, .arg = l});
	assert_non_null(l->kit.detect);
	l->kit.ms = MONDAY;
}

void
life_close(struct life *l)
{
	kit_close(&l->kit);
	baseline_free(&l->baseline);
}

int
life_setup(void **state)
{
	static struct life l;

	life_open(&l);
	*state = &l;
	return 0;
}

int
life_teardown(void **state)
{
	life_close(*state);
	return 0;
}

void
life_at(struct life *l, unsigned day, int64_t ms_of_day)
{
	const int64_t when = MONDAY + day * DAY + ms_of_day;

	assert_true(when >= l->kit.ms);
	kit_wait(&l->kit, when - l->kit.ms);
}

uint32_t
life_login(struct life *l, uint32_t uid, const char *user, const char *from, const char *key)
{
	const uint32_t ses = ++l->ses;

	kit_report(&l->kit, ses, uid, user, from, ses * 10, key);
	return ses;
}

void
life_logout(struct life *l, uint32_t ses, uint32_t uid)
{
	kit_logout(&l->kit, ses, uid, ses * 10);
}

void
life_ssh(struct life *l, uint32_t ses, uint32_t uid, const char *to)
{
	static uint32_t pid = 1000000;
	const struct who ssh = {++pid, ses * 10 + 1, ses, uid, uid, "/usr/bin/ssh"};

	kit_exec(&l->kit, ssh, "ssh there");
	kit_connect(&l->kit, ssh, to, 22, 0);
	kit_wait(&l->kit, 5000);
}

void
life_office(struct life *l, unsigned days)
{
	for (unsigned day = 0; day < days; day++) {
		uint32_t ses;

		if (day % 7 >= 5)
			continue;
		life_at(l, day, 9 * HOUR + (day % 4) * 10 * MINUTE);
		ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
		life_ssh(l, ses, ALICE, "10.0.0.5");
		life_at(l, day, 10 * HOUR);
		life_logout(l, ses, ALICE);
	}
	kit_forget(&l->kit);
}

size_t
life_unusual(const struct life *l)
{
	return kit_count(&l->kit, ACT_UNUSUAL_ORIGIN) + kit_count(&l->kit, ACT_UNUSUAL_HOUR) +
	    kit_count(&l->kit, ACT_UNUSUAL_DURATION) + kit_count(&l->kit, ACT_UNUSUAL_DESTINATION) +
	    kit_count(&l->kit, ACT_CONCURRENT_ORIGINS);
}
