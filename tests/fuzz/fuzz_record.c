/* fuzz_record: one line, as text and as a netlink payload; every field, raw and decoded. */
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/record.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static bool
lies_in(struct bytes part, struct bytes whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
check_decoded(const struct field *f)
{
	static char out[ST_RECORD_MAX];
	size_t n;

	if (field_decode(f, out, f->value.n, &n))
		MUST(n <= f->value.n);
	else
		MUST(n == f->value.n && (n == 0 || memcmp(out, f->value.p, n) == 0));
	if (field_decode(f, out, f->value.n / 2, &n))
		MUST(n <= f->value.n / 2);
}

static void
check_fields(struct bytes body)
{
	struct field_iter it;
	struct field f;
	const char *at = body.p;
	bool tail = false;

	field_iter_init(&it, body);
	while (field_next(&it, &f)) {
		MUST(f.name.n > 0 && lies_in(f.name, body) && lies_in(f.value, body));
		MUST(memchr(f.name.p, '=', f.name.n) == NULL && memchr(f.name.p, ' ', f.name.n) == NULL);
		MUST(f.name.p >= at && f.enriched >= tail);
		at = f.value.p + f.value.n;
		tail = f.enriched;
		check_decoded(&f);
		if (f.quote == '\'')
			check_fields(f.value);
	}
	MUST(!field_next(&it, &f));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes line = {.p = (const char *)data, .n = n};
	struct record r;

	if (record_parse(line, &r) == RECORD_OK) {
		MUST(lies_in(r.body, line) && lies_in(r.node, line) && lies_in(r.type_name, line));
		MUST(r.type_name.n > 0 && r.time.ms >= 0);
		check_fields(r.body);
	}
	if (record_parse_netlink(1300, line, &r) == RECORD_OK)
		check_fields(r.body);
	if (n <= ST_RECORD_MAX)
		check_fields(line);
	return 0;
}
