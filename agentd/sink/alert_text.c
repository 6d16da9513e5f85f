/*
 * alert_text: a ruling as one line, for syslog and for people.  Pure.  What came from a record
 * is made visible: no byte of it reaches a terminal as it is.
 *
 *   high agent-hijack: mallory (session 12, from 10.0.0.7:51000) as root, /usr/bin/ssh[431],
 *   to /tmp/ssh-Xy/agent.99 of session 11, same-user: would-have terminate, prod.policy:9; REASON
 *   low ssh-proxy (suspicious, medium confidence): bob (session 7, from 10.0.0.8 port 51000): recorded; REASON
 */
#include "agentd/sink/alert.h"

static void
put_who(const struct ruling *r, struct buf *out)
{
	const struct finding *f = r->finding;
	const struct session *s = f->session;
	char ip[ADDR_STRLEN];

	if (s->user[0] != '\0')
		buf_put_visible(out, bytes_of(s->user));
	else if (s->auid != AUID_UNSET)
		buf_printf(out, "auid %u", s->auid);
	else
		buf_puts(out, "nobody logged in");
	if (s->ses != SES_UNSET)
		buf_printf(out, " (session %u", s->ses);
	else
		buf_puts(out, " (no session");
	if (s->peer.addr.family != 0)
		buf_printf(out, ", from %s", addr_str(s->peer.addr, ip));
	if (s->peer.addr.family != 0 && s->peer.port != 0)
		buf_printf(out, " port %u", s->peer.port);
	if (s->cert_id != NULL) {
		buf_puts(out, ", certificate ");
		buf_put_visible(out, bytes_of(s->cert_id));
	} else if (s->key_fp[0] != '\0') {
		buf_puts(out, ", key ");
		buf_put_visible(out, bytes_of(s->key_fp));
	}
	buf_putc(out, ')');
	if (r->as.n > 0 && !bytes_is(r->as, s->user)) {
		buf_puts(out, " as ");
		buf_put_visible(out, r->as);
	}
}

static void
put_program(const struct finding *f, struct buf *out)
{
	if (f->activity == ACT_LOGIN || (f->process == NULL && f->pid == 0))
		return;
	buf_puts(out, ", ");
	if (f->process != NULL && f->process->exe != NULL)
		buf_put_visible(out, bytes_of(f->process->exe));
	buf_printf(out, "[%u]", f->pid);
	if (f->via != NULL)
		buf_printf(out, " via %s", f->via);
}

static void
put_unix_path(struct bytes path, struct buf *out)
{
	struct buf text = BUF_INIT;

	alert_unix_path(path, &text);
	buf_put_visible(out, buf_bytes(&text));
	buf_free(&text);
}

static void
put_destination(const struct finding *f, struct buf *out)
{
	char ip[ADDR_STRLEN];

	if (f->to.addr.family != 0)
		buf_printf(out, ", to %s port %u", addr_str(f->to.addr, ip), f->to.port);
	if (f->to_unix.n > 0) {
		buf_puts(out, ", to ");
		put_unix_path(f->to_unix, out);
	}
	if (f->file.n > 0) {
		buf_puts(out, ", of ");
		buf_put_visible(out, f->file);
	}
	if (f->owner_session != NULL && f->owner_session != f->session)
		buf_printf(out, " of session %u", f->owner_session->ses);
	if (f->owner != OWNER_UNKNOWN)
		buf_printf(out, ", %s", owner_name(f->owner));
	if (f->outcome == OUTCOME_FAILURE)
		buf_puts(out, ", failed");
}

static void
put_result(const struct alert *a, struct buf *out)
{
	const struct decision *d = &a->ruling->decision;

	buf_printf(out, ": %s", done_name(a->done));
	if (d->action > DO_ALERT)
		buf_printf(out, " %s", action_name(d->action));
	if (!d->by_default && d->file != NULL) {
		buf_puts(out, ", ");
		buf_put_visible(out, bytes_of(d->file));
		buf_printf(out, ":%u", d->line);
	}
	if (a->why != NULL) {
		buf_puts(out, ", ");
		buf_put_visible(out, bytes_of(a->why));
	}
}

static void
put_weight(const struct finding *f, struct buf *out)
{
	const bool graded = f->grade != GRADE_NONE, weighed = f->confidence != CONFIDENCE_NONE;

	if (!graded && !weighed)
		return;
	buf_printf(out, " (%s%s", grade_name(f->grade), graded && weighed ? ", " : "");
	if (weighed)
		buf_printf(out, "%s confidence", confidence_name(f->confidence));
	buf_putc(out, ')');
}

void
alert_text(const struct alert *a, const struct alert_context *ctx, struct buf *out)
{
	const struct finding *f = a->ruling->finding;

	(void)ctx;
	buf_printf(out, "%s %s", severity_name(alert_rank(a)), activity_info(f->activity)->name);
	put_weight(f, out);
	buf_puts(out, ": ");
	put_who(a->ruling, out);
	put_program(f, out);
	put_destination(f, out);
	put_result(a, out);
	if (f->reason[0] != '\0') {
		buf_puts(out, "; ");
		buf_put_visible(out, bytes_of(f->reason));
	}
}
