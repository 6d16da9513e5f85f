/* wire: SSH's data types, each cut at each length, and what is odd about texts and numbers. */
#include "tests/unit/unit.h"

#include "base/wire.h"

static void
whole_or_nothing(void **state)
{
	static const char raw[] = "\x07\x00\x00\x00\x2a\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x02hi";
	const size_t whole = sizeof(raw) - 1;

	(void)state;
	for (size_t n = 0; n <= whole; n++) {
		struct bytes w = {.p = raw, .n = n}, s;
		uint8_t small = 0;
		uint32_t middle = 0;
		uint64_t large = 0;

		assert_int_equal(wire_u8(&w, &small), n >= 1);
		if (n < 1)
			continue;
		assert_int_equal(wire_u32(&w, &middle), n >= 5);
		if (n < 5)
			continue;
		assert_int_equal(wire_u64(&w, &large), n >= 13);
		if (n < 13)
			continue;
		assert_int_equal(wire_string(&w, &s), n == whole);
		assert_int_equal(w.n, n == whole ? 0 : n - 13);
		assert_true(small == 7 && middle == 42 && large == 0x0102030405060708);
		if (n == whole)
			assert_true(bytes_is(s, "hi"));
	}
}

static void
texts(void **state)
{
	struct bytes plain = BYTES_LIT("\0\0\0\2hi"), ended = BYTES_LIT("\0\0\0\3hi\0"), inside = BYTES_LIT("\0\0\0\3h\0i");
	struct bytes empty = BYTES_LIT("\0\0\0\0"), s;

	(void)state;
	assert_true(wire_text(&plain, &s) && bytes_is(s, "hi") && plain.n == 0);
	assert_true(wire_text(&ended, &s) && bytes_is(s, "hi") && ended.n == 0);
	assert_false(wire_text(&inside, &s));
	assert_int_equal(inside.n, 7);
	assert_true(wire_text(&empty, &s) && s.n == 0);
}

static void
numbers(void **state)
{
	struct bytes zeros = BYTES_LIT("\0\0\0\4\0\0\x80\x01"), zero = BYTES_LIT("\0\0\0\1\0"), none = BYTES_LIT("\0\0\0\0");
	struct bytes negative = BYTES_LIT("\0\0\0\1\x80"), s;

	(void)state;
	assert_true(wire_number(&zeros, &s) && s.n == 2 && zeros.n == 0);
	assert_true(wire_number(&zero, &s) && s.n == 0 && zero.n == 0);
	assert_true(wire_number(&none, &s) && s.n == 0 && none.n == 0);
	assert_false(wire_number(&negative, &s));
	assert_int_equal(negative.n, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_or_nothing),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
