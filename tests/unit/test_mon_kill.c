/* What a kill answers when the cut before it has done the work: kill.c alone, its neighbours made up. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"

static pid_t victim;
static int cuts;       /* what the cut answers */
static bool ends;      /* the victim ends by it */
static struct notice told;

enum result
target_open(struct registry *r, uint32_t ses, uint32_t pid, int64_t time_ms, struct target *out)
{
	(void)r;
	(void)time_ms;
	*out = (struct target){.pidfd = proc_pidfd((pid_t)pid), .facts = {.pid = (pid_t)pid, .ses = ses}};
	return RES_OK;
}

void
target_close(struct target *t)
{
	close(t->pidfd);
}

/* As a ControlMaster's client, or ssh-add: the other side goes, and so does it. */
int
cut_connections(uint32_t ses, uint32_t dev_major, uint32_t dev_minor, uint64_t inode, bool afar)
{
	(void)ses;
	(void)dev_major;
	(void)dev_minor;
	(void)inode;
	assert_true(afar);
	if (ends) {
		(void)kill(victim, SIGTERM);
		(void)waitpid(victim, NULL, 0);
	}
	return cuts;
}

struct mon_session *
registry_get(const struct registry *r, uint32_t ses)
{
	(void)r;
	(void)ses;
	return NULL;
}

bool
protect_breakglass(const struct config *cf, const struct mon_session *s, const struct facts *f)
{
	(void)cf;
	(void)s;
	(void)f;
	return false;
}

bool
protect_system(struct monitor *m, const struct mon_session *s, const struct facts *f)
{
	(void)m;
	(void)s;
	(void)f;
	return false;
}

bool
protect_own_sshd(const struct mon_session *s, const struct facts *f)
{
	(void)s;
	(void)f;
	return false;
}

enum result
table_may_act(struct monitor *m, const struct request *rq)
{
	(void)m;
	(void)rq;
	return RES_OK;
}

/* Beside the loop is here and now. */
bool
aside_give(struct aside *w, struct job *j)
{
	(void)w;
	j->run(j);
	j->done(j);
	return true;
}

void
table_answer_with(struct monitor *m, uint32_t id, const struct notice *answer, const int *fds, int nfds)
{
	(void)m;
	(void)id;
	(void)fds;
	(void)nfds;
	told = *answer;
}

static void
the_answer_is_what_happened(void **state)
{
	static const struct {
		uint64_t inode;
		int cuts;
		bool ends;
		enum result result;
		unsigned flags;
	} rows[] = {
		{4711, 1, true, RES_OK, KILLF_CUT},
		{4711, 2, false, RES_OK, 0},
		{4711, 0, false, RES_OK, 0},
		{4711, 0, true, RES_GONE, 0}, /* it ended for reasons of its own */
		{0, 0, false, RES_OK, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct monitor m = {0};
		struct answer a = {0};
		enum result result;
		struct request rq = {.kind = REQ_KILL, .time_ms = 1, .inode = rows[i].inode};

		victim = fork();
		if (victim == 0)
			for (;;)
				pause();
		cuts = rows[i].cuts;
		ends = rows[i].ends;
		rq.pid = (uint32_t)victim;
		result = handle_kill(&m, &rq, &a);
		if (!a.later) {
			told = a.note;
			told.result = result;
		}
		assert_int_equal(told.result, rows[i].result);
		assert_int_equal(told.flags, rows[i].flags);
		if (rows[i].result == RES_OK)
			assert_int_equal(told.value, rows[i].cuts);
		(void)waitpid(victim, NULL, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_what_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
