/*
 * usual: what the detectors of the unusual share: who is judged at all, what the baseline says of him, one telling
 * a day of the same thing, and how sure a finding is when something speaks for or against it.  Pure.
 */
#include <stdio.h>

#include "agentd/baseline/baseline.h"
#include "agentd/detect/detector.h"

#define DAY_MS (24 * 3600 * 1000LL)

bool
detect_judges(const struct detect *d, const struct session *s)
{
	return detect_baseline(d) != NULL && s->ssh && !s->turned_away && s->user[0] != '\0' && detect_is_learned(d, s);
}

bool
detect_usual(const struct detect *d, const struct session *s, enum usual_kind kind, const char *value,
    struct rtime when, struct usual *out)
{
	const struct usual_key key = {.kind = kind, .user = s->user, .value = value};

	if (!detect_judges(d, s))
		return false;
	baseline_ask(detect_baseline(d), &key, when, out);
	return out->ready;
}

static void
told_as(enum activity a, const char *subject, char out[ST_USUAL_TEXT])
{
	(void)snprintf(out, ST_USUAL_TEXT, "%s %s", activity_info(a)->name, subject);
}

bool
detect_told(const struct detect *d, const char *user, enum activity a, const char *subject, int32_t day)
{
	char value[ST_USUAL_TEXT];
	const struct usual_key key = {.kind = USUAL_TOLD, .user = user, .value = value};

	told_as(a, subject, value);
	return baseline_count(detect_baseline(d), &key, day) > 0;
}

/* By anybody of this host: rows of the user "". */
struct usual
detect_usual_here(const struct detect *d, enum usual_kind kind, const char *value, struct rtime when)
{
	const struct usual_key key = {.kind = kind, .user = "", .value = value};
	struct usual u;

	baseline_ask(detect_baseline(d), &key, when, &u);
	return u;
}

/* Of what was told that day, this time included; 0: there is no room to remember it. */
static uint32_t
note_told(struct baseline *b, const struct usual_key *key, struct rtime when, struct usual *u)
{
	(void)baseline_note(b, key, when, 1);
	baseline_ask(b, key, when, u);
	return u->today;
}

/* On the last day before on which it was told: that once, and those that were folded. */
static uint32_t
told_then(const struct baseline *b, const struct usual_key *key, const struct usual *u)
{
	struct usual then;

	if (u->days == 0)
		return 1;
	baseline_ask(b, key, (struct rtime){.ms = u->last * DAY_MS}, &then);
	return then.today;
}

void
finding_daily(struct detect *d, struct finding *f, const char *subject)
{
	char value[ST_USUAL_TEXT];
	const struct usual_key key = {.kind = USUAL_TOLD, .user = f->session->user, .value = value};
	struct baseline *b = detect_baseline(d);
	struct usual u = {.today = 0};
	uint32_t today = 0;

	told_as(f->activity, subject, value);
	if (b != NULL)
		today = note_told(b, &key, f->time, &u);
	if (today == 0) {
		finding_fold(d, f, bytes_hash(bytes_of(f->session->user)) ^ hash_u64(bytes_hash(bytes_of(value))), DAY_MS);
		return;
	}
	f->again = today > 1;
	if (!f->again)
		f->count = told_then(b, &key, &u);
}

enum confidence
confidence_step(enum confidence c, int by)
{
	const int n = (int)c + by;

	return n < CONFIDENCE_LOW ? CONFIDENCE_LOW : n > CONFIDENCE_HIGH ? CONFIDENCE_HIGH : (enum confidence)n;
}
