/*
 * When a fact of a question is known, absent, or not known: the difference stops people or
 * lets them by.
 */
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

#define KNOWN(q, f) (((q).known >> (f) & 1) != 0)

static struct question_room room;

static struct question
ask(const struct made_ruling *m, const struct pipeline_options *options)
{
	static const struct pipeline_options none;
	struct question q;

	question_of(&m->finding, options != NULL ? options : &none, &room, &q);
	return q;
}

static void
reported_login_is_known(void **state)
{
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	q = ask(&m, NULL);
	assert_true(bytes_is(q.user, "alice") && KNOWN(q, QF_USER));
	assert_true(bytes_is(q.as, "alice") && KNOWN(q, QF_AS));
	assert_true(bytes_is(q.key, "SHA256:abc") && KNOWN(q, QF_KEY));
	assert_true(addr_eq(q.origin, m.session.peer.addr) && KNOWN(q, QF_ORIGIN));
	assert_true(bytes_is(q.exe, "/usr/bin/ssh") && bytes_is(q.parent, "/bin/bash"));
	assert_int_equal(q.to_kind, TO_ADDR);
	assert_int_equal(q.port, 22);
	assert_true(KNOWN(q, QF_TO) && KNOWN(q, QF_PORT) && KNOWN(q, QF_VIA) && KNOWN(q, QF_TIME));
	/* a key that is no certificate has no principals: known, and none */
	assert_true(KNOWN(q, QF_PRINCIPAL) && q.nprincipals == 0);
	assert_false(KNOWN(q, QF_ON)); /* nobody said what this host is called */
}

static void
certificate(void **state)
{
	static char principals[] = "alice\0contractor\0", id[] = "alice@corp";
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.cert = true;
	m.session.cert_id = id;
	m.session.principals = principals;
	q = ask(&m, NULL);
	assert_int_equal(q.nprincipals, 2);
	assert_true(bytes_is(q.principals[1], "contractor"));
	assert_true(bytes_is(q.cert_id, "alice@corp") && KNOWN(q, QF_CERT_ID));
}

/* Records alone do not tell the key: a rule that hangs on it must stay undetermined. */
static void
records_alone_know_no_key(void **state)
{
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.source = SESSION_RECORDS;
	m.session.key_known = false;
	m.session.method[0] = '\0';
	q = ask(&m, NULL);
	assert_false(KNOWN(q, QF_KEY) || KNOWN(q, QF_CA) || KNOWN(q, QF_PRINCIPAL));
	assert_false(KNOWN(q, QF_METHOD) || KNOWN(q, QF_GROUP));
}

static void
password_login_has_no_key(void **state)
{
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.key_known = false;
	(void)bytes_copy(bytes_of("password"), m.session.method, sizeof(m.session.method));
	q = ask(&m, NULL);
	assert_true(KNOWN(q, QF_KEY) && q.key.n == 0);
	assert_true(KNOWN(q, QF_PRINCIPAL) && KNOWN(q, QF_CA));
}

/* sshd's account hook: publickey, but which key is not told yet. */
static void
key_to_come(void **state)
{
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.key_known = false;
	q = ask(&m, NULL);
	assert_false(KNOWN(q, QF_KEY) || KNOWN(q, QF_CA));
}

static void
groups(void **state)
{
	char wheel[] = "wheel";
	char *names[] = {wheel, NULL};
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.group_names = names;
	m.session.ngroups = 2;
	q = ask(&m, NULL);
	assert_true(KNOWN(q, QF_GROUP));
	assert_int_equal(q.ngroups, 1);
	assert_true(bytes_is(q.groups[0], "wheel"));
}

/* A report holds so many groups and principals; what it left out may be what a rule names. */
static void
lists_that_were_cut(void **state)
{
	static char principals[] = "alice\0", many[2 * 65 + 1], id[] = "alice@co";
	char wheel[] = "wheel", *names[] = {wheel};
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.group_names = names;
	m.session.ngroups = 1;
	m.session.cert = true;
	m.session.cert_id = id;
	m.session.principals = principals;
	q = ask(&m, NULL);
	assert_int_equal(q.partial, 0);
	m.session.report = REPORT_GROUPS_CUT;
	assert_int_equal(ask(&m, NULL).partial, 1u << QF_GROUP);
	m.session.report = REPORT_PRINCIPALS_CUT;
	assert_int_equal(ask(&m, NULL).partial, 1u << QF_PRINCIPAL);
	for (size_t i = 0; i < 65; i++)
		many[2 * i] = 'p';
	m.session.report = 0;
	m.session.principals = many; /* more than a question has room for */
	assert_int_equal(ask(&m, NULL).partial, 1u << QF_PRINCIPAL);
}

static void
strings_that_were_cut(void **state)
{
	static char id[] = "alice@co";
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.session.report = REPORT_CUT;
	m.session.cert = true;
	m.session.cert_id = id;
	q = ask(&m, NULL);
	assert_true(KNOWN(q, QF_USER) && KNOWN(q, QF_KEY) && KNOWN(q, QF_CA));
	assert_false(KNOWN(q, QF_CERT_ID) || KNOWN(q, QF_METHOD));
	memset(m.session.user, 'a', sizeof(m.session.user) - 1);
	q = ask(&m, NULL);
	assert_false(KNOWN(q, QF_USER));
	m.session.cert = m.session.key_known = false;
	(void)bytes_copy(bytes_of("password"), m.session.method, sizeof(m.session.method));
	q = ask(&m, NULL); /* and a key that cannot be read */
	assert_false(KNOWN(q, QF_KEY) || KNOWN(q, QF_CA));
}

static const char *
name_of_uid(uint32_t uid, void *arg)
{
	(void)arg;
	return uid == 1002 ? "bob" : NULL;
}

static void
effective_user(void **state)
{
	const struct pipeline_options options = {.user_name = name_of_uid, .host_name = "bastion"};
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.finding.euid = 0;
	q = ask(&m, NULL);
	assert_true(bytes_is(q.as, "root") && bytes_is(q.user, "alice"));
	m.finding.euid = 1002;
	q = ask(&m, NULL);
	assert_false(KNOWN(q, QF_AS));
	q = ask(&m, &options);
	assert_true(bytes_is(q.as, "bob") && KNOWN(q, QF_AS));
	assert_true(bytes_is(q.host, "bastion") && KNOWN(q, QF_ON));
}

static void
destinations(void **state)
{
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.finding.to.addr = m.session.local.addr;
	q = ask(&m, NULL);
	assert_int_equal(q.to_kind, TO_SELF);
	m.finding.to = (struct endpoint){0};
	q = ask(&m, NULL); /* an SSH client that has not connected yet */
	assert_int_equal(q.to_kind, TO_NONE);
	assert_false(KNOWN(q, QF_TO) || KNOWN(q, QF_PORT));
	m.finding.process = NULL;
	m.finding.nancestry = 0;
	m.finding.activity = ACT_UNUSUAL_HOUR; /* of the login as such: no program does it */
	q = ask(&m, NULL);
	assert_true(KNOWN(q, QF_EXE) && KNOWN(q, QF_PARENT));
	m.finding.activity = ACT_LOGIN;
	q = ask(&m, NULL); /* a login goes nowhere */
	assert_true(KNOWN(q, QF_TO) && KNOWN(q, QF_PORT) && KNOWN(q, QF_OWNER));
}

static void
unix_destinations(void **state)
{
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.finding.to = (struct endpoint){0};
	m.finding.activity = ACT_AGENT_USE;
	m.finding.to_unix = (struct bytes){.p = "\0agent", .n = 6};
	q = ask(&m, NULL);
	assert_int_equal(q.to_kind, TO_UNIX);
	assert_true(bytes_is(q.to_unix, "@agent"));
	assert_false(KNOWN(q, QF_OWNER));
	m.finding.owner = OWNER_OTHER;
	q = ask(&m, NULL);
	assert_true(KNOWN(q, QF_OWNER) && q.owner == OWNER_OTHER);
}

static bool
only_bash(const struct process *p)
{
	return strcmp(p->exe, "/bin/bash") == 0;
}

/* What somebody mounted over a name is not what the policy means by it. */
static void
programs_of_another_namespace(void **state)
{
	const struct pipeline_options live = {.exe_is_here = only_bash};
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	q = ask(&m, &live);
	assert_false(KNOWN(q, QF_EXE));
	assert_int_equal(q.exe.n, 0);
	assert_true(KNOWN(q, QF_PARENT));
}

/* No login at all: a condition on a login's facts is passed over, it does not hang. */
static void
task_without_session(void **state)
{
	struct session nobody = {.ses = SES_UNSET, .auid = AUID_UNSET};
	struct made_ruling m;
	struct question q;

	(void)state;
	make_ruling(&m);
	m.finding.session = &nobody;
	q = ask(&m, NULL);
	assert_true(KNOWN(q, QF_USER) && KNOWN(q, QF_ORIGIN) && KNOWN(q, QF_KEY));
	assert_int_equal(q.user.n, 0);
	assert_int_equal(q.origin.family, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reported_login_is_known),
		cmocka_unit_test(certificate),
		cmocka_unit_test(records_alone_know_no_key),
		cmocka_unit_test(password_login_has_no_key),
		cmocka_unit_test(key_to_come),
		cmocka_unit_test(groups),
		cmocka_unit_test(lists_that_were_cut),
		cmocka_unit_test(strings_that_were_cut),
		cmocka_unit_test(effective_user),
		cmocka_unit_test(destinations),
		cmocka_unit_test(unix_destinations),
		cmocka_unit_test(programs_of_another_namespace),
		cmocka_unit_test(task_without_session),
	};

	return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
