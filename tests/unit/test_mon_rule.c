/* Audit rules: what covers what, and what hides something. */
#include "tests/unit/unit.h"

#include <string.h>

#include "agentd/monitor/rule.h"

static size_t
index_of(const char *name)
{
	for (size_t i = 0; i < rule_count(); i++)
		if (strcmp(rule_name(i), name) == 0)
			return i;
	fail_msg("no rule %s", name);
	return 0;
}

static void
build(const char *name, union rule_room *room)
{
	assert_true(rule_build(index_of(name), false, room));
}

/* The order stays: strings stand in that of their fields. */
static void
drop_field(struct audit_rule_data *r, uint32_t field)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < r->field_count; i++) {
		if (r->fields[i] == field)
			continue;
		r->fields[kept] = r->fields[i];
		r->values[kept] = r->values[i];
		r->fieldflags[kept++] = r->fieldflags[i];
	}
	assert_int_equal(kept, r->field_count - 1);
	r->field_count = kept;
}

static bool
names_a_program(const struct audit_rule_data *r)
{
	for (uint32_t f = 0; f < r->field_count; f++)
		if (r->fields[f] == AUDIT_EXE && r->fieldflags[f] == AUDIT_EQUAL)
			return true;
	return false;
}

/* And those of one program alone for its tasks without. */
static void
every_rule_is_for_people_with_a_login(void **state)
{
	uint32_t op;

	union rule_room room;

	(void)state;
	for (size_t i = 0; i < rule_count(); i++) {
		bool login = false;

		if (!rule_build(i, false, &room))
			continue;
		op = names_a_program(&room.data) ? AUDIT_EQUAL : AUDIT_NOT_EQUAL;
		for (uint32_t f = 0; f < room.data.field_count; f++)
			login |= room.data.fields[f] == AUDIT_LOGINUID && room.data.fieldflags[f] == op &&
			    room.data.values[f] == UINT32_MAX;
		assert_true(login);
		assert_int_equal(room.data.action, AUDIT_ALWAYS);
		assert_true(rule_covers(&room.data, &room.data));
	}
}

static void
no_rule_covers_another(void **state)
{
	union rule_room a, b;

	(void)state;
	for (size_t i = 0; i < rule_count(); i++)
		for (size_t j = 0; j < rule_count(); j++)
			if (i != j && rule_build(i, false, &a) && rule_build(j, false, &b))
				assert_false(rule_covers(&a.data, &b.data));
}

/* A site's rule with another key, more calls or fewer conditions does the work. */
static void
a_wider_rule_covers(void **state)
{
	union rule_room want, site;

	(void)state;
	build("exec", &want);
	site = want;
	drop_field(&site.data, AUDIT_FILTERKEY);
	assert_true(rule_covers(&site.data, &want.data));
	drop_field(&site.data, AUDIT_SUCCESS);
	assert_true(rule_covers(&site.data, &want.data));
	drop_field(&site.data, AUDIT_LOGINUID);
	assert_true(rule_covers(&site.data, &want.data));
	memset(site.data.mask, 0xff, sizeof(site.data.mask));
	assert_true(rule_covers(&site.data, &want.data));
	assert_false(rule_covers(&want.data, &site.data));
}

static void
a_narrower_rule_does_not(void **state)
{
	union rule_room want, site;

	(void)state;
	build("exec", &want);
	site = want;
	site.data.fields[site.data.field_count] = AUDIT_UID; /* -F uid=0 */
	site.data.fieldflags[site.data.field_count] = AUDIT_EQUAL;
	site.data.values[site.data.field_count++] = 0;
	assert_false(rule_covers(&site.data, &want.data));
	site = want;
	site.data.values[0] = 0; /* of another architecture */
	assert_false(rule_covers(&site.data, &want.data));
	site = want;
	site.data.action = AUDIT_NEVER;
	assert_false(rule_covers(&site.data, &want.data));
	site = want;
	site.data.flags = AUDIT_FILTER_EXCLUDE;
	assert_false(rule_covers(&site.data, &want.data));
	site = want;
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		if (site.data.mask[i] != 0) {
			site.data.mask[i] &= site.data.mask[i] - 1; /* execve alone, or execveat alone */
			break;
		}
	assert_false(rule_covers(&site.data, &want.data));
}

/* Of two strings the key is of no interest, and the program is. */
static void
the_program_counts(void **state)
{
	union rule_room want, site;

	(void)state;
	build("login by /usr/sbin/sshd", &want);
	site = want;
	memcpy(site.data.buf + site.data.buflen - 4, "SITE", 4);
	assert_true(rule_covers(&site.data, &want.data));
	site = want;
	assert_int_equal(memcmp(site.data.buf, "/usr/sbin/sshd", 14), 0);
	site.data.buf[0] = '.';
	assert_false(rule_covers(&site.data, &want.data));
	site = want;
	drop_field(&site.data, AUDIT_SUCCESS);
	assert_true(rule_covers(&site.data, &want.data));
	build("login by /usr/sbin/dropbear", &site);
	assert_false(rule_covers(&site.data, &want.data));
	site = want;
	site.data.buflen = 3; /* cut: nothing behind it is read */
	assert_false(rule_covers(&site.data, &want.data));
}

static void
what_hides_is_seen(void **state)
{
	union rule_room want;
	struct audit_rule_data task = {.flags = AUDIT_FILTER_TASK, .action = AUDIT_NEVER},
	    never = {.flags = AUDIT_FILTER_EXIT, .action = AUDIT_NEVER},
	    exclude = {.flags = AUDIT_FILTER_EXCLUDE, .action = AUDIT_NEVER, .field_count = 1,
		.fields = {AUDIT_MSGTYPE}, .fieldflags = {AUDIT_EQUAL}, .values = {AUDIT_CWD}};

	(void)state;
	build("connect", &want);
	assert_true(rule_hides_tasks(&task));
	assert_false(rule_hides_tasks(&want.data));
	assert_false(rule_hides_calls(&never, &want.data));
	memset(never.mask, 0xff, sizeof(never.mask));
	assert_true(rule_hides_calls(&never, &want.data));
	assert_false(rule_hides_calls(&want.data, &want.data));
	assert_false(rule_hides_records(&exclude)); /* nobody needs CWD */
	exclude.values[0] = AUDIT_SOCKADDR;
	assert_true(rule_hides_records(&exclude));
}

static void
the_simple_form_lacks_the_family(void **state)
{
	union rule_room full, simple;
	size_t i = index_of("bind");

	(void)state;
	assert_true(rule_has_simple(i));
	assert_false(rule_has_simple(index_of("connect")));
	assert_true(rule_build(i, false, &full));
	assert_true(rule_build(i, true, &simple));
	assert_int_equal(simple.data.field_count, full.data.field_count - 1);
	assert_true(rule_covers(&simple.data, &full.data));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_is_for_people_with_a_login),
		cmocka_unit_test(no_rule_covers_another),
		cmocka_unit_test(a_wider_rule_covers),
		cmocka_unit_test(a_narrower_rule_does_not),
		cmocka_unit_test(the_program_counts),
		cmocka_unit_test(what_hides_is_seen),
		cmocka_unit_test(the_simple_form_lacks_the_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
