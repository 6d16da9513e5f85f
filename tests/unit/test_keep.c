/* keep: a ruling that is kept. */
#include <stdlib.h>

#include "agentd/engine/keep.h"
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

static void
a_kept_ruling_outlives_what_it_was_made_of(void **state)
{
	struct made_ruling *m = calloc(1, sizeof(*m));
	struct kept *k;
	const struct finding *f;
	char file[] = "prod.policy", message[] = "ask", tag[] = "t1", key[] = "/home/bob/.ssh/id", subject[] = "agent 7";
	struct bytes tags[] = {BYTES_LIT("pci"), {.p = tag, .n = 2}};

	(void)state;
	make_ruling(m);
	m->ruling.decision.file = file;
	m->ruling.decision.message = message;
	m->ruling.decision.tags = tags;
	m->ruling.decision.ntags = 2;
	m->finding.file = bytes_of(key);
	m->finding.subject = subject;
	m->session.principals = (char[]){"a\0bb\0"};
	k = kept_new(&m->ruling);
	assert_non_null(k);
	f = kept_ruling(k)->finding;
	char *exe = strdup(m->finding.process->exe);

	memset(file, 'x', sizeof(file) - 1);
	memset(tag, 'x', sizeof(tag) - 1);
	memset(key, 'x', sizeof(key) - 1);
	memset(subject, 'x', sizeof(subject) - 1);
	tags[0] = tags[1];
	memset(m, 0xff, sizeof(*m));
	free(m);
	assert_string_equal(kept_ruling(k)->decision.file, "prod.policy");
	assert_string_equal(kept_ruling(k)->decision.message, "ask");
	assert_int_equal(kept_ruling(k)->decision.ntags, 2);
	assert_true(bytes_is(kept_ruling(k)->decision.tags[0], "pci") && bytes_is(kept_ruling(k)->decision.tags[1], "t1"));
	assert_true(bytes_is(f->file, "/home/bob/.ssh/id"));
	assert_string_equal(f->subject, "agent 7");
	assert_string_equal(f->process->exe, exe);
	assert_string_equal(f->session->user, "alice");
	assert_memory_equal(f->session->principals, "a\0bb\0", 6);
	assert_true(f->nancestry == 0 || f->ancestry[0]->pid != 0);
	free(exe);
	kept_free(&k);
	assert_null(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_ruling_outlives_what_it_was_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
