/* record: header, fields, encodings, on real lines; and the scanner against its portable form. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/record.h"
#include "agentd/audit/scan.h"

#define SYSCALL_LINE \
	"type=SYSCALL msg=audit(1795303531.254:165): arch=c000003e syscall=42 success=no exit=-2 " \
	"a0=5 a1=7f54d55b2a00 a2=6e a3=0 items=1 ppid=15668 pid=24988 auid=1001 uid=0 gid=0 euid=0 " \
	"suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4 comm=\"sshd\" exe=\"/usr/sbin/sshd\" " \
	"key=\"sp_conn\"%sARCH=x86_64 SYSCALL=connect AUID=\"alice\" UID=\"root\""
#define USER_LINE \
	"type=USER_START msg=audit(1795303531.262:179): pid=24988 uid=0 auid=1001 ses=4 " \
	"msg='op=PAM:session_open grantors=pam_selinux,pam_env acct=\"%s\" exe=\"/usr/sbin/sshd\" " \
	"hostname=127.0.0.1 addr=127.0.0.1 terminal=ssh res=success'%sUID=\"root\" AUID=\"%s\""

static void
expect_bytes(struct bytes b, const char *s)
{
	assert_int_equal(b.n, strlen(s));
	if (b.n > 0)
		assert_memory_equal(b.p, s, b.n);
}

/* The line lives in an allocation of exactly its size, so that a sanitizer sees any step beyond it. */
static struct record
parsed(const char *line, char **memory)
{
	size_t n = strlen(line);
	struct record r;

	*memory = malloc(n);
	assert_non_null(*memory);
	memcpy(*memory, line, n);
	assert_int_equal(record_parse((struct bytes){.p = *memory, .n = n}, &r), RECORD_OK);
	return r;
}

static void
expect_field(struct record r, const char *name, const char *value, char quote)
{
	struct field f;

	if (!field_find(r.body, name, &f))
		fail_msg("no field %s", name);
	expect_bytes(f.value, value);
	assert_int_equal(f.quote, quote);
}

static void
expect_tail(struct record r, const char *name, const char *value)
{
	struct field_iter it;
	struct field f;

	field_iter_init(&it, r.body);
	while (field_next(&it, &f))
		if (f.enriched && bytes_is(f.name, name)) {
			expect_bytes(f.value, value);
			return;
		}
	fail_msg("no enriched field %s", name);
}

static void
header_is_taken_apart(void **state)
{
	char line[1024], *memory;

	(void)state;
	snprintf(line, sizeof(line), "node=bastion " SYSCALL_LINE "\r\n", "\x1d");
	struct record r = parsed(line, &memory);

	assert_int_equal(r.type, AUDIT_SYSCALL);
	expect_bytes(r.type_name, "SYSCALL");
	expect_bytes(r.node, "bastion");
	assert_int_equal(r.serial, 165);
	assert_int_equal(r.time.ms, 1795303531254);
	assert_true(bytes_starts(r.body, BYTES_LIT("arch=c000003e ")));
	assert_true(bytes_ends(r.body, BYTES_LIT("UID=\"root\"")));
	free(memory);
}

static void
end_of_event_has_no_body(void **state)
{
	char *memory;

	(void)state;
	struct record r = parsed("type=EOE msg=audit(1795310085.330:292): ", &memory);

	assert_int_equal(r.type, AUDIT_EOE);
	assert_int_equal(r.body.n, 0);
	free(memory);
}

static void
netlink_brings_its_type_along(void **state)
{
	struct bytes b = BYTES_LIT("audit(1795310085.298:290): saddr=100000000000000000000000\0");
	struct record r;

	(void)state;
	assert_int_equal(record_parse_netlink(AUDIT_SOCKADDR, b, &r), RECORD_OK);
	assert_int_equal(r.type, AUDIT_SOCKADDR);
	assert_int_equal(r.type_name.n, 0);
	assert_int_equal(r.serial, 290);
	expect_bytes(r.body, "saddr=100000000000000000000000");
	assert_int_equal(record_parse_netlink(AUDIT_SOCKADDR, BYTES_LIT("saddr=10"), &r),
	    RECORD_BAD_HEADER);
	assert_int_equal(record_parse_netlink(AUDIT_SOCKADDR, BYTES_NONE, &r), RECORD_EMPTY);
}

static void
malformed_lines_have_their_reasons(void **state)
{
	static char longest[ST_RECORD_MAX + 1];
	static const struct {
		const char *line;
		enum record_error error;
	} cases[] = {
		{"", RECORD_EMPTY},
		{" \r", RECORD_EMPTY},
		{"node=a", RECORD_NO_TYPE},
		{"hello", RECORD_NO_TYPE},
		{"type= msg=audit(1.000:1): ", RECORD_NO_TYPE},
		{"type=PATH", RECORD_NO_HEADER},
		{"type=PATH item=0", RECORD_NO_HEADER},
		{"type=PATH msg=audit(", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(1.000:1", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(.000:1): ", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(1.1000:1): ", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(1.000:): ", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(-1.000:1): ", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(99999999999999999999.000:1): ", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(1.000:99999999999999999999): ", RECORD_BAD_HEADER},
		{"type=PATH msg=audit(1.000:9223372036854775807): ", RECORD_OK},
		{"type=PATH msg=audit(1.000:1):", RECORD_OK},
	};
	struct record r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum record_error e = record_parse(bytes_of(cases[i].line), &r);

		if (e != cases[i].error)
			fail_msg("%s: error %d, not %d", cases[i].line, (int)e, (int)cases[i].error);
	}
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(record_parse((struct bytes){.p = longest, .n = sizeof(longest)}, &r),
	    RECORD_TOO_LONG);
}

static void
enriched_tail_is_told_apart(void **state)
{
	static const char *const separators[] = {"\x1d", ""}; /* auditd's; stripped by a shipper */

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char line[1024], *memory;
		struct field f;

		snprintf(line, sizeof(line), SYSCALL_LINE, separators[i]);
		struct record r = parsed(line, &memory);

		expect_field(r, "comm", "sshd", '"');
		expect_field(r, "key", "sp_conn", '"');
		expect_field(r, "exit", "-2", 0);
		expect_field(r, "tty", "(none)", 0);
		assert_false(field_find(r.body, "ARCH", &f));
		expect_tail(r, "ARCH", "x86_64");
		expect_tail(r, "AUID", "alice");
		free(memory);
	}
}

static void
stripped_tail_behind_an_unquoted_value(void **state)
{
	static const struct {
		const char *line, *name, *value, *tail, *tail_value;
	} cases[] = {
		{"type=LOGIN msg=audit(1.000:1): ses=4 res=1UID=\"root\" OLD-AUID=\"unset\"",
		    "res", "1", "UID", "root"},
		{"type=SYSCALL msg=audit(1.000:1): key=(null)ARCH=x86_64 SYSCALL=write",
		    "key", "(null)", "ARCH", "x86_64"},
		{"type=SOCKADDR msg=audit(1.000:1): saddr=01AASADDR={ saddr_fam=local path=/dev/log }",
		    "saddr", "01AA", "path", "/dev/log"},
		{"type=PATH msg=audit(1.000:1): cap_frootid=0OUID=\"root\" OGID=\"root\"",
		    "cap_frootid", "0", "OGID", "root"},
		{"type=CONFIG_CHANGE msg=audit(1.000:1): list=4 res=1AUID=\"unset\"",
		    "res", "1", "AUID", "unset"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *memory;
		struct record r = parsed(cases[i].line, &memory);

		expect_field(r, cases[i].name, cases[i].value, 0);
		expect_tail(r, cases[i].tail, cases[i].tail_value);
		free(memory);
	}
}

static void
user_message_ends_at_its_last_apostrophe(void **state)
{
	static const char *const separators[] = {"\x1d", ""};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char line[1024], *memory;
		struct field f;

		snprintf(line, sizeof(line), USER_LINE, "o'brien", separators[i], "o'brien");
		struct record r = parsed(line, &memory);

		assert_true(field_find(r.body, "msg", &f));
		assert_int_equal(f.quote, '\'');
		assert_true(bytes_ends(f.value, BYTES_LIT("terminal=ssh res=success")));

		struct record inner = {.body = f.value};

		expect_field(inner, "acct", "o'brien", '"');
		expect_field(inner, "res", "success", 0);
		expect_tail(r, "AUID", "o'brien");
		free(memory);
	}
}

static void
odd_fields(void **state)
{
	static const struct {
		const char *body, *name, *value;
		char quote;
	} cases[] = {
		{"avc:  denied  { read } for  pid=1 comm=\"x\"", "pid", "1", 0},
		{"subj==unconfined", "subj", "=unconfined", 0},
		{"op=a=b c=d", "op", "a=b", 0},
		{"op=a=b c=d", "c", "d", 0},
		{"comm=\"cut off", "comm", "\"cut", 0},
		{"a= b=1", "a", "", 0},
		{"a= b=1", "b", "1", 0},
		{"=x b=1", "b", "1", 0},
		{"a=\"\" b=1", "a", "", '"'},
		{"msg=plain b=1", "msg", "plain", 0},
		{"msg='never closed b=1", "msg", "never closed b=1", '\''},
		{"msg='a=1\x1d b=2' c=3'\x1dUID=\"o'Brien\"", "msg", "a=1\x1d b=2' c=3", '\''},
		{"msg='a=1' b=2'UID=\"x\"", "msg", "a=1' b=2", '\''},
		{"msg='cut\x1d ses=7", "msg", "cut\x1d ses=7", '\''},
		{"msg='", "msg", "", '\''},
		{"msg=''", "msg", "", '\''},
		{"name='single' b=1", "name", "'single'", 0},
		{"b=1", "b", "1", 0},
		{"b=", "b", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record r = {.body = bytes_of(cases[i].body)};

		expect_field(r, cases[i].name, cases[i].value, cases[i].quote);
	}
}

static void
values_are_decoded(void **state)
{
	static const struct {
		const char *body, *value;
		bool known;
	} cases[] = {
		{"comm=\"sshd\"", "sshd", true},
		{"comm=\"6162\"", "6162", true},
		{"comm=6162", "ab", true},
		{"comm=6f27C3A9", "o'\xc3\xa9", true},
		{"comm=(null)", "", true},
		{"tty=(none)", "", true},
		{"comm=abc", "abc", false},
		{"comm=pts0", "pts0", false},
		{"comm=", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct field_iter it;
		struct field f;
		char out[64];
		size_t n = 999;

		field_iter_init(&it, bytes_of(cases[i].body));
		assert_true(field_next(&it, &f));
		assert_int_equal(field_decode(&f, out, sizeof(out), &n), cases[i].known);
		expect_bytes((struct bytes){.p = out, .n = n}, cases[i].value);
	}
}

static void
types_are_those_of_libaudit(void **state)
{
	unsigned known = 0;

	(void)state;
	for (int type = 1000; type < 3000; type++) {
		const char *name = audit_msg_type_to_name(type);

		if (name == NULL)
			continue;
		known++;
		assert_int_equal(record_type(bytes_of(name)), type);
		assert_string_equal(record_type_name((uint16_t)type), name);
	}
	assert_true(known > 150);
	assert_int_equal(record_type(BYTES_LIT("UNKNOWN[1336]")), 1336);
	assert_int_equal(record_type(BYTES_LIT("UNKNOWN[]")), 0);
	assert_int_equal(record_type(BYTES_LIT("UNKNOWN[99999]")), 0);
	assert_int_equal(record_type(BYTES_LIT("UNKNOWN[")), 0);
	assert_int_equal(record_type(BYTES_LIT("")), 0);
	assert_int_equal(record_type(BYTES_LIT("SYSCAL")), 0);
	assert_null(record_type_name(0));
}

/* Every length and place of a hit around the width of a vector; what follows the text is a hit. */
static void
scanner_agrees_with_its_portable_form(void **state)
{
	static const char alphabet[] = "= \x1d\"'a\xff\x9d";
	unsigned seed = 1;

	(void)state;
	for (size_t n = 0; n < 80; n++)
		for (unsigned round = 0; round < 200; round++) {
			char *p = malloc(n + 1), *end = p + n;

			assert_non_null(p);
			for (size_t i = 0; i < n; i++) {
				seed = seed * 1103515245u + 12345u;
				p[i] = (seed >> 16) % 16 == 0 ? alphabet[(seed >> 20) % 8] : 'b';
			}
			*end = '=';
			assert_ptr_equal(scan_delimiter(p, end), scan_delimiter_portable(p, end));
			assert_ptr_equal(scan_byte(p, end, '"'), scan_byte_portable(p, end, '"'));
			free(p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_taken_apart),
		cmocka_unit_test(end_of_event_has_no_body),
		cmocka_unit_test(netlink_brings_its_type_along),
		cmocka_unit_test(malformed_lines_have_their_reasons),
		cmocka_unit_test(enriched_tail_is_told_apart),
		cmocka_unit_test(stripped_tail_behind_an_unquoted_value),
		cmocka_unit_test(user_message_ends_at_its_last_apostrophe),
		cmocka_unit_test(odd_fields),
		cmocka_unit_test(values_are_decoded),
		cmocka_unit_test(types_are_those_of_libaudit),
		cmocka_unit_test(scanner_agrees_with_its_portable_form),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
