/*
 * alert_process: who did it: the process with its parents, and its ancestry up to sshd.  What
 * users call their programs and arguments is bytes of any length: cut, and made harmless by
 * base/json.  Pure.
 */
#include "agentd/sink/alert_parts.h"

#define PARENTS_MAX 4 /* levels of process.parent; sshtether.ancestry has them all */

/*
 * argv as it would be typed, but for quotes: a blank between arguments.  A user chooses how
 * long it is.
 */
static void
join_argv(const struct process *p, struct buf *out)
{
	bool cut = p->argv_len > ST_ALERT_ARGV;
	size_t n = cut ? ST_ALERT_ARGV : p->argv_len;

	while (n > 0 && p->argv[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		buf_putc(out, p->argv[i] != '\0' ? p->argv[i] : ' ');
	if (cut)
		buf_puts(out, "...");
}

static void
put_command_line(struct json *j, const struct process *p, enum command_line how)
{
	struct buf text = BUF_INIT;

	if (p->argv == NULL)
		return;
	switch (how) {
	case COMMAND_FULL:
		join_argv(p, &text);
		break;
	case COMMAND_PROGRAM:
		buf_put(&text, p->argv,
		    strnlen(p->argv, p->argv_len < ST_ALERT_ARGV ? p->argv_len : ST_ALERT_ARGV));
		break;
	case COMMAND_HASH:
		buf_puts(&text, "sha256:");
		alert_put_hash(&text, (struct bytes){.p = p->argv, .n = p->argv_len}, 32);
		break;
	}
	json_kbytes(j, "command_line", buf_bytes(&text));
	buf_free(&text);
}

static void
put_process_fields(struct json *j, const struct process *p, enum command_line how)
{
	json_kuint(j, "pid", p->pid);
	json_kstr(j, "executable", p->exe);
	put_command_line(j, p, how);
}

/* process.parent, its parent in it, and so on. */
static void
put_parents(struct json *j, const struct finding *f, enum command_line how)
{
	size_t n = f->nancestry < PARENTS_MAX ? f->nancestry : PARENTS_MAX;

	for (size_t i = 0; i < n; i++) {
		json_kobject(j, "parent");
		put_process_fields(j, f->ancestry[i], how);
	}
	while (n-- > 0)
		json_end(j, '}');
}

void
alert_put_process(struct json *j, const struct finding *f, enum command_line how)
{
	if (f->process == NULL && f->pid == 0)
		return;
	json_kobject(j, "process");
	if (f->process != NULL)
		put_process_fields(j, f->process, how);
	else
		json_kuint(j, "pid", f->pid);
	put_parents(j, f, how);
	if (f->session->ssh) {
		json_kobject(j, "entry_leader");
		json_kobject(j, "entry_meta");
		json_kstr(j, "type", "sshd");
		json_end(j, '}');
		json_end(j, '}');
	}
	json_end(j, '}');
}

/* "exe[pid]"; where the program is not known its comm, as ps does it: "(sshd)[12]"; "(?)[12]": nor that. */
static void
process_label(const struct process *p, struct buf *out)
{
	if (p->exe != NULL)
		buf_puts(out, p->exe);
	else
		buf_printf(out, "(%.*s)", (int)sizeof(p->comm), p->comm[0] != '\0' ? p->comm : "?");
	buf_printf(out, "[%u]", p->pid);
}

void
alert_put_ancestry(struct json *j, const struct finding *f)
{
	struct buf label = BUF_INIT;

	if (f->nancestry == 0)
		return;
	json_karray(j, "ancestry");
	for (size_t i = 0; i < f->nancestry; i++) {
		buf_reset(&label);
		process_label(f->ancestry[i], &label);
		json_str(j, buf_bytes(&label));
	}
	json_end(j, ']');
	buf_free(&label);
}
