/*
 * replay_print: events and counts for people.  Bytes from records reach the terminal only
 * through buf_put_visible().
 */
#include <inttypes.h>

#include "cli/replay.h"

/* --- events ------------------------------------------------------------------------------- */

static const char *
fact_word(enum fact_kind kind)
{
	static const char *const words[] = {
		[FACT_OTHER] = "other",
		[FACT_EXEC] = "exec",
		[FACT_CONNECT] = "connect",
		[FACT_BIND] = "bind",
		[FACT_LISTEN] = "listen",
		[FACT_PTRACE] = "ptrace",
		[FACT_PIDFD_OPEN] = "pidfd-open",
		[FACT_SETUID] = "setuid",
		[FACT_LOGINUID] = "loginuid",
		[FACT_USER_START] = "user-start",
		[FACT_USER_END] = "user-end",
		[FACT_USER_LOGIN] = "user-login",
		[FACT_USER_AUTH] = "user-auth",
		[FACT_CONFIG] = "config",
	};

	return words[kind];
}

static struct bytes
record_name(const struct record *r)
{
	const char *name = r->type != 0 ? record_type_name(r->type) : NULL;

	return name != NULL ? bytes_of(name) : r->type_name;
}

void
replay_print_event(const struct cli *cli, const struct aev *ev, const struct fact *fact,
    struct buf *out)
{
	buf_printf(out, "%sevent %" PRIu64 "  ", cli_style(cli, STYLE_BOLD), ev->serial);
	cli_time(cli, ev->time, out);
	buf_printf(out, "  %s%s%s\n", fact_word(fact->kind), ev->complete ? "" : "  (incomplete)",
	    cli_style(cli, STYLE_PLAIN));
	for (size_t i = 0; i < ev->nrec; i++) {
		buf_puts(out, "  ");
		buf_put_visible(out, record_name(&ev->rec[i]));
		buf_putc(out, ' ');
		buf_put_visible(out, ev->rec[i].body);
		buf_putc(out, '\n');
	}
}

void
replay_print_event_json(const struct aev *ev, const struct fact *fact, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_key(&j, "@timestamp");
	json_time(&j, ev->time);
	json_kuint(&j, "serial", ev->serial);
	json_kbytes(&j, "node", ev->node);
	json_kbool(&j, "complete", ev->complete);
	json_kstr(&j, "fact", fact_word(fact->kind));
	json_karray(&j, "records");
	for (size_t i = 0; i < ev->nrec; i++) {
		json_object(&j);
		json_kbytes(&j, "type", record_name(&ev->rec[i]));
		json_kbytes(&j, "body", ev->rec[i].body);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
	buf_putc(out, '\n');
}

/* --- counts ------------------------------------------------------------------------------- */

void
replay_print_summary(const struct cli *cli, const struct replay_counts *c, const struct aev_stats *s,
    struct buf *out)
{
	uint64_t damaged = s->malformed + s->incomplete + s->evicted;

	cli_count(c->findings, "finding", out);
	buf_puts(out, ", ");
	cli_count(c->alerts, "alert", out);
	buf_puts(out, " among them; ");
	if (c->cases > 0) {
		cli_count(c->cases, "alert", out);
		buf_puts(out, " of cases; ");
	}
	cli_count(c->by_activity[ACT_LOGIN], "login", out);
	buf_puts(out, ", ");
	cli_count(s->events, "event", out);
	buf_puts(out, ", ");
	cli_count(s->records, "record", out);
	if (c->first.ms != 0) {
		buf_puts(out, " from ");
		cli_time(cli, c->first, out);
		buf_puts(out, " to ");
		cli_time(cli, c->last, out);
	}
	if (damaged + s->missing > 0) {
		buf_puts(out, "; ");
		cli_count(s->malformed, "malformed line", out);
		buf_puts(out, ", ");
		cli_count(s->incomplete + s->evicted, "incomplete event", out);
		buf_puts(out, ", ");
		cli_count(s->missing, "missing serial", out);
	}
	buf_putc(out, '\n');
	if (c->several_nodes)
		buf_puts(out, "sshtether: records of several hosts in one stream: sessions of different "
		    "hosts are mixed up; replay one host at a time\n");
}

void
replay_print_stats(const struct replay_counts *c, const struct aev_stats *s,
    const struct host_stats *h, bool json, struct buf *out)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"lines", s->lines}, {"bytes", s->bytes}, {"malformed", s->malformed},
		{"records", s->records}, {"events", s->events}, {"incomplete", s->incomplete},
		{"evicted", s->evicted}, {"cut", s->cut}, {"late", s->late}, {"gaps", s->gaps},
		{"missing", s->missing}, {"peak_bytes", s->peak_bytes}, {"sessions", h->sessions},
		{"processes", h->processes}, {"sockets", h->sockets},
		{"sessions_dropped", h->sessions_dropped}, {"processes_dropped", h->processes_dropped},
		{"sockets_dropped", h->sockets_dropped}, {"findings", c->findings}, {"alerts", c->alerts},
	};
	struct json j;

	json_init(&j, out);
	if (json) {
		json_object(&j);
		json_kobject(&j, "stats");
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (json)
			json_kuint(&j, rows[i].name, rows[i].value);
		else
			buf_printf(out, "%-20s %" PRIu64 "\n", rows[i].name, rows[i].value);
	}
	for (int a = 0; a < ACT_COUNT; a++) {
		const char *name = activity_info((enum activity)a)->name;

		if (c->by_activity[a] > 0 && json)
			json_kuint(&j, name, c->by_activity[a]);
		else if (c->by_activity[a] > 0)
			buf_printf(out, "%-20s %" PRIu64 "\n", name, c->by_activity[a]);
	}
	if (json) {
		json_end(&j, '}');
		json_end(&j, '}');
		buf_putc(out, '\n');
	}
}
