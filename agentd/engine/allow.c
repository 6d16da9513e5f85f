/*
 * allow: see allow.h.  Engine process.  The file has a line of JSON for each, as allow_json() writes it; a
 * line that is none is left out, for less is allowed then.
 */
#include "agentd/engine/allow.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "agentd/engine/args.h"
#include "base/proc.h"
#include "base/safe.h"

#define FILE_NAME "allowed"
#define FILE_MAX  (ST_ALLOWANCES * 4096)

struct allow {
	char *path; /* owned */
	struct allowance slot[ST_ALLOWANCES];
};

/* --- the table -------------------------------------------------------------------------------------- */

bool
allow_user_ok(struct bytes name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@+-";

	if (name.n == 0 || name.n >= ST_NAME_MAX || name.p[0] == '-')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (memchr(plain, name.p[i], sizeof(plain) - 1) == NULL)
			return false;
	return true;
}

const struct allowance *
allow_get(const struct allow *all, unsigned number)
{
	const struct allowance *a = number >= 1 && number <= ST_ALLOWANCES ? &all->slot[number - 1] : NULL;

	return a != NULL && a->user[0] != '\0' ? a : NULL;
}

unsigned
allow_add(struct allow *all, const struct allowance *a)
{
	for (unsigned i = 0; i < ST_ALLOWANCES; i++) {
		if (all->slot[i].user[0] != '\0')
			continue;
		all->slot[i] = *a;
		return i + 1;
	}
	return 0;
}

void
allow_remove(struct allow *all, unsigned number)
{
	if (allow_get(all, number) != NULL)
		all->slot[number - 1] = (struct allowance){0};
}

unsigned
allow_over(const struct allow *all, struct rtime now)
{
	for (unsigned i = 1; i <= ST_ALLOWANCES; i++)
		if (allow_get(all, i) != NULL && allow_get(all, i)->until.ms <= now.ms)
			return i;
	return 0;
}

/* --- the file --------------------------------------------------------------------------------------- */

static bool
parse(const struct args *args, struct allowance *out, int64_t *number)
{
	const char *user = args_str(args, "user"), *to = args_str(args, "to"), *reason = args_str(args, "reason");
	struct allowance a = {0};
	int64_t port, auid;

	if (user == NULL || to == NULL || reason == NULL || !allow_user_ok(bytes_of(user)) ||
	    !prefix_parse(bytes_of(to), &a.to) || !args_int(args, "port", 0, &port) || port < 0 ||
	    port > UINT16_MAX || !args_int(args, "by", AUID_UNSET, &auid) || auid < 0 || auid > UINT32_MAX ||
	    !args_int(args, "until_ms", 0, &a.until.ms) || a.until.ms <= 0 ||
	    !args_int(args, "allow", 0, number) || *number < 1 || *number > ST_ALLOWANCES)
		return false;
	a.port = (uint16_t)port;
	a.auid = (uint32_t)auid;
	if (!bytes_copy(bytes_of(user), a.user, sizeof(a.user)) ||
	    !bytes_copy(bytes_of(reason), a.reason, sizeof(a.reason)))
		return false;
	*out = a;
	return true;
}

static void
take_line(struct allow *all, struct bytes line)
{
	struct args *args = args_parse(line.p, line.n);
	struct allowance a;
	int64_t number;

	if (args != NULL && parse(args, &a, &number))
		all->slot[number - 1] = a;
	args_free(&args);
}

struct allow *
allow_new(const char *state_dir)
{
	struct allow *all = calloc(1, sizeof(*all));
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct bytes rest;

	if (all == NULL)
		return NULL;
	buf_printf(&path, "%s/" FILE_NAME, state_dir);
	all->path = buf_ok(&path) ? strdup(path.p) : NULL;
	buf_free(&path);
	if (all->path == NULL) {
		allow_free(&all);
		return NULL;
	}
	if (safe_read(all->path, FILE_MAX, &text, NULL) == 0)
		for (rest = buf_bytes(&text); rest.n > 0;)
			take_line(all, bytes_take(&rest, '\n'));
	buf_free(&text);
	for (unsigned over; (over = allow_over(all, rtime_now())) != 0;)
		allow_remove(all, over);
	return all;
}

void
allow_free(struct allow **all)
{
	if (*all == NULL)
		return;
	free((*all)->path);
	free(*all);
	*all = NULL;
}

int
allow_keep(const struct allow *all)
{
	struct buf text = BUF_INIT;
	struct json j;
	int rc;

	for (unsigned i = 1; i <= ST_ALLOWANCES; i++) {
		if (allow_get(all, i) == NULL)
			continue;
		json_init(&j, &text);
		json_object(&j);
		allow_json(allow_get(all, i), i, &j);
		json_end(&j, '}');
		buf_putc(&text, '\n');
	}
	rc = text.n == 0 || buf_ok(&text) ? atomic_write(all->path, buf_bytes(&text), 0600) : -ENOMEM;
	buf_free(&text);
	return rc;
}

/* --- as others read it ------------------------------------------------------------------------------ */

/* To the second, upwards: the language knows no less. */
static void
put_until(struct rtime until, struct buf *out)
{
	time_t s = (time_t)((until.ms + 999) / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&s, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(out, text);
}

void
allow_rule(const struct allowance *a, struct buf *out)
{
	buf_printf(out, "pass outbound-ssh, relay user \"%s\" to ", a->user);
	prefix_print(a->to, out);
	if (a->port != 0)
		buf_printf(out, " port %u", a->port);
	buf_puts(out, " until ");
	put_until(a->until, out);
}

void
allow_text(const struct allow *all, struct buf *out)
{
	unsigned last = ST_ALLOWANCES;

	while (last > 0 && allow_get(all, last) == NULL)
		last--;
	for (unsigned i = 1; i <= last; i++) {
		if (allow_get(all, i) != NULL)
			allow_rule(allow_get(all, i), out);
		buf_putc(out, '\n');
	}
}

void
allow_json(const struct allowance *a, unsigned number, struct json *j)
{
	struct buf text = BUF_INIT;

	json_kuint(j, "allow", number);
	json_kstr(j, "user", a->user);
	prefix_print(a->to, &text);
	json_kbytes(j, "to", buf_bytes(&text));
	if (a->port != 0)
		json_kuint(j, "port", a->port);
	buf_reset(&text);
	put_until(a->until, &text);
	json_kbytes(j, "until", buf_bytes(&text));
	json_kint(j, "until_ms", a->until.ms);
	json_kstr(j, "reason", a->reason);
	if (a->auid != AUID_UNSET)
		json_kuint(j, "by", a->auid);
	buf_reset(&text);
	allow_rule(a, &text);
	json_kbytes(j, "rule", buf_bytes(&text));
	buf_free(&text);
}
