/* sshtetherd.conf: what it sets, what it refuses and how it says so, and whose file it must be. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/config.h"

static char path[64];

static struct config *
load(const char *text, struct buf *diag, unsigned *errors)
{
	FILE *f;

	(void)snprintf(path, sizeof(path), "/tmp/test_config.%d", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return config_load(path, diag, errors);
}

static int
remove_file(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void
a_named_file_must_be_there(void **state)
{
	struct buf diag = BUF_INIT;
	unsigned errors = 0;

	(void)state;
	assert_null(config_load("/nonexistent/x.conf", &diag, &errors));
	assert_int_equal(errors, 1);
	assert_non_null(strstr(diag.p, "/nonexistent/x.conf: no such file"));
	buf_free(&diag);
}

/* The one setting that may stand there more than once. */
static void
lists_of_origins(void **state)
{
	struct buf diag = BUF_INIT;
	unsigned errors = 0;
	struct config *c = load("listed-origins /a/one\nlisted-origins { /b/two, \"/c/three and a half\" }\n", &diag, &errors);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->nlisted, 3);
	assert_string_equal(c->listed[0], "/a/one");
	assert_string_equal(c->listed[2], "/c/three and a half");
	config_free(&c);
	assert_null(load("listed-origins bad.txt\n", &diag, &errors));
	assert_non_null(strstr(diag.p, "listed-origins is an absolute path"));
	buf_reset(&diag);
	assert_null(load("listed-origins { /1, /2, /3, /4, /5, /6, /7, /8, /9 }\n"
	    "listed-origins { /10, /11, /12, /13, /14, /15, /16, /17 }\n", &diag, &errors));
	assert_non_null(strstr(diag.p, "at most 16 files of listed origins"));
	buf_free(&diag);
}

static void
empty_is_defaults(void **state)
{
	struct buf diag = BUF_INIT;
	unsigned errors = 9;
	struct config *c = load("", &diag, &errors);

	(void)state;
	assert_non_null(c);
	assert_int_equal(errors, 0);
	assert_int_equal(diag.n, 0);
	assert_string_equal(c->user, "_sshtether");
	assert_string_equal(c->policy, "/etc/sshtether/sshtether.policy");
	assert_null(c->fleet);
	assert_false(c->require_signature);
	assert_string_equal(c->allowed_signers, "/etc/sshtether/allowed_signers");
	assert_false(c->policy_watch);
	assert_int_equal(c->mode, MODE_AUDIT);
	assert_true(c->login_fail_open);
	assert_int_equal(c->login_timeout_ms, 250);
	assert_int_equal(c->nbreakglass, 0);
	assert_null(c->host_name);
	config_free(&c);
	assert_null(c);
	config_free(&c);
}

static void
every_setting(void **state)
{
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct config *c = load("# all of them\n"
	                        "user nobody\ngroup \"nogroup\"\nrun-dir /r\nstate-dir /s\n"
	                        "source netlink\nauditd-socket \"/a b\"\naudit-rules off\nmode enforce\n"
	                        "login-timeout 1s\nlogin-fail closed\naction-rate 7\n"
	                        "gate-cgroup /g\non-exit keep\n"
	                        "break-glass { root, 4242,\n  # a comment inside\n  7 }\n"
	                        "policy /p\nfleet prod\nrequire-signature on\nallowed-signers /as\npolicy-watch on\n"
	                        "roles { bastion, \"db one\" }\nhost-name h\nalert-file off\n"
	                        "alert-syslog off\nalert-audit off\ncommand-line hash\nstore-days 90\n"
	                        "baseline-days 20\nbaseline-after 7\nbaseline-active 5",
	    &diag, &errors);

	(void)state;
	if (c == NULL)
		fail_msg("%s", diag.p);
	assert_string_equal(c->user, "nobody");
	assert_string_equal(c->group, "nogroup");
	assert_string_equal(c->run_dir, "/r");
	assert_string_equal(c->state_dir, "/s");
	assert_int_equal(c->source, SOURCE_SET_NETLINK);
	assert_string_equal(c->auditd_socket, "/a b");
	assert_false(c->audit_rules);
	assert_int_equal(c->mode, MODE_ENFORCE);
	assert_int_equal(c->login_timeout_ms, 1000);
	assert_false(c->login_fail_open);
	assert_string_equal(c->gate_cgroup, "/g");
	assert_true(c->gate_keep);
	assert_int_equal(c->action_rate, 7);
	assert_int_equal(c->nbreakglass, 3);
	assert_int_equal(c->breakglass_uid[0], 0);
	assert_int_equal(c->breakglass_uid[1], 4242);
	assert_int_equal(c->breakglass_uid[2], 7);
	assert_string_equal(c->policy, "/p");
	assert_string_equal(c->fleet, "prod");
	assert_true(c->require_signature);
	assert_string_equal(c->allowed_signers, "/as");
	assert_true(c->policy_watch);
	assert_int_equal(c->nroles, 2);
	assert_string_equal(c->roles[1], "db one");
	assert_string_equal(c->host_name, "h");
	assert_null(c->alert_file);
	assert_false(c->alert_syslog);
	assert_false(c->alert_audit);
	assert_int_equal(c->command_line, CONFIG_COMMAND_HASH);
	assert_int_equal(c->store_days, 90);
	config_free(&c);
}

/* All of them in one run, each with its correction. */
static void
all_errors(void **state)
{
	static const char *const said[] = {
	    ":1:1: error: there is no setting 'polcy'",
	    "did you mean 'policy'?",
	    ":2:6: error: 'enforced' is no value of mode",
	    "did you mean 'enforce'?",
	    ":3:8: error: policy is an absolute path",
	    ":4:15: error: login-timeout is a duration",
	    ":5:13: error: action-rate is a number from 1 to 10000",
	    ":6:7: error: expected a value",
	    ":7:13: error: expected the end of the line",
	    ":8:11: error: expected ',' or '}'",
	    ":9:13: error: there is no user 'no such user'",
	    ":10:1: error: mode is given twice",
	    ":11:1: error: user has one value",
	    ":12:11: error: this string has no end",
	    ":13:1: error: expected the name of a setting",
	    ":14:7: error: this is empty",
	    ":15:8: error: expected the end of the line: a list stands in braces",
	};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct config *c = load("polcy /p\nmode enforced\npolicy relative\nlogin-timeout 5\n"
	                        "action-rate 0\ngroup \nsource auto auto\nroles { a b }\n"
	                        "break-glass \"no such user\"\nmode audit\nuser { a, b }\n"
	                        "host-name \"open\n\"user\" x\ngroup \"\"\nroles a, b\n",
	    &diag, &errors);

	(void)state;
	assert_null(c);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(diag.p, said[i]) == NULL)
			fail_msg("not said: %s\n%s", said[i], diag.p);
	assert_int_equal(errors, 15);
	buf_free(&diag);
}

static void
whose_file(void **state)
{
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct config *c = load("mode enforce\n", &diag, &errors);

	(void)state;
	assert_non_null(c);
	config_free(&c);
	assert_int_equal(chmod(path, 0622), 0);
	c = config_load(path, &diag, &errors);
	assert_null(c);
	assert_int_equal(errors, 1);
	assert_non_null(strstr(diag.p, path));
	buf_free(&diag);
}

static void
caps(void **state)
{
	struct buf text = BUF_INIT, diag = BUF_INIT;
	unsigned errors;

	(void)state;
	buf_puts(&text, "roles { ");
	for (int i = 0; i < CONFIG_ROLES_MAX + 1; i++)
		buf_printf(&text, "r%d, ", i);
	buf_puts(&text, "}\nbreak-glass {");
	for (int i = 0; i < CONFIG_BREAKGLASS_MAX + 1; i++)
		buf_printf(&text, "%d, ", i);
	buf_puts(&text, "}\n");
	assert_null(load(text.p, &diag, &errors));
	assert_int_equal(errors, 2);
	buf_free(&text);
	buf_free(&diag);
}

/* What the packaged file shows as defaults are the defaults. */
static void
packaged(void **state)
{
	FILE *f = fopen("packaging/etc/sshtetherd.conf", "r");
	struct buf text = BUF_INIT, diag = BUF_INIT;
	struct config *shown, *absent;
	unsigned errors;
	char line[256];

	(void)state;
	if (f == NULL)
		skip(); /* not run from the top folder */
	while (fgets(line, sizeof(line), f) != NULL)
		buf_puts(&text, line[0] == '#' && line[1] >= 'a' && line[1] <= 'z' ? line + 1 : line);
	(void)fclose(f);
	shown = load(text.p, &diag, &errors);
	if (shown == NULL)
		fail_msg("%s", diag.p);
	absent = load("", &diag, &errors);
	assert_non_null(absent);
	assert_string_equal(shown->user, absent->user);
	assert_string_equal(shown->group, absent->group);
	assert_int_equal(shown->source, absent->source);
	assert_string_equal(shown->auditd_socket, absent->auditd_socket);
	assert_int_equal(shown->audit_rules, absent->audit_rules);
	assert_int_equal(shown->mode, absent->mode);
	assert_int_equal(shown->login_timeout_ms, absent->login_timeout_ms);
	assert_int_equal(shown->login_fail_open, absent->login_fail_open);
	assert_int_equal(shown->action_rate, absent->action_rate);
	assert_string_equal(shown->policy, absent->policy);
	assert_int_equal(shown->require_signature, absent->require_signature);
	assert_int_equal(shown->policy_watch, absent->policy_watch);
	assert_string_equal(shown->allowed_signers, absent->allowed_signers);
	assert_string_equal(shown->alert_file, absent->alert_file);
	assert_int_equal(shown->alert_syslog, absent->alert_syslog);
	assert_int_equal(shown->alert_audit, absent->alert_audit);
	assert_int_equal(shown->command_line, absent->command_line);
	assert_int_equal(shown->store_days, absent->store_days);
	config_free(&shown);
	config_free(&absent);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_named_file_must_be_there),
		cmocka_unit_test(lists_of_origins),
		cmocka_unit_test(empty_is_defaults),
	    cmocka_unit_test(every_setting),
	    cmocka_unit_test(all_errors),
	    cmocka_unit_test(whose_file),
	    cmocka_unit_test(caps),
	    cmocka_unit_test(packaged),
	};

	return cmocka_run_group_tests(tests, NULL, remove_file);
}
