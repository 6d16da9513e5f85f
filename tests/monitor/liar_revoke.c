/* Forwarded agents that are cut off, for whoever uses them. */
#include "tests/monitor/kit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* Who has connected to it, and waits. */
static pid_t
use(const struct stage_session *s, const char *name)
{
	pid_t pid = stage_order(s, ORDER_USE, name);

	assert_true(pid > 0);
	assert_true(stage_alive(pid));
	return pid;
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(stage_path(name), &st) == 0;
}

static void
a_revoked_agent_is_cut_for_everybody(void **state)
{
	struct stage_session owner, borrower, glass, unknown;
	pid_t own, borrowed, spared, elsewhere;
	struct request rq;
	struct notice n;
	char name[64];

	(void)state;
	stage_session(&owner, KIT_AUID, true);
	stage_session(&borrower, KIT_AUID + 1, true);
	stage_session(&glass, STAGE_GLASS, true);
	stage_session(&unknown, KIT_AUID, false);
	snprintf(name, sizeof(name), "%s", stage_agent(&owner));
	own = use(&owner, name);
	borrowed = use(&borrower, name);
	spared = use(&glass, name);
	elsewhere = use(&owner, stage_agent(&borrower));
	assert_int_equal(kit_ask(REQ_REVOKE, &owner, 0), RES_MODE_AUDIT);
	stage_mode("enforce");
	assert_int_equal(kit_ask(REQ_REVOKE, &glass, 0), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_REVOKE, &unknown, 0), RES_NO_SESSION);
	rq = kit_request(REQ_REVOKE, &owner, 0);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 2);
	assert_true(stage_gone_soon(own) && stage_gone_soon(borrowed));
	assert_true(stage_alive(spared) && stage_alive(elsewhere));
	assert_false(is_there(name));
	assert_true(is_there(stage_agent(&borrower)));
	/* sshd and its listener live on. */
	assert_true(stage_alive(owner.child) && stage_alive(owner.top));
	stage_mode("audit");
	stage_session_end(&owner);
	stage_session_end(&borrower);
	stage_session_end(&glass);
	stage_session_end(&unknown);
}

/* A hard link is another name, which the gate does not go by. */
static void
a_revoked_agent_is_gone_under_every_name(void **state)
{
	struct stage_session owner, other;
	struct grant g;
	struct notice n;
	char name[64], link_name[] = "agents/hard", path[128];
	pid_t client;

	(void)state;
	if ((kit_gates() & GATEF_LISTENER) == 0)
		skip();
	g = kit_grant(kit_classes("2222"));
	stage_session(&owner, KIT_AUID, true);
	stage_session(&other, KIT_AUID, true);
	assert_int_equal(kit_give(&other, &g), RES_OK);
	assert_int_equal(kit_classes_done(g.generation), RES_OK);
	snprintf(name, sizeof(name), "%s", stage_agent(&owner));
	snprintf(path, sizeof(path), "%s", stage_path(name));
	assert_int_equal(link(path, stage_path(link_name)), 0);
	stage_mode("enforce");
	assert_int_equal(kit_ask(REQ_REVOKE, &owner, 0), RES_OK);
	assert_true(is_there(link_name));
	client = stage_order(&owner, ORDER_CLIENT, link_name);
	assert_true(client > 0 && stage_gone_soon(client));
	assert_true(kit_saw(owner.ses, GATE_UNIX, &n));
	assert_true((n.flags & GATEN_KILLED) != 0);
	client = stage_order(&other, ORDER_CLIENT, link_name);
	assert_true(client > 0 && stage_gone_soon(client));
	stage_mode("audit");
	stage_session_end(&owner);
	stage_session_end(&other);
}

/* Whoever laid it there: a name goes only while it is the agent's. */
static void
nothing_else_is_removed(void **state)
{
	struct stage_session s;
	char name[64], aside[64];
	int fd;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	snprintf(name, sizeof(name), "%s", stage_agent(&s));
	snprintf(aside, sizeof(aside), "%s", stage_path(name));
	assert_int_equal(rename(aside, stage_path("agents/aside")), 0);
	fd = open(stage_path(name), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	assert_true(fd != -1);
	close(fd);
	stage_mode("enforce");
	assert_int_equal(kit_ask(REQ_REVOKE, &s, 0), RES_OK);
	assert_true(is_there(name));
	assert_true(is_there("agents/aside"));
	stage_mode("audit");
	stage_session_end(&s);
}

static void
root_revokes_in_audit_mode(void **state)
{
	struct stage_session s;
	struct notice n;
	char line[64], answer[256], name[64];
	pid_t own;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	snprintf(name, sizeof(name), "%s", stage_agent(&s));
	own = use(&s, name);
	snprintf(line, sizeof(line), "{\"verb\":\"revoke-agent\",\"ses\":%u}\n", s.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"revoked\",\"count\":1"));
	assert_true(stage_hear(NOTE_ORDERED, 0, &n, NULL));
	assert_int_equal(n.flags, ORDERF_REVOKE);
	assert_true(stage_gone_soon(own));
	assert_false(is_there(name));
	stage_session_end(&s);
}

/* Its sshd is gone, and what it listened on. */
static void
a_session_without_an_agent_is_told_so(void **state)
{
	struct stage_session s;
	char line[64], answer[256];

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_int_equal(kill(s.child, SIGKILL), 0);
	assert_true(stage_gone_soon(s.top));
	snprintf(line, sizeof(line), "{\"verb\":\"revoke-agent\",\"ses\":%u}\n", s.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"revoked\",\"count\":0,\"why\":\"it has no forwarded agent"));
	stage_mode("enforce");
	assert_int_equal(kit_ask(REQ_REVOKE, &s, 0), RES_NO_AGENT);
	stage_mode("audit");
	stage_session_end(&s);
}

static const struct CMUnitTest tests[] = {
	kit_test(a_revoked_agent_is_cut_for_everybody),
	kit_test(a_revoked_agent_is_gone_under_every_name),
	kit_test(nothing_else_is_removed),
	kit_test(root_revokes_in_audit_mode),
	kit_test(a_session_without_an_agent_is_told_so),
};

const struct kit_tests liar_revoke = {tests, sizeof(tests) / sizeof(*tests)};
