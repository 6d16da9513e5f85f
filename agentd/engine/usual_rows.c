/* usual_rows: see usual_rows.h.  Pure. */
#include "agentd/engine/usual_rows.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agentd/engine/args.h"
#include "base/json.h"

#define DAY_S 86400

const char *
usual_day_str(int32_t day, char out[USUAL_DAY_STRLEN])
{
	const time_t at = (time_t)day * DAY_S;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL || strftime(out, USUAL_DAY_STRLEN, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(out, USUAL_DAY_STRLEN, "-");
	return out;
}

/* As it is printed, to the letter: 2026-02-30 is no day. */
bool
usual_day_parse(struct bytes text, int32_t *out)
{
	char copy[USUAL_DAY_STRLEN], again[USUAL_DAY_STRLEN];
	struct tm tm = {0};
	const char *end;
	int32_t day;

	if (!bytes_copy(text, copy, sizeof(copy)) || (end = strptime(copy, "%Y-%m-%d", &tm)) == NULL || *end != '\0')
		return false;
	day = (int32_t)(timegm(&tm) / DAY_S);
	if (strcmp(usual_day_str(day, again), copy) != 0)
		return false;
	*out = day;
	return true;
}

void
usual_line_put(const struct usual_row *row, struct buf *out)
{
	char day[USUAL_DAY_STRLEN];
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "kind", usual_name(row->key.kind));
	json_kstr(&j, "user", row->key.user);
	json_kstr(&j, "value", row->key.value);
	json_kstr(&j, "day", usual_day_str(row->day, day));
	json_kuint(&j, "count", row->count);
	json_end(&j, '}');
	buf_putc(out, '\n');
}

/* --- reading: what a value of each kind is ----------------------------------------------------------- */

static bool
is_nothing(struct bytes text)
{
	return text.n == 0;
}

static bool
is_text(struct bytes text)
{
	return text.n > 0;
}

static bool
is_number(struct bytes text)
{
	uint64_t n;

	return bytes_u64(text, &n);
}

static bool
is_hour(struct bytes text)
{
	uint64_t n;

	return bytes_u64(text, &n) && n < 7 * 24;
}

static bool
is_network(struct bytes text)
{
	struct prefix p;

	return prefix_parse(text, &p);
}

static const struct {
	bool (*is)(struct bytes);
	const char *wrong;
} values[USUAL_COUNT] = {
	[USUAL_ACTIVE] = {is_nothing, "days of activity have no value"},
	[USUAL_ORIGIN] = {is_network, "the value of an origin is a network: 192.0.2.0/24"},
	[USUAL_KEY] = {is_text, "a key without its fingerprint"},
	[USUAL_DESTINATION] = {is_text, "a destination without its address"},
	[USUAL_PAIR] = {is_text, "a pair of hosts without their addresses"},
	[USUAL_HOUR] = {is_hour, "the value of an hour is one of the week: 0 to 167"},
	[USUAL_DURATION] = {is_number, "the value of a duration is a number"},
	[USUAL_VOLUME] = {is_number, "the value of a volume is a number"},
	[USUAL_SESSIONS] = {is_number, "the value of sessions is a number"},
	[USUAL_NETWORKS] = {is_number, "the value of networks is a number"},
};

/* Absent: empty.  False: of another type, or too long. */
static bool
take_text(const struct args *args, const char *key, char out[ST_USUAL_TEXT])
{
	const char *text = args_str(args, key);

	out[0] = '\0';
	return text != NULL ? bytes_copy(bytes_of(text), out, ST_USUAL_TEXT) : !args_has(args, key);
}

/* NULL, or what is wrong. */
static const char *
read_row(const struct args *args, int32_t latest, struct usual_line *l)
{
	const char *kind = args_str(args, "kind"), *day = args_str(args, "day");
	int64_t count;

	if (kind == NULL || !usual_parse(bytes_of(kind), &l->row.key.kind))
		return "no kind of row that is known here";
	if (values[l->row.key.kind].is == NULL)
		return "what was told stays with its host";
	if (!take_text(args, "user", l->user) || !take_text(args, "value", l->value))
		return "user and value are strings of less than 160 bytes";
	if (!values[l->row.key.kind].is(bytes_of(l->value)))
		return values[l->row.key.kind].wrong;
	if (day == NULL || !usual_day_parse(bytes_of(day), &l->row.day))
		return "the day is a date: 2026-11-20";
	if (l->row.day > latest)
		return "that day is yet to come";
	if (!args_int(args, "count", 0, &count) || count < 1 || count > UINT32_MAX)
		return "the count is a number from 1 on";
	l->row.count = (uint32_t)count;
	return NULL;
}

enum usual_said
usual_line_get(struct bytes line, int32_t latest, struct usual_line *out, const char **why)
{
	struct args *args = args_parse(line.p, line.n);
	enum usual_said said = USUAL_ROW;
	int64_t format;

	*why = NULL;
	if (args == NULL)
		*why = "not a JSON object";
	else if (!args_int(args, "baseline", 0, &format) || (format != 0 && format != USUAL_FORMAT))
		*why = "of another version of sshtether";
	else if (format != 0)
		said = USUAL_HEAD;
	else
		*why = read_row(args, latest, out);
	args_free(&args);
	out->row.key.user = out->user;
	out->row.key.value = out->value;
	return *why != NULL ? USUAL_WRONG : said;
}

/* --- from elsewhere ---------------------------------------------------------------------------------- */

/* What is too old, or finds no room, changes nothing. */
bool
usual_raise(struct baseline *b, const struct usual_row *row)
{
	const uint32_t was = baseline_count(b, &row->key, row->day);
	struct usual_row more = *row;

	if (was >= row->count)
		return false;
	more.count = row->count - was;
	baseline_add(b, &more);
	return baseline_count(b, &row->key, row->day) != was;
}
