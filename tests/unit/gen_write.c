/* gen_write: a random policy as text, each time in another way: see gen_policy.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/gen_policy.h"

#define ONE_IN(n) (rand() % (n) == 0)

/* --- layout -------------------------------------------------------------------------------------------- */

/* Between two words. */
static void
blank(struct buf *out)
{
	static const char *const blanks[] = {" ", " ", " ", " ", "  ", "\t", " \\\n ", "\t\\\r\n"};

	buf_puts(out, blanks[rand() % 8]);
}

/* Inside braces, where lines may end. */
static void
wide_blank(struct buf *out)
{
	static const char *const blanks[] = {"", " ", " ", "\n", "\n\t", "  # a comment { }\n  ", "\n\n"};

	buf_puts(out, blanks[rand() % 7]);
}

static void
line_end(struct buf *out)
{
	static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\t\n", "  # \"open, { <\n", "\n# alone\n\n", " #\n"};

	buf_puts(out, ends[rand() % 8]);
}

/* --- words ------------------------------------------------------------------------------------------------ */

static bool
can_be_bare(const char *s)
{
	static const char *const words[] = {"self", "mode", "user", "severity", "deny", "unix", "most", NULL};
	const char *const *w = words;

	while (*w != NULL && strcmp(*w, s) != 0)
		w++;
	return *w == NULL && *s != '\0' && *s != '!' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./:*?[]+!") == strlen(s);
}

static void
string(const char *s, struct buf *out)
{
	buf_putc(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_printf(out, "\\%c", *s);
		else if ((*s & 0x80) != 0 ? rand() % 2 : ONE_IN(30))
			buf_printf(out, rand() % 2 ? "\\x%02x" : "\\x%02X", (unsigned char)*s);
		else
			buf_putc(out, *s);
	}
	buf_putc(out, '"');
}

static void
word(const char *s, struct buf *out)
{
	if (can_be_bare(s) && rand() % 2)
		buf_puts(out, s);
	else
		string(s, out);
}

static void
hours(const struct gen_value *v, struct buf *out)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	const bool all_day = v->lo == 0 && v->hi == 1440;
	char text[64] = "";
	size_t n = 0;

	for (unsigned d = 0; d < 7 && (v->days != 0x7f || all_day); d++)
		if ((v->days >> d & 1) != 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? "," : "", names[d]);
	if (!all_day)
		(void)snprintf(text + n, sizeof(text) - n, "%s%02u:%02u-%02u:%02u", n > 0 ? " " : "", v->lo / 60, v->lo % 60,
		    v->hi / 60, v->hi % 60);
	string(text, out);
}

static void
value(const struct gen_value *v, struct buf *out)
{
	char text[64];

	if (v->negate)
		buf_puts(out, rand() % 4 ? "!" : "! ");
	switch (v->kind) {
	case GEN_GLOB:
		word(v->glob, out);
		break;
	case GEN_UNIX:
		buf_puts(out, "unix");
		blank(out);
		word(v->glob, out);
		break;
	case GEN_TABLE:
		buf_printf(out, "<t%u>", v->table);
		break;
	case GEN_NET:
		prefix_print((struct prefix){.addr = v->net, .bits = (uint8_t)v->bits}, out);
		break;
	case GEN_SELF:
		buf_puts(out, "self");
		break;
	case GEN_PORTS:
		(void)snprintf(text, sizeof(text), v->lo == v->hi && rand() % 2 ? "%u" : "%u-%u", v->lo, v->hi);
		word(text, out);
		break;
	case GEN_HOURS:
		hours(v, out);
		break;
	case GEN_OWNER:
		word(owner_name(v->owner), out);
		break;
	}
}

static void
list(const struct gen_value *v, unsigned n, struct buf *out)
{
	buf_putc(out, '{');
	wide_blank(out);
	for (unsigned i = 0; i < n; i++) {
		value(&v[i], out);
		wide_blank(out);
		if (i + 1 < n || ONE_IN(4)) {
			buf_putc(out, ',');
			wide_blank(out);
		}
	}
	buf_putc(out, '}');
}

static void
values(const struct gen_value *v, unsigned n, struct buf *out)
{
	if (n == 1 && rand() % 4)
		value(v, out);
	else
		list(v, n, out);
}

static void
cond(const struct gen_cond *c, struct buf *out)
{
	static const char *const words[QF_COUNT] = {"user", "as", "group", "origin", "key", "principal", "cert-id", "ca",
	    "method", "on", "hours", "tty", "to", "port", "exe", "parent", "via", "owner"};

	buf_printf(out, "%s%s", c->negate ? "!" : "", words[c->fact]);
	blank(out);
	values(c->value, c->n, out);
}

/* --- statements ------------------------------------------------------------------------------------------- */

static void
head(const struct gen_policy *g, struct buf *out)
{
	if (g->fleet != NULL) {
		buf_puts(out, "fleet ");
		word(g->fleet, out);
		line_end(out);
	}
	if (g->serial > 0)
		buf_printf(out, "serial %u\n", g->serial);
	if (g->mode == MODE_ENFORCE || rand() % 2)
		buf_printf(out, "mode %s\n", mode_name(g->mode));
	if (g->ssh_ports.n > 0) {
		buf_puts(out, "ssh-ports ");
		values(g->ssh_ports.value, g->ssh_ports.n, out);
		line_end(out);
	}
	if (g->stop_limit > 0)
		buf_puts(out, g->stop_limit == 1 ? "stop-limit off\n" : "stop-limit 7 in 90s\n");
	if (ONE_IN(3))
		buf_puts(out, rand() % 2 ? "ungranted deny\n" : "ungranted allow\n");
}

static void
lines_of(const char *what, const struct gen_cond *lines, unsigned n, struct buf *out)
{
	for (unsigned i = 0; i < n; i++) {
		buf_puts(out, what);
		blank(out);
		cond(&lines[i], out);
		line_end(out);
	}
}

static void
table(const struct gen_policy *g, unsigned i, struct buf *out)
{
	const struct gen_table *t = &g->table[i];

	buf_printf(out, "table <t%u>", i);
	blank(out);
	if (t->from_file)
		buf_printf(out, "file \"t%u\"%s", i, t->no_signature ? " unsigned" : "");
	else
		list(t->entry, t->n, out);
	line_end(out);
}

static void
until(const struct gen_rule *r, struct buf *out)
{
	time_t s = (time_t)(r->until_ms / 1000) - (r->until_day ? 24 * 60 * 60 : 0);
	char text[32];
	struct tm tm;

	(void)gmtime_r(&s, &tm);
	(void)strftime(text, sizeof(text), r->until_day ? "%Y-%m-%d" : rand() % 2 ? "%Y-%m-%dT%H:%MZ" : "%Y-%m-%dT%H:%M:%S",
	    &tm);
	buf_puts(out, " until ");
	word(text, out);
}

static void
tags(const struct gen_rule *r, struct buf *out)
{
	buf_puts(out, " tag ");
	if (r->ntags > 1)
		buf_puts(out, "{ ");
	for (unsigned i = 0; i < r->ntags; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		word(r->tag[i], out);
	}
	if (r->ntags > 1)
		buf_puts(out, " }");
}

static void
option(const struct gen_rule *r, unsigned which, struct buf *out)
{
	if (which == 0 && r->severity >= 0)
		buf_printf(out, " severity %s", severity_name((enum severity)r->severity));
	if (which == 1 && r->mode >= 0)
		buf_printf(out, " mode %s", mode_name((enum mode)r->mode));
	if (which == 2 && r->message != NULL) {
		buf_puts(out, " message ");
		string(r->message, out);
	}
	if (which == 3 && r->until_ms != 0)
		until(r, out);
	if (which == 4 && r->ntags > 0)
		tags(r, out);
	if (which == 5 && r->at_most.n > 0)
		buf_printf(out, " at most %u/%llds", r->at_most.n, (long long)r->at_most.window_ms / 1000);
}

/* Conditions in their order, options in any, some before conditions. */
static void
rule(struct gen_rule *r, struct buf *out)
{
	const char *sep = " ";
	unsigned first = (unsigned)rand() % 6, said = 0;

	r->line = 1;
	for (size_t i = 0; i < out->n; i++)
		r->line += out->p[i] == '\n';
	buf_puts(out, action_name(r->action));
	if (r->any)
		buf_puts(out, " any");
	for (unsigned a = 0; a < ACT_COUNT && !r->any; a++)
		if ((r->activities >> a & 1) != 0) {
			buf_printf(out, "%s%s", sep, activity_info((enum activity)a)->name);
			sep = rand() % 2 ? "," : ", ";
		}
	for (unsigned i = 0; i < r->n; i++) {
		blank(out);
		cond(&r->cond[i], out);
		if (said < 6 && ONE_IN(4))
			option(r, (first + said++) % 6, out);
	}
	while (said < 6)
		option(r, (first + said++) % 6, out);
	line_end(out);
}

static bool
is_in(const struct gen_policy *g, int block, int outer)
{
	while (block >= 0 && block != outer)
		block = g->block[block].parent;
	return block == outer;
}

static void
close_blocks(const struct gen_policy *g, int *open, int next, struct buf *out)
{
	for (; !is_in(g, next, *open); *open = g->block[*open].parent) {
		buf_puts(out, "}");
		line_end(out);
	}
}

static void
open_blocks(const struct gen_policy *g, int *open, int block, struct buf *out)
{
	if (block == *open)
		return;
	open_blocks(g, open, g->block[block].parent, out);
	buf_puts(out, "match");
	for (unsigned i = 0; i < g->block[block].n; i++) {
		blank(out);
		cond(&g->block[block].cond[i], out);
	}
	buf_puts(out, " {");
	line_end(out);
	*open = block;
}

void
gen_write(struct gen_policy *g, struct buf *text, struct buf *prelude)
{
	int open = -1;

	if (ONE_IN(10))
		buf_puts(text, "\xef\xbb\xbf");
	head(g, text);
	for (unsigned i = 0; i < g->ntables; i++)
		table(g, i, text);
	lines_of("never-stop", g->never_stop, g->nnever_stop, text);
	lines_of("no-baseline", g->no_baseline, g->nno_baseline, text);
	lines_of("spare", g->spare, g->nspare, text);
	for (unsigned i = 0; i < g->nrules; i++) {
		close_blocks(g, &open, g->rule[i].block, text);
		open_blocks(g, &open, g->rule[i].block, text);
		rule(&g->rule[i], i < g->nprelude ? prelude : text);
	}
	close_blocks(g, &open, -1, text);
	/* The last line may have no end. */
	if (ONE_IN(4))
		while (text->n > 0 && strchr("\r\n", text->p[text->n - 1]) != NULL)
			text->n--;
}

/* --- loading ------------------------------------------------------------------------------------------------ */

static int
read_table(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	const struct gen_policy *g = arg;
	const struct gen_table *t = &g->table[strtoul(strrchr(path, 't') + 1, NULL, 10) % GEN_TABLES];

	(void)max;
	(void)why;
	if (what != (t->no_signature ? POLF_UNSIGNED : POLF_TABLE))
		return -EACCES;
	for (unsigned i = 0; i < t->n; i++) {
		value(&t->entry[i], out);
		line_end(out);
	}
	return buf_ok(out) ? 0 : -ENOMEM;
}

struct policy *
gen_load(const struct gen_policy *g, const struct buf *text, const struct buf *prelude)
{
	const struct pol_options o = {.read = read_table, .arg = (void *)(uintptr_t)g, .now.ms = 1,
	    .prelude = {.name = "before", .text = buf_bytes(prelude)}};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_parse("m", buf_bytes(text), &o, &diag, &errors);

	if (pol == NULL)
		(void)fprintf(stderr, "%s\n%.*s\n%.*s\n", diag.p, (int)prelude->n, prelude->p, (int)text->n, text->p);
	buf_free(&diag);
	return pol;
}
