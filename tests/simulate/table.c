/* table: see table.h. */
#include "tests/simulate/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

/*
 * Hopper (Ho et al., "Hopper: Modeling and Detecting Lateral Movement", USENIX Security 2021, abstract): 94.5 %
 * of over 300 attacks, under 9 alerts a day, over 780 million logins in 15 months.  How many people these are
 * is not said there; logins are what both have.
 */
#define HOPPER_RATE   94.5
#define HOPPER_ALERTS 9.0
#define HOPPER_LOGINS (780e6 / 456) /* a day */

#define BOUND_ROW     70.0 /* percent, of one kind that is held against habits */
#define BOUND_FOUND   95.0 /* percent, of all but the careful */
#define BOUND_ALERTED 80.0
#define BOUND_FALSE   1.0  /* alerts a day for fifty people: the median of the runs; */
#define BOUND_WORST   1.5  /* the worst of them */

enum { FILLING, FULL };

static const int from_day[] = {[FILLING] = READY_DAY, [FULL] = TRAINED_DAY};
static const int to_day[] = {[FILLING] = TRAINED_DAY, [FULL] = DAYS};

const enum activity ablations[] = {ACT_SSH_PROXY, ACT_UNUSUAL_ORIGIN, ACT_UNUSUAL_HOUR, ACT_UNUSUAL_DURATION,
    ACT_UNUSUAL_DESTINATION, ACT_CONCURRENT_ORIGINS, ACT_LISTED_ORIGIN, ACT_ESCALATED_AGENT, ACT_AGENT_HIJACK,
    ACT_KEY_READ, ACT_SSH_TAMPER, ACT_UNREPORTED_SESSION};
const size_t nablations = sizeof(ablations) / sizeof(ablations[0]);
_Static_assert(sizeof(ablations) / sizeof(ablations[0]) <= ABLATIONS_MAX, "a place for each");

/* --- taking ----------------------------------------------------------------------------------------------- */

static void
take_row(struct result_row *row, const struct attack *a, const struct outcome_of_attack *o)
{
	row->planted++;
	row->found += o->found;
	if (!o->alerted)
		return;
	if (row->alerted < sizeof(row->minutes) / sizeof(row->minutes[0]))
		row->minutes[row->alerted] = (double)rtime_since(o->alerted_at, a->begin) / (double)MINUTE_MS;
	row->alerted++;
}

void
result_take(struct result *r, uint64_t seed, const struct ledger *l, uint64_t logins)
{
	*r = (struct result){.seed = seed, .logins = logins};
	for (size_t i = 0; i < l->nattacks; i++)
		take_row(&r->rows[l->attacks[i].row], &l->attacks[i], &l->outcome[i]);
	for (int w = FILLING; w <= FULL; w++) {
		const double days = to_day[w] - from_day[w];

		for (int day = from_day[w]; day < to_day[w]; day++) {
			for (unsigned a = 0; a < ACT_COUNT; a++)
				r->findings[w][a] += l->findings[day][a] / days;
			for (unsigned a = 0; a <= ACT_COUNT; a++)
				r->alerts[w][a] += l->alerts[day][a] / days;
		}
	}
}

void
result_without(struct result *r, size_t ablation, const struct ledger *l)
{
	struct result_without *w = &r->without[ablation];

	for (size_t i = 0; i < l->nattacks; i++) {
		w->found += l->outcome[i].found;
		w->alerted += l->outcome[i].alerted;
	}
	for (int day = from_day[FULL]; day < to_day[FULL]; day++)
		for (unsigned a = 0; a <= ACT_COUNT; a++)
			w->alerts += l->alerts[day][a] / (double)(to_day[FULL] - from_day[FULL]);
}

/* --- over all runs ------------------------------------------------------------------------------------------ */

struct sum {
	struct result_row rows[ROWS_MAX];
	double minutes[ROWS_MAX]; /* the median; < 0: none */
	unsigned planted, found, alerted; /* of all but the careful */
	double false_alerts[2][SEEDS_MAX]; /* ascending */
	double logins; /* a day */
};

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	if (n == 0)
		return -1;
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double
all_alerts(const struct result *r, int w)
{
	double sum = 0;

	for (unsigned a = 0; a <= ACT_COUNT; a++)
		sum += r->alerts[w][a];
	return sum;
}

static void
sum_row(struct sum *s, unsigned row, const struct result *results, size_t n)
{
	struct result_row *out = &s->rows[row];
	double minutes[SEEDS_MAX * 8];
	size_t nminutes = 0;

	for (size_t i = 0; i < n; i++) {
		const struct result_row *r = &results[i].rows[row];

		out->planted += r->planted;
		out->found += r->found;
		out->alerted += r->alerted;
		for (unsigned k = 0; k < r->alerted && k < 8; k++)
			minutes[nminutes++] = r->minutes[k];
	}
	s->minutes[row] = median(minutes, nminutes);
	if (attack_rows[row].careful)
		return;
	s->planted += out->planted;
	s->found += out->found;
	s->alerted += out->alerted;
}

static void
sum_all(struct sum *s, const struct result *results, size_t n)
{
	*s = (struct sum){0};
	for (unsigned row = 0; row < nattack_rows; row++)
		sum_row(s, row, results, n);
	for (size_t i = 0; i < n; i++) {
		for (int w = FILLING; w <= FULL; w++)
			s->false_alerts[w][i] = all_alerts(&results[i], w);
		s->logins += (double)results[i].logins / DAYS / (double)n;
	}
	for (int w = FILLING; w <= FULL; w++)
		(void)median(s->false_alerts[w], n);
}

static double
percent(unsigned part, unsigned whole)
{
	return whole > 0 ? 100.0 * part / whole : 100;
}

/* --- for people --------------------------------------------------------------------------------------------- */

static void
print_attacks(const struct sum *s)
{
	printf("# %-20s %-42s %8s %6s %6s %8s\n", "attack", "", "planted", "found", "alert", "minutes");
	for (unsigned row = 0; row < nattack_rows; row++) {
		const struct result_row *r = &s->rows[row];

		printf("# %-20s %-42s %8u %6u %6u ", attack_rows[row].name, attack_rows[row].story, r->planted, r->found,
		    r->alerted);
		if (s->minutes[row] < 0)
			printf("%8s\n", "-");
		else
			printf("%8.1f\n", s->minutes[row]);
	}
}

static const char *
column(unsigned a)
{
	return a == BY_CASE ? "case" : activity_info((enum activity)a)->name;
}

/* What goes on in everybody's life is not worth a line: it is no finding that anybody looks at. */
static bool
is_shown(const struct result *results, size_t n, unsigned a)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		for (int w = FILLING; w <= FULL; w++)
			sum += results[i].alerts[w][a] + (a < ACT_COUNT ? results[i].findings[w][a] : 0);
	}
	return sum > 0 && a != ACT_LOGIN && a != ACT_OUTBOUND_SSH && a != ACT_RELAY && a != ACT_AGENT_USE &&
	    a != ACT_MUX_USE && a != ACT_LISTEN && a != ACT_SESSION_BRIDGE;
}

static double
mean_of(const struct result *results, size_t n, int w, unsigned a, bool alerts)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += alerts ? results[i].alerts[w][a] : a < ACT_COUNT ? results[i].findings[w][a] : 0;
	return sum / (double)n;
}

static void
print_false(const struct result *results, size_t n)
{
	printf("#\n# of no attack, a day:    days %d to %d              days %d to %d\n", from_day[FILLING],
	    to_day[FILLING] - 1, from_day[FULL], to_day[FULL] - 1);
	printf("# %-22s %9s %9s     %9s %9s\n", "", "recorded", "alerts", "recorded", "alerts");
	for (unsigned a = 0; a <= ACT_COUNT; a++)
		if (is_shown(results, n, a))
			printf("# %-22s %9.2f %9.2f     %9.2f %9.2f\n", column(a), mean_of(results, n, FILLING, a, false),
			    mean_of(results, n, FILLING, a, true), mean_of(results, n, FULL, a, false),
			    mean_of(results, n, FULL, a, true));
	for (size_t i = 0; i < n; i++)
		printf("# seed %-17llu %9s %9.2f     %9s %9.2f\n", (unsigned long long)results[i].seed, "",
		    all_alerts(&results[i], FILLING), "", all_alerts(&results[i], FULL));
}

static struct result_without
whole(const struct result *r)
{
	struct result_without all = {0};

	for (unsigned row = 0; row < nattack_rows; row++) {
		all.found += r->rows[row].found;
		all.alerted += r->rows[row].alerted;
	}
	return all;
}

/* What would be missing, of the first run. */
static void
print_without(const struct result *r)
{
	const struct result_without all = whole(r);

	printf("#\n# %-22s %9s %9s %18s\n", "without (first seed)", "not found", "no alert", "false alerts a day");
	for (size_t i = 0; i < nablations; i++)
		printf("# %-22s %9u %9u %18.2f\n", activity_info(ablations[i])->name, all.found - r->without[i].found,
		    all.alerted - r->without[i].alerted, r->without[i].alerts);
}

static void
print_summary(const struct sum *s, size_t n)
{
	double *full = (double[SEEDS_MAX]){0}, mid;

	for (size_t i = 0; i < n; i++)
		full[i] = s->false_alerts[FULL][i];
	mid = median(full, n);
	printf("#\n# %.1f %% of %u attacks alerted, %.1f %% found; %.2f false alerts a day for %d people (median of %zu runs; "
	       "worst %.2f)\n", percent(s->alerted, s->planted), s->planted, percent(s->found, s->planted), mid, PEOPLE, n,
	    full[n - 1]);
	printf("# Hopper (2021): %.1f %% of over 300 attacks at under %.0f alerts a day, %.1f in a million logins;\n"
	       "# ours: %.0f logins a day, %.2f false alerts in a thousand; %.0f a day are reached at %.0f people.\n",
	    HOPPER_RATE, HOPPER_ALERTS, HOPPER_ALERTS / HOPPER_LOGINS * 1e6, s->logins, 1e3 * mid / s->logins,
	    HOPPER_ALERTS, mid > 0 ? HOPPER_ALERTS / mid * PEOPLE : 0);
	puts("# Ours is made up, one host, and knows of each login which key and which processes it has; theirs is real,\n"
	     "# a company's machines, and knows logins alone.");
}

/* --- for programs --------------------------------------------------------------------------------------------- */

static void
put_rows(struct json *j, const struct result_row *rows)
{
	json_karray(j, "attacks");
	for (unsigned row = 0; row < nattack_rows; row++) {
		json_object(j);
		json_kstr(j, "name", attack_rows[row].name);
		json_kint(j, "planted", rows[row].planted);
		json_kint(j, "found", rows[row].found);
		json_kint(j, "alerted", rows[row].alerted);
		json_end(j, '}');
	}
	json_end(j, ']');
}

/* In thousandths: our JSON knows whole numbers. */
static int64_t
milli(double x)
{
	return (int64_t)(x * 1000 + 0.5);
}

static void
put_false(struct json *j, const struct result *r)
{
	json_kobject(j, "alerts_per_1000_days");
	for (unsigned a = 0; a <= ACT_COUNT; a++)
		if (r->alerts[FULL][a] > 0)
			json_kint(j, column(a), milli(r->alerts[FULL][a]));
	json_kint(j, "all", milli(all_alerts(r, FULL)));
	json_kint(j, "all_while_filling", milli(all_alerts(r, FILLING)));
	json_end(j, '}');
	json_kobject(j, "findings_per_1000_days");
	for (unsigned a = 0; a < ACT_COUNT; a++)
		if (r->findings[FULL][a] > 0)
			json_kint(j, column(a), milli(r->findings[FULL][a]));
	json_end(j, '}');
}

static void
print_json(const struct result *results, size_t n, const struct sum *s)
{
	struct buf text = BUF_INIT;
	struct json j;

	for (size_t i = 0; i < n; i++) {
		json_init(&j, &text);
		json_object(&j);
		json_kint(&j, "seed", (int64_t)results[i].seed);
		json_kint(&j, "logins", (int64_t)results[i].logins);
		put_rows(&j, results[i].rows);
		put_false(&j, &results[i]);
		json_end(&j, '}');
		buf_putc(&text, '\n');
	}
	json_init(&j, &text);
	json_object(&j);
	json_kint(&j, "runs", (int64_t)n);
	json_kint(&j, "planted", s->planted);
	json_kint(&j, "found", s->found);
	json_kint(&j, "alerted", s->alerted);
	json_end(&j, '}');
	buf_putc(&text, '\n');
	if (buf_ok(&text))
		fputs(text.p, stdout);
	buf_free(&text);
}

/* --- as tests ------------------------------------------------------------------------------------------------- */

static bool
judge(bool holds, const char *what)
{
	printf("%sok %s\n", holds ? "" : "not ", what);
	return holds;
}

/* What is seen is always found; what is held against habits only where the victim has not got that habit. */
static bool
judge_row(const struct sum *s, unsigned row)
{
	static const uint32_t seen = 1u << ACT_LISTED_ORIGIN | 1u << ACT_ESCALATED_AGENT | 1u << ACT_AGENT_HIJACK |
	    1u << ACT_KEY_READ | 1u << ACT_SSH_TAMPER | 1u << ACT_UNREPORTED_SESSION | 1u << ACT_SSH_PROXY;
	const struct result_row *r = &s->rows[row];
	const double least = (attack_rows[row].finds & seen) != 0 ? 100 : BOUND_ROW;
	char what[96];

	(void)snprintf(what, sizeof(what), "%s: %.0f %% are found", attack_rows[row].name, least);
	return judge(percent(r->found, r->planted) >= least, what);
}

/* A row that no detector's absence could change would be no test of it. */
static bool
judge_ablation(const struct result *r, size_t which)
{
	char what[96];

	(void)snprintf(what, sizeof(what), "without %s something is not found", activity_info(ablations[which])->name);
	return judge(r->without[which].found < whole(r).found, what);
}

static bool
print_gate(const struct result *results, const struct sum *s, size_t n)
{
	double full[SEEDS_MAX], mid;
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		full[i] = s->false_alerts[FULL][i];
	mid = median(full, n);
	for (unsigned row = 0; row < nattack_rows; row++)
		ok = judge_row(s, row) && ok;
	for (size_t i = 0; i < nablations; i++)
		ok = judge_ablation(&results[0], i) && ok;
	ok = judge(percent(s->found, s->planted) >= BOUND_FOUND, "of all but the careful, nearly all are found") && ok;
	ok = judge(percent(s->alerted, s->planted) >= BOUND_ALERTED, "and most are alerted") && ok;
	ok = judge(mid < BOUND_FALSE, "under one false alert a day for fifty people, in the median run") && ok;
	return judge(full[n - 1] < BOUND_WORST, "and not many more in the worst") && ok;
}

bool
table_print(const struct result *results, size_t n, const struct options *o)
{
	struct sum s;

	sum_all(&s, results, n);
	if (o->json) {
		print_json(results, n, &s);
		return true;
	}
	print_attacks(&s);
	print_false(results, n);
	if (o->gate)
		print_without(&results[0]);
	print_summary(&s, n);
	return !o->gate || print_gate(results, &s, n);
}
