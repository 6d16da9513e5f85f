/*
 * The Community ID of TCP flows, against the vectors that the specification and its
 * implementations publish.
 */
#include "agentd/sink/alert.h"
#include "tests/unit/unit.h"

static struct endpoint
end(const char *ip, uint16_t port)
{
	struct endpoint e = {.port = port};

	assert_true(addr_parse(bytes_of(ip), &e.addr));
	return e;
}

static void
published(void **state)
{
	static const struct {
		const char *a, *b, *id;
		uint16_t a_port, b_port;
	} vectors[] = {
		{"128.232.110.120", "66.35.250.204", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 34855, 80},
		{"1.2.3.4", "5.6.7.8", "1:wCb3OG7yAFWelaUydu0D+125CLM=", 1122, 3344},
		{"2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a",
		    "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", 63943, 25},
	};
	char id[64];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct endpoint a = end(vectors[i].a, vectors[i].a_port);
		struct endpoint b = end(vectors[i].b, vectors[i].b_port);

		community_id(a, b, id);
		assert_string_equal(id, vectors[i].id);
		community_id(b, a, id);
		assert_string_equal(id, vectors[i].id);
	}
}

static void
same_address_is_ordered_by_port(void **state)
{
	char one[64], two[64];

	(void)state;
	community_id(end("127.0.0.1", 22), end("127.0.0.1", 40000), one);
	community_id(end("127.0.0.1", 40000), end("127.0.0.1", 22), two);
	assert_string_equal(one, two);
	assert_int_equal(strlen(one), 30);
}

static void
no_flow_no_name(void **state)
{
	char id[64];

	(void)state;
	community_id(end("1.2.3.4", 22), (struct endpoint){0}, id);
	assert_string_equal(id, "");
	community_id(end("1.2.3.4", 22), end("::1", 22), id);
	assert_string_equal(id, "");
	community_id(end("1.2.3.4", 0), end("1.2.3.5", 22), id);
	assert_string_equal(id, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(same_address_is_ordered_by_port),
		cmocka_unit_test(no_flow_no_name),
	};

	return cmocka_run_group_tests_name("community", tests, NULL, NULL);
}
