/* baseline_print: `sshtether baseline show` for people; see baseline.h. */
#include "cli/baseline.h"
#include "cli/table.h"

static void
put_visible(const char *text, struct buf *out)
{
	buf_put_visible(out, bytes_of(text));
}

static void
cell_number(struct table *t, struct table_row *row, size_t column, uint64_t n)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%llu", (unsigned long long)n);
	table_cell(t, row, column, &text);
	buf_free(&text);
}

static void
cell_text(struct table *t, struct table_row *row, size_t column, const char *raw)
{
	struct buf text = BUF_INIT;

	put_visible(raw, &text);
	table_cell(t, row, column, &text);
	buf_free(&text);
}

static void
cell_day(struct table *t, struct table_row *row, size_t column, int32_t day)
{
	char text[USUAL_DAY_STRLEN];

	table_cell_str(t, row, column, usual_day_str(day, text));
}

static int
write_out(struct buf *out)
{
	const bool ok = buf_ok(out) && cli_write(stdout, buf_bytes(out));

	if (!buf_ok(out))
		cli_error("out of memory");
	buf_free(out);
	return ok ? CLI_OK : CLI_UNREACHABLE;
}

/* --- the host ------------------------------------------------------------------------------------------- */

void
baseline_put_state(const struct baseline_head *h, unsigned days, struct buf *out)
{
	if (days >= h->data) {
		buf_puts(out, "what is unusual is found\n");
		return;
	}
	buf_puts(out, "what is unusual is found after ");
	cli_count(h->data - days, "more day", out);
	buf_puts(out, " of data\n");
}

static void
put_host(const struct baseline_head *h, struct buf *out)
{
	put_visible(h->host[0] != '\0' ? h->host : "this host", out);
	buf_puts(out, ": data of ");
	cli_count(h->days, "day", out);
	buf_printf(out, " (%u are kept): ", h->window);
	baseline_put_state(h, h->days_before, out);
}

static const char *
judged(const struct baseline_head *h, const struct baseline_user *u, struct buf *out)
{
	if (u->active.ready)
		buf_puts(out, "yes");
	else if (u->active.active < h->active)
		buf_printf(out, "not yet: %u of %u days", u->active.active, h->active);
	else
		buf_puts(out, "not yet: the host");
	return out->p;
}

static void
put_person(const struct baseline_head *h, const struct baseline_user *u, struct table *t)
{
	struct table_row *row = table_row(t, NULL);
	struct buf text = BUF_INIT;

	cell_text(t, row, 0, u->name);
	cell_number(t, row, 1, u->days);
	(void)judged(h, u, &text);
	table_cell(t, row, 2, &text);
	cell_number(t, row, 3, u->of[USUAL_ORIGIN].n);
	cell_number(t, row, 4, u->of[USUAL_KEY].n);
	cell_number(t, row, 5, u->of[USUAL_DESTINATION].n);
	cell_day(t, row, 6, u->last);
	words_week(u->hours, &text);
	table_cell(t, row, 7, &text);
	if (!u->active.ready)
		table_style(t, row, 2, STYLE_DIM);
	buf_free(&text);
}

int
baseline_print_all(const struct cli *cli, const struct baseline_head *h, const struct baseline_people *p)
{
	static const struct table_column columns[] = {{"USER", 0}, {"DAYS", TABLE_RIGHT}, {"JUDGED", 0},
	    {"ORIGINS", TABLE_RIGHT}, {"KEYS", TABLE_RIGHT}, {"DESTINATIONS", TABLE_RIGHT}, {"LAST", 0}, {"USUALLY (UTC)", 0}};
	struct table *t = table_new(cli, columns, sizeof(columns) / sizeof(columns[0]));
	struct buf out = BUF_INIT;
	int status = CLI_UNREACHABLE;

	if (t == NULL)
		return status;
	put_host(h, &out);
	cli_count(p->n, "user", &out);
	buf_puts(&out, ", ");
	cli_count(h->entries, "value", &out);
	buf_puts(&out, ", ");
	words_bytes(h->bytes, &out);
	if (h->dropped > 0)
		buf_printf(&out, "; %llu found no room", (unsigned long long)h->dropped);
	buf_puts(&out, p->n > 0 ? "\n\n" : "\n");
	for (size_t i = 0; i < p->n; i++)
		put_person(h, &p->list[i], t);
	status = write_out(&out);
	if (status == CLI_OK && p->n > 0)
		status = table_print(t);
	table_free(&t);
	return status;
}

/* --- a user --------------------------------------------------------------------------------------------- */

static int
print_values(const struct cli *cli, const char *name, const struct baseline_values *all)
{
	const struct table_column columns[] = {{name, 0}, {"DAYS", TABLE_RIGHT}, {"TIMES", TABLE_RIGHT}, {"FIRST", 0},
	    {"LAST", 0}};
	struct buf gap = BUF_INIT;
	struct table *t;
	int status;

	if (all->n == 0)
		return CLI_OK;
	if ((t = table_new(cli, columns, sizeof(columns) / sizeof(columns[0]))) == NULL)
		return CLI_UNREACHABLE;
	for (size_t i = 0; i < all->n; i++) {
		struct table_row *row = table_row(t, NULL);

		cell_text(t, row, 0, all->list[i].text);
		cell_number(t, row, 1, all->list[i].days);
		cell_number(t, row, 2, all->list[i].count);
		cell_day(t, row, 3, all->list[i].first);
		cell_day(t, row, 4, all->list[i].last);
	}
	status = table_print(t);
	table_free(&t);
	buf_putc(&gap, '\n');
	return cli_worse(status, write_out(&gap));
}

static void
put_state(const struct baseline_head *h, const struct baseline_user *u, struct buf *out)
{
	char day[USUAL_DAY_STRLEN];

	put_visible(u->name, out);
	buf_puts(out, ": active on ");
	cli_count(u->days, "day", out);
	buf_printf(out, " of %u, last on %s: ", h->days, usual_day_str(u->last, day));
	if (u->active.ready)
		buf_puts(out, "judged\n\n");
	else if (u->active.active < h->active)
		buf_printf(out, "not judged yet, %u of %u days before today\n\n", u->active.active, h->active);
	else
		buf_puts(out, "not judged yet, the host has too few days\n\n");
}

static void
put_steps(const char *before, const struct baseline_values *all, void (*words)(uint64_t, struct buf *), struct buf *out)
{
	uint64_t most, highest;

	baseline_steps(all, &most, &highest);
	if (all->n == 0 || most == UINT64_MAX)
		return;
	buf_printf(out, "%s up to ", before);
	words(most, out);
	if (highest > most) {
		buf_puts(out, ", at most ");
		words(highest, out);
	}
	buf_putc(out, '\n');
}

static uint64_t
highest_number(const struct baseline_values *all)
{
	uint64_t most = 0, n;

	for (size_t i = 0; i < all->n; i++)
		if (bytes_u64(bytes_of(all->list[i].text), &n) && n > most)
			most = n;
	return most;
}

static void
put_habits(const struct baseline_user *u, struct buf *out)
{
	const uint64_t sessions = highest_number(&u->of[USUAL_SESSIONS]), networks = highest_number(&u->of[USUAL_NETWORKS]);

	buf_puts(out, "logs in ");
	words_week(u->hours, out);
	buf_puts(out, " (UTC)\n\n");
	words_chart(u->hours, out);
	buf_putc(out, '\n');
	put_steps("sessions last", &u->of[USUAL_DURATION], words_span, out);
	put_steps("they carry", &u->of[USUAL_VOLUME], words_bytes, out);
	if (sessions > 0) {
		buf_puts(out, "at most ");
		cli_count(sessions, "session", out);
		buf_puts(out, " at a time");
		if (networks > 0) {
			buf_puts(out, ", from ");
			cli_count(networks, "network", out);
		}
		buf_putc(out, '\n');
	}
}

/* Each stands for one alert; what is beyond one was folded into it. */
static void
put_told(const struct baseline_values *told, int32_t today, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < told->n; i++) {
		const struct baseline_value *v = &told->list[i];

		if (v->last != today)
			continue;
		buf_puts(out, first ? "\ntold today (UTC), once each:\n" : "");
		first = false;
		buf_puts(out, "  ");
		put_visible(v->text, out);
		if (v->days == 1 && v->count > 1)
			buf_printf(out, ", %llu more folded", (unsigned long long)v->count - 1);
		buf_putc(out, '\n');
	}
}

int
baseline_print_user(const struct cli *cli, const struct baseline_head *h, const struct baseline_user *u,
    struct rtime now)
{
	static const struct {
		const char *name;
		enum usual_kind kind;
	} tables[] = {{"ORIGIN", USUAL_ORIGIN}, {"KEY", USUAL_KEY}, {"DESTINATION", USUAL_DESTINATION}};
	struct buf out = BUF_INIT;
	int status;

	put_host(h, &out);
	put_state(h, u, &out);
	status = write_out(&out);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && status == CLI_OK; i++)
		status = print_values(cli, tables[i].name, &u->of[tables[i].kind]);
	if (status != CLI_OK)
		return status;
	put_habits(u, &out);
	put_told(&u->of[USUAL_TOLD], usual_day(now), &out);
	return write_out(&out);
}
