/* baseline_kit: see baseline_kit.h. */
#include "tests/unit/baseline_kit.h"

struct rtime
kit_at(int64_t day)
{
	return (struct rtime){.ms = day * KIT_DAY_MS + 3600000};
}

static const struct baseline_settings usual_settings = {.window = 30, .data = 14, .active = 10, .kept = true};

struct baseline *
kit_baseline(void)
{
	struct baseline *b = baseline_new(&usual_settings);

	assert_non_null(b);
	return b;
}

uint32_t
kit_note(struct baseline *b, enum usual_kind kind, const char *user, const char *value, int64_t day, uint32_t n)
{
	return baseline_note(b, &(struct usual_key){kind, user, value}, kit_at(day), n);
}

struct usual
kit_ask(const struct baseline *b, enum usual_kind kind, const char *user, const char *value, int64_t day)
{
	struct usual u;

	baseline_ask(b, &(struct usual_key){kind, user, value}, kit_at(day), &u);
	return u;
}

void
kit_log_in(struct baseline *b, const char *user, int64_t day)
{
	kit_note(b, USUAL_ACTIVE, "", "", day, 1);
	kit_note(b, USUAL_ACTIVE, user, "", day, 1);
}
