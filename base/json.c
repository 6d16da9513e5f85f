/* json: see json.h. */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>

#include "base/utf8.h"

void
json_init(struct json *j, struct buf *out)
{
	*j = (struct json){.out = out};
}

/* The comma before a member or an element. */
static void
separate(struct json *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->filled >> j->depth & 1)
		buf_putc(j->out, ',');
	j->filled |= 1u << j->depth;
}

static void
begin(struct json *j, char open)
{
	assert(j->depth + 1 < JSON_DEPTH_MAX);
	separate(j);
	buf_putc(j->out, open);
	j->depth++;
	j->filled &= ~(1u << j->depth);
}

void
json_object(struct json *j)
{
	begin(j, '{');
}

void
json_array(struct json *j)
{
	begin(j, '[');
}

void
json_end(struct json *j, char close)
{
	assert(j->depth > 0);
	j->depth--;
	buf_putc(j->out, close);
}

static void
put_string(struct buf *out, struct bytes s)
{
	static const char *const escape[0x20] = {
	    ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};

	buf_putc(out, '"');
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_next((struct bytes){.p = s.p + i, .n = s.n - i}, &c);

		if (n == 0) {
			buf_puts(out, "\xef\xbf\xbd");
			n = 1;
		} else if (c < 0x20 && escape[c] != NULL) {
			buf_puts(out, escape[c]);
		} else if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
			buf_printf(out, "\\u%04x", (unsigned)c);
		} else {
			if (c == '"' || c == '\\')
				buf_putc(out, '\\');
			buf_put(out, s.p + i, n);
		}
		i += n;
	}
	buf_putc(out, '"');
}

void
json_key(struct json *j, const char *key)
{
	separate(j);
	put_string(j->out, bytes_of(key));
	buf_putc(j->out, ':');
	j->after_key = true;
}

void
json_str(struct json *j, struct bytes s)
{
	separate(j);
	put_string(j->out, s);
}

void
json_int(struct json *j, int64_t v)
{
	separate(j);
	buf_printf(j->out, "%" PRId64, v);
}

void
json_uint(struct json *j, uint64_t v)
{
	separate(j);
	buf_printf(j->out, "%" PRIu64, v);
}

void
json_bool(struct json *j, bool v)
{
	separate(j);
	buf_puts(j->out, v ? "true" : "false");
}

void
json_time(struct json *j, struct rtime t)
{
	separate(j);
	buf_putc(j->out, '"');
	rtime_iso(t, j->out);
	buf_putc(j->out, '"');
}

void
json_kobject(struct json *j, const char *key)
{
	json_key(j, key);
	json_object(j);
}

void
json_karray(struct json *j, const char *key)
{
	json_key(j, key);
	json_array(j);
}

void
json_kstr(struct json *j, const char *key, const char *s)
{
	json_kbytes(j, key, bytes_of(s));
}

void
json_kbytes(struct json *j, const char *key, struct bytes s)
{
	if (s.n == 0)
		return;
	json_key(j, key);
	json_str(j, s);
}

void
json_kint(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_int(j, v);
}

void
json_kuint(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_uint(j, v);
}

void
json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void
json_ktime(struct json *j, const char *key, struct rtime t)
{
	if (t.ms == RTIME_NONE.ms)
		return;
	json_key(j, key);
	json_time(j, t);
}
