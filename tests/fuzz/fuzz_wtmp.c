/* A wtmp: entries in any pieces.  What is taken for one is whole text, and each byte is told of once. */
#include <stdlib.h>
#include <string.h>

#include "cli/wtmp.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static void
check(const struct wtmp *w)
{
	MUST(strlen(w->line) < sizeof(w->line) && strlen(w->user) < sizeof(w->user) && strlen(w->host) < sizeof(w->host));
	MUST(w->from.family == 0 || w->from.family == 4 || w->from.family == 6);
	MUST(w->kind != WTMP_LOGIN || (w->user[0] != '\0' && w->line[0] != '\0'));
	MUST(w->kind != WTMP_LOGOUT || w->line[0] != '\0');
	MUST(w->time.ms > 0);
	for (const char *p = w->user; *p != '\0'; p++)
		MUST((unsigned char)*p >= ' ' && *p != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct wtmp w;

	if (wtmp_is(p, size))
		MUST(wtmp_parse(p, &w));
	for (size_t at = 0; size - at >= WTMP_ENTRY; at += WTMP_ENTRY)
		if (wtmp_parse(p + at, &w))
			check(&w);
	return 0;
}
