/* bytes, buf, utf8, json: text that is hostile, numbers at their edges, allocation that fails. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

void *__real_realloc(void *, size_t);
void *__wrap_realloc(void *, size_t);

static int allocations_left = -1;

void *
__wrap_realloc(void *p, size_t n)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return __real_realloc(p, n);
}

static void
numbers(void **state)
{
	uint64_t u;
	int64_t i;

	(void)state;
	assert_true(bytes_u64(BYTES_LIT("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(bytes_u64(BYTES_LIT("18446744073709551616"), &u));
	assert_false(bytes_u64(BYTES_LIT(""), &u));
	assert_false(bytes_u64(BYTES_LIT("+1"), &u));
	assert_false(bytes_u64(BYTES_LIT("1 "), &u));
	assert_true(bytes_i64(BYTES_LIT("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_true(bytes_i64(BYTES_LIT("9223372036854775807"), &i) && i == INT64_MAX);
	assert_false(bytes_i64(BYTES_LIT("9223372036854775808"), &i));
	assert_false(bytes_i64(BYTES_LIT("-"), &i));
	assert_true(bytes_hex64(BYTES_LIT("FFffFFffFFffFFff"), &u) && u == UINT64_MAX);
	assert_false(bytes_hex64(BYTES_LIT("10000000000000000"), &u));
	assert_false(bytes_hex64(BYTES_LIT("0x1"), &u));
}

static void
hex(void **state)
{
	char out[4];
	size_t n;

	(void)state;
	assert_true(bytes_unhex(BYTES_LIT("00aBFF"), out, sizeof(out), &n));
	assert_int_equal(n, 3);
	assert_memory_equal(out, "\0\xab\xff", 3);
	assert_false(bytes_unhex(BYTES_LIT("abc"), out, sizeof(out), &n));
	assert_false(bytes_unhex(BYTES_LIT("zz"), out, sizeof(out), &n));
	assert_false(bytes_unhex(BYTES_LIT("0011223344"), out, sizeof(out), &n));
}

static void
slices(void **state)
{
	struct bytes rest;
	char out[4];

	(void)state;
	assert_true(bytes_is(bytes_basename(BYTES_LIT("/usr/bin/ssh")), "ssh"));
	assert_true(bytes_is(bytes_basename(BYTES_LIT("ssh")), "ssh"));
	assert_int_equal(bytes_basename(BYTES_LIT("/usr/")).n, 0);
	assert_int_equal(bytes_basename(BYTES_NONE).n, 0);
	rest = BYTES_LIT("a,,b");
	assert_true(bytes_is(bytes_take(&rest, ','), "a"));
	assert_int_equal(bytes_take(&rest, ',').n, 0);
	assert_true(bytes_is(bytes_take(&rest, ','), "b"));
	assert_int_equal(rest.n, 0);
	assert_int_equal(bytes_take(&rest, ',').n, 0);
	assert_true(bytes_is(bytes_unmarked(BYTES_LIT("\xef\xbb\xbf\xef")), "\xef"));
	assert_true(bytes_is(bytes_unmarked(BYTES_LIT("\xef\xbb")), "\xef\xbb"));
	assert_int_equal(bytes_unmarked(BYTES_NONE).n, 0);
	assert_true(bytes_is(bytes_trim(BYTES_LIT(" \ta b\r")), "a b"));
	assert_int_equal(bytes_trim(BYTES_LIT(" \t")).n, 0);
	assert_int_equal(bytes_trim(BYTES_NONE).n, 0);
	assert_true(bytes_copy(BYTES_LIT("abc"), out, sizeof(out)));
	assert_false(bytes_copy(BYTES_LIT("abcd"), out, sizeof(out)));
	assert_string_equal(out, "abc");
	assert_false(bytes_copy(BYTES_LIT("a\0b"), out, sizeof(out)));
	assert_true(bytes_copy(BYTES_NONE, out, sizeof(out)));
	assert_true(bytes_starts(BYTES_LIT("abc"), BYTES_LIT("ab")));
	assert_false(bytes_starts(BYTES_LIT("a"), BYTES_LIT("ab")));
	assert_true(bytes_ends(BYTES_LIT("abc"), BYTES_LIT("bc")));
	assert_int_equal(bytes_hash(BYTES_LIT("abcdefgh")), bytes_hash(BYTES_LIT("abcdefgh")));
	assert_int_not_equal(bytes_hash(BYTES_LIT("abcdefgh")), bytes_hash(BYTES_LIT("abcdefg")));
}

static void
utf8(void **state)
{
	uint32_t c;

	(void)state;
	assert_int_equal(utf8_next(BYTES_LIT("\xe2\x82\xac"), &c), 3);
	assert_int_equal(c, 0x20ac);
	assert_int_equal(utf8_next(BYTES_LIT("\xf0\x9f\x94\x91"), &c), 4);
	assert_int_equal(utf8_next(BYTES_LIT("\xc0\x80"), &c), 0);         /* overlong */
	assert_int_equal(utf8_next(BYTES_LIT("\xed\xa0\x80"), &c), 0);     /* surrogate */
	assert_int_equal(utf8_next(BYTES_LIT("\xf4\x90\x80\x80"), &c), 0); /* beyond Unicode */
	assert_int_equal(utf8_next(BYTES_LIT("\xe2\x82"), &c), 0);         /* cut */
	assert_int_equal(utf8_next(BYTES_LIT("\xff"), &c), 0);
	assert_int_equal(utf8_next(BYTES_NONE, &c), 0);
}

static void
visible(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_put_visible(&b, BYTES_LIT("a\x1b[31m\n\\\xff\xc3\xa9\xc2\x85\xe2\x80\xae"));
	assert_string_equal(b.p, "a\\x1b[31m\\x0a\\\\\\xff\xc3\xa9\\xc2\\x85\\xe2\\x80\\xae");
	buf_free(&b);
	assert_null(b.p);
}

static void
json_line(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_object(&j);
	json_kstr(&j, "a", "x\"\\\n\x01");
	json_kbytes(&j, "raw", BYTES_LIT("\xff|\0|\x7f"));
	json_kstr(&j, "absent", NULL);
	json_karray(&j, "list");
	json_int(&j, -1);
	json_uint(&j, UINT64_MAX);
	json_object(&j);
	json_end(&j, '}');
	json_end(&j, ']');
	json_kbool(&j, "t", true);
	json_end(&j, '}');
	assert_string_equal(b.p,
	    "{\"a\":\"x\\\"\\\\\\n\\u0001\",\"raw\":\"\xef\xbf\xbd|\\u0000|\\u007f\","
	    "\"list\":[-1,18446744073709551615,{}],\"t\":true}");
	buf_free(&b);
}

static void
memory_fails(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "kept");
	allocations_left = 0;
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "0123456789");
	allocations_left = -1;
	assert_false(buf_ok(&b));
	assert_memory_equal(b.p, "kept", 4);
	buf_puts(&b, "ignored");
	assert_false(buf_ok(&b));
	buf_reset(&b);
	buf_printf(&b, "%d %s", 7, "again");
	assert_true(buf_ok(&b));
	assert_string_equal(b.p, "7 again");
	buf_free(&b);
}

static void
an_array_grows_up_to_its_cap_and_no_further(void **state)
{
	size_t room = 0, n = 0;
	uint32_t *list = NULL, *wide;

	(void)state;
	while ((wide = array_grow(list, n, &room, sizeof(*list), 100)) != NULL) {
		list = wide;
		list[n] = (uint32_t)n;
		n++;
	}
	assert_int_equal(n, 100);
	assert_int_equal(room, 100);
	assert_int_equal(list[99], 99);
	free(list);
	room = 0;
	assert_null(array_grow(NULL, 0, &room, sizeof(*list), 0));
	assert_int_equal(room, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_array_grows_up_to_its_cap_and_no_further),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(hex),
	    cmocka_unit_test(slices),
	    cmocka_unit_test(utf8),
	    cmocka_unit_test(visible),
	    cmocka_unit_test(json_line),
	    cmocka_unit_test(memory_fails),
	};

	return cmocka_run_group_tests_name("base_text", tests, NULL, NULL);
}
