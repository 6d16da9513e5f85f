/* answer: reading the objects that the daemon answers; what is missing is empty, never an error. */
#include "cli/client.h"

const json_t *
answer_get(const json_t *object, const char *path)
{
	char name[64];

	while (object != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		object = json_object_get(object, name);
		path += n + (path[n] == '.');
	}
	return object;
}

struct bytes
answer_str(const json_t *object, const char *path)
{
	const json_t *v = answer_get(object, path);

	if (!json_is_string(v))
		return BYTES_NONE;
	return (struct bytes){.p = json_string_value(v), .n = json_string_length(v)};
}

int64_t
answer_int(const json_t *object, const char *path)
{
	return json_integer_value(answer_get(object, path));
}

bool
answer_bool(const json_t *object, const char *path)
{
	return json_is_true(answer_get(object, path));
}

void
answer_time(const struct cli *cli, const json_t *object, const char *path, struct buf *out)
{
	struct bytes text = answer_str(object, path);
	const char *dot = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
	struct rtime t = RTIME_NONE;
	char plain[32];

	/* when_parse() knows no fractions of a second, and people need none. */
	if (dot != NULL && (size_t)(dot - text.p) + 2 < sizeof(plain)) {
		size_t n = (size_t)(dot - text.p);

		memcpy(plain, text.p, n);
		plain[n++] = 'Z';
		text = (struct bytes){.p = plain, .n = n};
	}
	if (!when_parse(text, RTIME_NONE, &t))
		t = RTIME_NONE;
	cli_time(cli, t, out);
}

void
answer_visible(const json_t *object, const char *path, struct buf *out)
{
	struct bytes text = answer_str(object, path);

	if (text.n == 0)
		buf_putc(out, '-');
	else
		buf_put_visible(out, text);
}

void
answer_endpoint(const json_t *object, const char *path, struct buf *out)
{
	const json_t *e = answer_get(object, path);
	int64_t port = answer_int(e, "port");

	answer_visible(e, "ip", out);
	if (port != 0)
		buf_printf(out, " port %lld", (long long)port);
}

void
answer_span(int64_t ms, struct buf *out)
{
	static const struct {
		int64_t s;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t left = ms > 0 ? (ms + 999) / 1000 : 0;
	int shown = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && shown < 2; i++) {
		int64_t n = left / units[i].s;

		left %= units[i].s;
		if (n != 0 || (shown == 0 && units[i].s == 1))
			buf_printf(out, "%lld%c", (long long)n, units[i].unit);
		if (n != 0 || shown != 0)
			shown++;
	}
}

void
answer_trial(const json_t *object, struct buf *out)
{
	const json_t *left = answer_get(object, "left_ms");

	if (!json_is_integer(left))
		return;
	buf_puts(out, ", audit again in ");
	answer_span(json_integer_value(left), out);
	buf_puts(out, " unless confirmed");
}

const json_t *
answer_item(const json_t *array, size_t i)
{
	return json_array_get(array, i);
}

const json_t *
answer_keep(const json_t *o)
{
	return json_incref((json_t *)(uintptr_t)o);
}

void
answer_drop(const json_t **o)
{
	json_decref((json_t *)(uintptr_t)*o);
	*o = NULL;
}
