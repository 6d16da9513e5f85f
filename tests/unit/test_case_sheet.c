/* case/sheet, todo, case_alert: what is asked and answered, what is to be done, what the alert says. */
#include "tests/unit/case_kit.h"

static struct buf
sheet(const struct case_file *c, bool lives)
{
	const struct case_context ctx = {.lives = lives};
	struct buf out = BUF_INIT;

	case_sheet_json(c, &ctx, &out);
	assert_true(buf_ok(&out));
	return out;
}

static void
assert_has(const struct buf *text, const char *words)
{
	if (strstr(text->p, words) == NULL)
		fail_msg("%s does not hold %s", text->p, words);
}

static void
assert_lacks(const struct buf *text, const char *words)
{
	if (strstr(text->p, words) != NULL)
		fail_msg("%s holds %s", text->p, words);
}

static void
the_sheet_asks_in_its_order(void **state)
{
	static const char *const order[] = {"\"question\":\"origin\"", "\"question\":\"simultaneous-sessions\"",
	    "\"question\":\"agent-forwarded\"", "\"question\":\"escalation\"", "\"question\":\"keys-or-agents\"",
	    "\"actions\":["};
	struct cases *t = kit_cases();
	struct buf text = sheet(kit_take(t, &hijack_as_root), true);
	const char *at = text.p;

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		at = strstr(at, order[i]);
		assert_non_null(at);
	}
	assert_has(&text, "too few days were seen\"}],\"answer\":\"unknown\"");
	assert_has(&text, "\"answer\":\"yes\"");
	assert_has(&text, "\"command\":\"sshtether terminate 1f0a33c2-57 --reason 'case 1f0a33c2-57, score 100'\"");
	assert_has(&text, "echo Match User bob >/etc/ssh/sshd_config.d/10-sshtether-no-agent-bob.conf && "
	    "echo AllowAgentForwarding no >>/etc/ssh/sshd_config.d/10-sshtether-no-agent-bob.conf && sshd -t && ");
	assert_has(&text, "\"policy\":\"terminate agent-hijack owner other severity critical\"");
	assert_lacks(&text, "block-origin");
	buf_free(&text);
	cases_free(&t);
}

/* Both are alice's: neither file takes the other's place. */
static void
each_option_of_sshd_has_its_file(void **state)
{
	struct cases *t = kit_cases();
	struct step own = hijack;
	struct buf text;

	(void)state;
	own.of = "alice";
	(void)kit_take(t, &own);
	(void)kit_take(t, &(struct step){.activity = ACT_UNUSUAL_DESTINATION, .confidence = CONFIDENCE_HIGH});
	text = sheet(kit_take(t, &(struct step){.activity = ACT_RELAY}), true);
	assert_has(&text, "echo Match User alice >/etc/ssh/sshd_config.d/10-sshtether-no-agent-alice.conf && "
	    "echo AllowAgentForwarding no >>/etc/ssh/sshd_config.d/10-sshtether-no-agent-alice.conf && ");
	assert_has(&text, "echo Match User alice >/etc/ssh/sshd_config.d/10-sshtether-no-forwarding-alice.conf && "
	    "echo DisableForwarding yes >>/etc/ssh/sshd_config.d/10-sshtether-no-forwarding-alice.conf && ");
	buf_free(&text);
	cases_free(&t);
}

/* The names of users are their directory's to choose. */
static void
no_odd_name_stands_in_a_command(void **state)
{
	static const char *const odd[] = {"a b", "$(id)", "-f", "a;id", "it's", "*", "!!", "~root", "../x", "a\nb", "=x"};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct cases *t = kit_cases();
		struct step s = hijack;
		struct buf text;

		s.of = odd[i];
		text = sheet(kit_take(t, &s), true);
		assert_has(&text, "\"action\":\"terminate\"");
		assert_lacks(&text, "disable-forwarding");
		buf_free(&text);
		cases_free(&t);
	}
}

/* Not worth an alert, not worth locking anybody out; and what is the only thing to do is no alternative. */
static void
what_to_do_fits_the_severity(void **state)
{
	struct cases *t = kit_cases();
	struct buf text = sheet(kit_take(t, &travel), true);

	(void)state;
	assert_has(&text, "\"actions\":[]");
	buf_free(&text);
	text = sheet(kit_take(t, &key), true);
	assert_has(&text, "\"severity\":\"medium\"");
	assert_lacks(&text, "\"terminate\"");
	assert_has(&text, "\"text\":\"let it go nowhere");
	assert_has(&text, "block-origin");
	buf_free(&text);
	text = sheet(kit_take(t, &hijack), true);
	assert_has(&text, "\"action\":\"terminate\"");
	assert_has(&text, "\"text\":\"or let it live and go nowhere");
	buf_free(&text);
	cases_free(&t);
}

/* Each whose process it was has keys to be replaced, once; what was tried in vain has reached nothing. */
static void
what_was_tampered_with_is_told_by_whose(void **state)
{
	struct step agent = {.activity = ACT_SSH_TAMPER, .owner = OWNER_OTHER, .subject = "agent 310 of bob's session 56: traced",
	    .reached = true, .agent = true};
	struct step sshd = {.activity = ACT_SSH_TAMPER, .subject = "sshd 20 of uid 0: traced", .reached = true};
	struct step vain = {.activity = ACT_SSH_TAMPER, .owner = OWNER_OTHER, .of = "carol",
	    .subject = "agent 410 of carol's session 56: traced, in vain"};
	struct cases *t = kit_cases();
	struct buf text = sheet(kit_take(t, &vain), true);
	const char *first;

	(void)state;
	assert_has(&text, "\"evidence\":[],\"answer\":\"no\"}],\"actions\"");
	assert_lacks(&text, "keys of carol");
	buf_free(&text);
	(void)kit_take(t, &sshd);
	(void)kit_take(t, &agent);
	agent.subject = "agent 310 of bob's session 56: memory read";
	text = sheet(kit_take(t, &agent), true);
	assert_has(&text, "\"answer\":\"yes\"}],\"actions\"");
	assert_has(&text, "keys of whoever it belongs to are accepted, and replace them: sshd 20 of uid 0: traced; of a listening");
	assert_has(&text, "keys of bob are accepted, and replace them: agent 310 of bob's session 56: traced\",\"command\":"
	    "\"sshtether alerts --all --session 1f0a33c2-56\"");
	first = strstr(text.p, "look where the keys of bob");
	assert_null(strstr(first + 1, "look where the keys of bob"));
	assert_lacks(&text, "keys of carol");
	buf_free(&text);
	cases_free(&t);
}

/* It is there at the same time, and that its user's key is in other hands does not follow. */
static void
somebody_let_in_by_ones_own_server(void **state)
{
	struct cases *t = kit_cases();
	struct buf text = sheet(kit_take(t, &(struct step){.activity = ACT_UNREPORTED_SESSION, .confidence = CONFIDENCE_HIGH}),
	    true);

	(void)state;
	assert_has(&text, "\"score\":45,\"severity\":\"medium\"");
	assert_has(&text, "\"activity\":\"unreported-session\",\"id\":\"0000000000000000000001a200c646e0\"}],\"answer\":\"yes\"},"
	    "{\"question\":\"agent-forwarded\"");
	assert_has(&text, "\"policy\":\"terminate unreported-session user alice severity high\"");
	assert_lacks(&text, "rotate-key");
	buf_free(&text);
	cases_free(&t);
}

static void
of_the_dead_nothing_is_ended(void **state)
{
	struct cases *t = kit_cases();
	struct buf text = sheet(kit_take(t, &hijack_as_root), false);

	(void)state;
	assert_lacks(&text, "sshtether terminate");
	assert_lacks(&text, "sshtether isolate");
	assert_has(&text, "rotate-key");
	buf_free(&text);
	cases_free(&t);
}

/* For that it was forwarded; who became another one and uses it then does something else. */
static void
ones_own_agent_is_context(void **state)
{
	struct step own = {.activity = ACT_AGENT_USE, .owner = OWNER_SELF, .subject = "/tmp/ssh-Y/agent.2"};
	struct cases *t = kit_cases();
	struct buf text;

	(void)state;
	(void)kit_take(t, &travel);
	text = sheet(kit_take(t, &own), true);
	assert_has(&text, "\"evidence\":[{\"text\":\"only the agent that was forwarded with this login, by its own user\"}],"
	    "\"answer\":\"no\"}],\"actions\"");
	buf_free(&text);
	own.as_root = true;
	text = sheet(kit_take(t, &own), true);
	assert_lacks(&text, "only the agent that");
	assert_has(&text, "\"answer\":\"yes\"}],\"actions\"");
	buf_free(&text);
	cases_free(&t);
}

static void
no_is_said_where_it_would_have_been_seen(void **state)
{
	struct cases *t = kit_cases();
	struct case_file *c = kit_take(t, &travel);
	struct buf text = sheet(c, true);

	(void)state;
	assert_has(&text, "was an agent forwarded?\",\"evidence\":[],\"answer\":\"no\"");
	buf_free(&text);
	c->source = SESSION_PROC; /* it was there before us */
	text = sheet(c, true);
	assert_has(&text, "was an agent forwarded?\",\"evidence\":[],\"answer\":\"unknown\"");
	buf_free(&text);
	cases_free(&t);
}

/* File names are the thief's to choose: what root pastes runs none of them. */
static void
names_in_commands_are_quoted(void **state)
{
	static const struct {
		const char *path, *command; /* NULL: none is shown */
	} rows[] = {
		{"/home/bob/.ssh/id_rsa", "ssh-keygen -lf /home/bob/.ssh/id_rsa\""},
		{"/tmp/a b", "ssh-keygen -lf '/tmp/a b'\""},
		{"/tmp/$(id)`id`;id", "ssh-keygen -lf '/tmp/$(id)`id`;id'\""},
		{"/tmp/it's", "ssh-keygen -lf '/tmp/it'\\\"'\\\"'s'\""},
		{"/tmp/a\nreboot", NULL},
		{"/tmp/\x1b[2J", NULL},
		{"/tmp/\xff", NULL},
		{"/tmp/a\\b", NULL},
		{"/tmp/a b!id", NULL},
		{"-oProxyCommand=id", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cases *t = kit_cases();
		struct step s = key;
		struct buf text;

		s.subject = rows[i].path;
		text = sheet(kit_take(t, &s), true);
		if (rows[i].command != NULL)
			assert_has(&text, rows[i].command);
		else
			assert_lacks(&text, "ssh-keygen -lf /tmp");
		if (rows[i].command == NULL)
			assert_lacks(&text, "ssh-keygen -lf '");
		buf_free(&text);
		cases_free(&t);
	}
}

/* Not all of it was done as somebody else. */
static void
the_reason_says_how_many_as_whom(void **state)
{
	const struct step as_root = {.activity = ACT_SSH_TAMPER, .as_root = true, .subject = "sshd 7"};
	const struct step as_himself = {.activity = ACT_SSH_TAMPER, .subject = "ssh 8"};
	struct cases *t = kit_cases();
	struct buf reason = BUF_INIT;

	(void)state;
	(void)kit_take(t, &as_himself);
	case_reason(kit_take(t, &as_root), &reason);
	assert_has(&reason, ": 2 indicators, ");
	assert_has(&reason, ": ssh-tamper (2, 1 as root)");
	buf_free(&reason);
	cases_free(&t);
}

static void
the_alert_says_what_and_how_much(void **state)
{
	const struct alert_context ctx = {.host_name = "bastion", .boot_id = KIT_BOOT, .fleet = "prod", .policy_serial = 7};
	struct cases *t = kit_cases();
	struct case_file *c;
	struct buf json = BUF_INIT, text = BUF_INIT;

	(void)state;
	(void)kit_take(t, &travel);
	c = kit_take(t, &hijack_as_root);
	cases_told(t, c);
	case_alert_json(c, &ctx, c->changed, &json);
	assert_has(&json, "\"kind\":\"alert\"");
	assert_has(&json, "\"action\":\"case\"");
	assert_has(&json, "\"severity\":99");
	assert_has(&json, "alice's session 57 from 128.232.110.120: 3 indicators, score 100: unusual-origin, agent-hijack as root (2)\"");
	assert_has(&json, "\"technique\":{\"id\":[\"T1563.001\"]}");
	assert_has(&json, "\"case\":{\"id\":\"1f0a33c2-57\",\"score\":100,\"severity\":\"critical\",\"told\":\"critical\"");
	case_alert_text(c, &text);
	assert_has(&text, "critical case: alice's session 57");
	buf_free(&json);
	buf_free(&text);
	cases_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sheet_asks_in_its_order),
		cmocka_unit_test(each_option_of_sshd_has_its_file),
		cmocka_unit_test(no_odd_name_stands_in_a_command),
		cmocka_unit_test(what_to_do_fits_the_severity),
		cmocka_unit_test(what_was_tampered_with_is_told_by_whose),
		cmocka_unit_test(somebody_let_in_by_ones_own_server),
		cmocka_unit_test(of_the_dead_nothing_is_ended),
		cmocka_unit_test(ones_own_agent_is_context),
		cmocka_unit_test(no_is_said_where_it_would_have_been_seen),
		cmocka_unit_test(names_in_commands_are_quoted),
		cmocka_unit_test(the_reason_says_how_many_as_whom),
		cmocka_unit_test(the_alert_says_what_and_how_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
