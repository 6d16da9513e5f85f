/* A request line of the control socket, and the arguments that its verbs take from it. */
#include <stdlib.h>
#include <string.h>

#include "agentd/engine/args.h"
#include "base/words.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static const char *const strings[] = {"verb", "id", "user", "session", "activity", "path", "reason"};
static const char *const numbers[] = {"since", "until", "limit", "id"};
static const char *const flags[] = {"follow", "all", "tree", "verbose"};

static void
take_all(const struct args *a)
{
	enum activity activity;
	int64_t n;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		const char *s = args_str(a, strings[i]);

		if (s != NULL)
			(void)activity_parse((struct bytes){.p = s, .n = strlen(s)}, &activity);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		n = 4711;
		if (!args_int(a, numbers[i], 42, &n))
			MUST(n == 4711); /* set only on success */
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		(void)args_flag(a, flags[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct args *a = args_parse((const char *)data, size);

	if (a != NULL)
		take_all(a);
	args_free(&a);
	MUST(a == NULL);
	return 0;
}
