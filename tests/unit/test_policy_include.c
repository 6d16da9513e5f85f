/*
 * Includes as the daemon meets them: through a reader and a lister of its own; names however they are written; the
 * caps; one text of it all; memory that fails at every place in turn.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sshtether/limits.h>

#include "base/glob.h"
#include "policy/files.h"
#include "policy/policy.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/policy_kit.h"

/* --- a disk ----------------------------------------------------------------------------------- */

struct disk {
	const struct file *files;
	struct buf *log; /* what was asked for; NULL: nobody cares */
};

static int
read_disk(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	static const char *const words[] = {
	    [POLF_POLICY] = "policy", [POLF_TABLE] = "table", [POLF_UNSIGNED] = "unsigned", [POLF_ZONE] = "zone"};
	const struct disk *disk = arg;

	if (disk->log != NULL)
		buf_printf(disk->log, "%s %s\n", words[what], path);
	return kit_read(disk->files, path, max, out, why);
}

/* As many as there are, sorted as they stand. */
static int
list_disk(const char *pattern, struct buf *out, const char **why, void *arg)
{
	const struct disk *disk = arg;
	const struct bytes last = bytes_basename(bytes_of(pattern));
	const size_t dir = (size_t)(last.p - pattern);

	if (disk->log != NULL)
		buf_printf(disk->log, "list %s\n", pattern);
	if (strcmp(pattern, "/etc/theirs/*") == 0) {
		*why = "is owned by neither root nor this process's user";
		return -EPERM;
	}
	for (const struct file *f = disk->files; f->path != NULL; f++)
		if (strncmp(f->path, pattern, dir) == 0 && strchr(f->path + dir, '/') == NULL &&
		    glob_match(last, bytes_of(f->path + dir)))
			buf_put(out, f->path, strlen(f->path) + 1);
	return buf_ok(out) ? 0 : -ENOMEM;
}

static struct policy *
load(const char *path, const struct file *files, struct buf *log, struct buf *diag)
{
	struct disk disk = {.files = files, .log = log};
	struct pol_options options = {.read = read_disk, .list = list_disk, .arg = &disk};
	unsigned errors = 99;
	struct policy *pol = pol_load(path, &options, diag, &errors);

	assert_true((pol == NULL) == (errors != 0));
	return pol;
}

static const struct file fleet[] = {
    {"/etc/p/main", "fleet f\n"
		    "mode enforce\n"
		    "include \"teams/*.policy\"\n"
		    "include ../shared/./base\n"
		    "table <own> file \"own.txt\"\n"
		    "block relay user <own>\n"
		    "table <all> { <own>, !<c>, zz }\n"
		    "alert agent-use user <all> origin <nets> hours \"mon UTC\" on role r tag { a, b }\n"
		    "table <nets> { <net>, !10.1.0.0/16 }\n"
		    "table <net> { 10.0.0.0/8, 2001:db8::/32 }\n"
		    "expect pass relay user db1\n"},
    {"/etc/p/own.txt", "eve\n!eva\n"},
    {"/etc/p/teams/a.policy", "table <db> file \"lists/db.txt\" unsigned\n"
			      "pass relay user <db> tag db\n"
			      "alert relay user zz at most 1/1d\n"},
    {"/etc/p/teams/b.policy", "include deeper/c\n"
			      "alert listen\n"},
    {"/etc/p/teams/deeper/c", "table <c> file /abs/c.txt\n"
			      "alert listen user <c>\n"},
    {"/etc/p/teams/lists/db.txt", "db*\n"},
    {"/abs/c.txt", "cc\n"},
    {"/etc/shared/base", "table <base> file base.txt\n"
			 "match user <base> {\n"
			 "\tblock relay\n"
			 "}\n"},
    {"/etc/shared/base.txt", "base\n"},
    {0},
};

/* --- where names lead ------------------------------------------------------------------------- */

static void
test_names(void **state)
{
	static const struct {
		const char *dir, *name, *is;
	} cases[] = {
	    {NULL, "a", "a"}, {NULL, "./a//b/", "a/b"}, {NULL, "a/../b", "b"}, {NULL, "../../b", "../../b"},
	    {NULL, "/../a", "/a"}, {NULL, "/", "/"}, {NULL, "a/..", ""}, {NULL, "../a/..", ".."},
	    {".", "a", "a"}, {"", "a", "/a"}, {"/etc", "../a", "/a"}, {"/etc", "../../../a", "/a"},
	    {"/etc/p", "x/y", "/etc/p/x/y"}, {"/etc/p", "/x", "/x"}, {"t", "../a", "a"}, {"t", "../../a", "../a"},
	    {"../t", "../a", "../a"}, {"..", "a", "../a"}, {"a/b", "..c/...", "a/b/..c/..."},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path_join(cases[i].dir, bytes_of(cases[i].name), &out);
		assert_true(buf_ok(&out));
		assert_string_equal(out.p, cases[i].is);
		assert_int_equal(out.n, strlen(cases[i].is));
	}
	buf_free(&out);
}

static void
test_what_is_read(void **state)
{
	struct buf log = BUF_INIT, diag = BUF_INIT;
	struct policy *pol = load("/etc/p/main", fleet, &log, &diag);
	const char *file;
	unsigned line;

	(void)state;
	if (pol == NULL)
		fail_msg("%s", diag.p);
	assert_string_equal(log.p, "policy /etc/p/main\n"
				   "list /etc/p/teams/*.policy\n"
				   "policy /etc/p/teams/a.policy\n"
				   "policy /etc/p/teams/b.policy\n"
				   "policy /etc/p/teams/deeper/c\n"
				   "policy /etc/shared/base\n"
				   "unsigned /etc/p/teams/lists/db.txt\n"
				   "table /abs/c.txt\n"
				   "table /etc/shared/base.txt\n"
				   "table /etc/p/own.txt\n");
	assert_int_equal(pol_nrules(pol), 7);
	pol_rule_place(pol, 2, &file, &line);
	assert_string_equal(file, "/etc/p/teams/deeper/c");
	assert_int_equal(line, 2);
	pol_rule_place(pol, 4, &file, &line);
	assert_string_equal(file, "/etc/shared/base");
	assert_int_equal(line, 3);
	pol_free(&pol);
	buf_free(&log);
	buf_free(&diag);
}

/* One file, from which the same files are found. */
static void
test_one_text(void **state)
{
	struct buf diag = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
	struct file flat[sizeof(fleet) / sizeof(fleet[0]) + 1];
	struct policy *pol = load("/etc/p/main", fleet, NULL, &diag);

	(void)state;
	assert_non_null(pol);
	pol_print(pol, &once);
	pol_free(&pol);
	assert_null(strstr(once.p, "include"));
	memcpy(flat + 1, fleet, sizeof(fleet));
	flat[0] = (struct file){"/etc/p/flat", once.p};
	flat[1] = (struct file){"/gone", ""};
	pol = load("/etc/p/flat", flat, NULL, &diag);
	if (pol == NULL)
		fail_msg("%s%s", once.p, diag.p);
	pol_print(pol, &twice);
	assert_string_equal(once.p, twice.p);
	pol_free(&pol);
	buf_free(&diag);
	buf_free(&once);
	buf_free(&twice);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void
assert_refused(const struct file *files, const char *what)
{
	struct buf diag = BUF_INIT;

	assert_null(load(files[0].path, files, NULL, &diag));
	if (strstr(diag.p, what) == NULL)
		fail_msg("not '%s' but:\n%s", what, diag.p);
	buf_free(&diag);
}

static void
test_refusals(void **state)
{
	(void)state;
	assert_refused((const struct file[]){{"/etc/m", "include x\n"}, {"/etc/x", NULL}, {0}},
	    "/etc/m:1:9: error: cannot read this file: it is not root's\n");
	assert_refused((const struct file[]){{"/etc/m", "include \"theirs/*\"\n"}, {0}},
	    "/etc/m:1:9: error: cannot list these files: is owned by neither root nor this process's user\n");
	assert_refused((const struct file[]){{"/m", "include m\n"}, {0}}, "each other: /m includes /m\n");
	assert_refused((const struct file[]){{"/m", "include a\n"}, {"/a", "include ./../b\n"},
			   {"/b", "include \"./a\"\n"}, {0}},
	    "/b:1:9: error: files that include each other: /a includes /b includes /a\n");
	assert_refused((const struct file[]){{"/m", "include a\ninclude b\n"}, {"/a", "include c\n"},
			   {"/b", "include c\n"}, {"/c", "\n"}, {0}},
	    "/b:1:9: error: '/c' is part of the policy already, from /a:1\n");
	assert_refused((const struct file[]){{"/m", "include \"a\\x01\"\n"}, {0}}, "looked for /a\\x01\n");
}

/* An error in each file stands behind its name, and those of the policy come first. */
static void
test_order(void **state)
{
	static const struct file files[] = {{"/m", "include b\ninclude a\nblok relay\n"}, {"/a", "block raley\n"},
	    {"/b", "block relay usr x\ntable <t> file t\nalert relay origin <t>\n"}, {"/t", "eve\n"}, {0}};
	struct buf diag = BUF_INIT;
	const char *at;

	(void)state;
	assert_null(load("/m", files, NULL, &diag));
	at = diag.p;
	for (const char *const *s =
		 (const char *const[]){"/m:3:1: error", "/b:1:13: error", "/a:1:7: error", "t:1:1: error", NULL};
	    *s != NULL; s++)
		if ((at = strstr(at, *s)) == NULL)
			fail_msg("%s:\n%s", *s, diag.p);
	buf_free(&diag);
}

static void
test_caps(void **state)
{
	static char paths[ST_POLICY_FILES + 2][16], texts[ST_POLICY_INCLUDES + 2][16];
	static struct file files[ST_POLICY_FILES + 3];
	struct buf patterns = BUF_INIT, diag = BUF_INIT;
	struct policy *pol;
	char *half = malloc(ST_POLICY_BYTES / 2 + 2);

	(void)state;
	/* one in the other */
	for (unsigned i = 0; i < ST_POLICY_INCLUDES + 2; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "/%u", i);
		(void)snprintf(texts[i], sizeof(texts[i]), "include %u\n", i + 1);
		files[i] = (struct file){paths[i], texts[i]};
	}
	assert_refused(files, "/8:1:9: error: includes are too deep: at most 8 inside each other\n");
	files[ST_POLICY_INCLUDES].text = "block relay\n";
	pol = load("/0", files, NULL, &diag);
	assert_non_null(pol);
	pol_free(&pol);
	/* many: the policy and one less than the cap */
	files[0] = (struct file){"/m", "include \"d/*\"\n"};
	for (unsigned i = 1; i < ST_POLICY_FILES + 1; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "/d/%u", i);
		files[i] = (struct file){paths[i], "\n"};
	}
	files[ST_POLICY_FILES] = (struct file){0};
	pol = load("/m", files, NULL, &diag);
	assert_non_null(pol);
	pol_free(&pol);
	files[ST_POLICY_FILES] = (struct file){"/d/last", "\n"};
	assert_refused(files, "/m:1:9: error: too many files: a policy has at most 1024\n");
	/* large */
	assert_non_null(half);
	memset(half, '\n', ST_POLICY_BYTES / 2 + 1);
	half[ST_POLICY_BYTES / 2 + 1] = '\0';
	files[0] = (struct file){"/m", "include a\ninclude b\n"};
	files[1] = (struct file){"/a", half};
	files[2] = (struct file){"/b", half};
	files[3] = (struct file){0};
	assert_refused(files, "/m:2:9: error: a policy has at most 4194304 bytes, with all that it includes\n");
	free(half);
	/* patterns that match nothing */
	for (unsigned i = 0; i < ST_POLICY_FILES + 2; i++)
		buf_printf(&patterns, "include \"d%u*\"\n", i);
	files[0] = (struct file){"/m", patterns.p};
	files[1] = (struct file){0};
	assert_refused(files, "/m:1025:9: error: too many patterns: a policy has at most 1024\n");
	patterns.p[patterns.n -= 2 * strlen("include \"d1024*\"\n")] = '\0';
	pol = load("/m", files, NULL, &diag);
	assert_non_null(pol);
	pol_free(&pol);
	buf_free(&patterns);
	buf_free(&diag);
}

static void
test_no_memory(void **state)
{
	unsigned refused = 0;
	bool done = false;

	(void)state;
	for (long n = 1; !done; n++) {
		struct buf diag = BUF_INIT;
		struct policy *pol;

		fail_at = n;
		pol = load("/etc/p/main", fleet, NULL, &diag);
		done = fail_at != 0;
		fail_at = 0;
		assert_true(!done || pol != NULL);
		refused += pol == NULL;
		pol_free(&pol);
		buf_free(&diag);
	}
	assert_true(refused > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_what_is_read),
	    cmocka_unit_test(test_one_text),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
