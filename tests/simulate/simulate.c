/*
 * simulate: sixty days of fifty people and of those who are after them, through the code that the engine runs:
 * records, reports and volumes in; host, baseline, detectors, policy and cases; alerts out.  Virtual time, a
 * seed, no daemon.
 *
 *   simulate [--json] [--gate] [--verbose] [--without ACTIVITY] [SEED…]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/baseline/baseline.h"
#include "tests/simulate/life.h"
#include "tests/simulate/table.h"

#define EACH_ROW  2  /* attacks of a kind, in one world */
#define APART     7  /* days, for one victim: what one attack teaches shall not hide the next */
#define FIRST_ATTACK TRAINED_DAY
#define LAST_ATTACK  56
#define TICK_MS   MINUTE_MS
#define NIGHT_OWL 0.06 /* more days with a login at night than that: no night is unusual */

/* What a site of this kind would have written: its service accounts have no habits of people. */
static const char policy_text[] = "fleet example\nserial 1\nno-baseline user { ci, deploy, backup }\n";

struct planned {
	struct attack attacks[ATTACKS_MAX];
	int day[ATTACKS_MAX];
	size_t n;
};

static void
die(const char *what)
{
	fprintf(stderr, "simulate: %s\n", what);
	exit(1);
}

/* --- who, and when ---------------------------------------------------------------------------------------- */

/* Somebody who is known well enough to be told from others, and is at work. */
static bool
is_victim(const struct person *p, int day)
{
	return p->role != ROLE_RARE && !p->part_time && p->first_day == 0 && person_works(p, day) &&
	    person_works(p, day + 1) && !person_travels(p, day);
}

static struct person *
somebody(struct world *w, struct rng *r, int day, const struct person *but)
{
	for (;;) {
		struct person *p = &w->people[rng_below(r, PEOPLE)];

		if (p != but && is_victim(p, day))
			return p;
	}
}

static bool
was_attacked(const struct planned *p, const struct person *victim, int day)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->attacks[i].victim == victim && abs(p->day[i] - day) < APART)
			return true;
	return false;
}

/* Monday or Tuesday: those that go on for days shall have days of work. */
static int
some_day(struct rng *r)
{
	for (;;) {
		int day = rng_between(r, FIRST_ATTACK, LAST_ATTACK);

		if (day_of_week(day) < 2 && !is_holiday(day) && !is_holiday(day + 1))
			return day;
	}
}

static void
choose(struct planned *p, struct world *w, struct rng *r)
{
	for (unsigned row = 0; row < nattack_rows; row++) {
		for (unsigned i = 0; i < EACH_ROW; i++) {
			struct attack *a = &p->attacks[p->n];
			struct person *victim;
			int day;

			do {
				day = some_day(r);
				victim = somebody(w, r, day, NULL);
			} while (was_attacked(p, victim, day) ||
			    (attack_rows[row].by_day && habits[victim->role].late > NIGHT_OWL));
			*a = (struct attack){.row = row, .id = (int)p->n, .victim = victim};
			a->other = somebody(w, r, day, a->victim);
			a->begin.ms = a->end.ms = INT64_MAX / 2;
			p->day[p->n++] = day;
		}
	}
}

/* --- a run ------------------------------------------------------------------------------------------------ */

static bool
is_listed(struct addr a, const char **list, void *arg)
{
	struct prefix listed;

	(void)arg;
	*list = "exits.txt";
	return prefix_parse(BYTES_LIT("192.42.116.0/24"), &listed) && prefix_has(listed, a);
}

static struct policy *
policy_new(void)
{
	struct pol_options options = {.now = {.ms = FIRST_DAY}};
	struct buf diag = BUF_INIT;
	unsigned errors = 0;
	struct policy *p = pol_parse("simulate.policy", bytes_of(policy_text), &options, &diag, &errors);

	if (p == NULL)
		die(diag.p != NULL ? diag.p : "no policy");
	buf_free(&diag);
	return p;
}

/* What one world shows to several who look at it: all that there is, and each time but for one detector. */
struct observers {
	struct ledger *of[1 + ABLATIONS_MAX]; /* owned */
	size_t n;
};

static void
on_ruling(const struct ruling *r, void *arg)
{
	const struct observers *o = arg;

	for (size_t i = 0; i < o->n; i++)
		ledger_ruling(r, o->of[i]);
}

static void
on_opened(uint32_t ses, int attack, void *arg)
{
	const struct observers *o = arg;

	for (size_t i = 0; i < o->n; i++)
		ledger_session(ses, attack, o->of[i]);
}

static void
on_ended(uint32_t ses, void *arg)
{
	const struct observers *o = arg;

	for (size_t i = 0; i < o->n; i++)
		ledger_ended(ses, o->of[i]);
}

static struct ledger *
observe(struct observers *o, const struct planned *p, const struct baseline *b, uint32_t off)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL || !ledger_open(l, p->attacks, p->n, b))
		die("out of memory");
	l->off = off;
	return o->of[o->n++] = l;
}

static void
observers_make(struct observers *o, const struct planned *p, const struct baseline *b, const struct options *opt,
    bool first)
{
	struct ledger *l = observe(o, p, b, opt->off);

	l->verbose = opt->verbose;
	for (size_t i = 0; opt->gate && first && i < nablations; i++)
		(void)observe(o, p, b, 1u << ablations[i]);
}

static struct machine *
machine_for(struct observers *o, struct baseline *b, const struct policy *policy)
{
	struct machine *m = machine_new(&(struct pipeline_options){.boot_id = "", .host_name = "bastion",
	    .host_mode = MODE_AUDIT, .baseline = b, .is_listed = is_listed, .ruling = on_ruling,
	    .folded = on_ruling, .arg = o});

	if (m == NULL)
		die("out of memory");
	pipeline_policy(machine_pipeline(m), policy);
	return m;
}

static struct rtime
midnight(int day)
{
	return (struct rtime){.ms = FIRST_DAY + day * DAY_MS};
}

/* A day is planned twelve hours ahead: it begins before midnight where somebody travels. */
static void
play(struct site *s, struct planned *p)
{
	for (int day = 0; day < DAYS; day++) {
		world_day(s->world, day);
		life_day(s, day);
		for (size_t i = 0; i < p->n; i++)
			if (p->day[i] == day)
				attack_plan(s, &p->attacks[i], day);
		for (int64_t ms = midnight(day).ms; ms < midnight(day + 1).ms; ms += TICK_MS)
			site_until(s, (struct rtime){.ms = ms - DAY_MS / 2});
	}
	site_until(s, (struct rtime){.ms = midnight(DAYS).ms});
}

static void
run(uint64_t seed, const struct options *opt, bool first, struct result *out)
{
	static const struct baseline_settings settings = {.window = 30, .data = 14, .active = 10};
	struct baseline *b = baseline_new(&settings);
	struct policy *policy = policy_new();
	struct planned *p = calloc(1, sizeof(*p));
	struct world *w = calloc(1, sizeof(*w));
	struct observers o = {.n = 0};
	struct site site = {.world = w, .opened = on_opened, .ended = on_ended, .arg = &o};
	struct rng r;

	if (b == NULL || p == NULL || w == NULL)
		die("out of memory");
	world_make(w, seed);
	r = rng_fork(&w->rng);
	choose(p, w, &r);
	observers_make(&o, p, b, opt, first);
	site.machine = machine_for(&o, b, policy);
	for (size_t i = 0; i < o.n; i++)
		o.of[i]->machine = site.machine;
	play(&site, p);
	machine_flush(site.machine);
	result_take(out, seed, o.of[0], site.logins);
	for (size_t i = 1; i < o.n; i++)
		result_without(out, i - 1, o.of[i]);
	site_free(&site);
	machine_free(&site.machine);
	for (size_t i = 0; i < o.n; i++) {
		ledger_close(o.of[i]);
		free(o.of[i]);
	}
	baseline_free(&b);
	pol_free(&policy);
	free(p);
	free(w);
}

/* --- the command ------------------------------------------------------------------------------------------ */

static void
usage(FILE *f)
{
	fputs("usage: simulate [--json] [--gate] [--verbose] [--without ACTIVITY]... [SEED...]\n"
	      "  --json      an object a seed and one for all of them\n"
	      "  --gate      also what each detector is worth, by the first seed; prints a test a line, and fails when\n"
	      "              one does\n"
	      "  --verbose   each false alert, on stderr\n"
	      "  --without   as if there was no detector of that activity\n", f);
}

static void
switch_off(struct options *o, const char *name)
{
	enum activity a;

	if (!activity_parse(bytes_of(name), &a))
		die("no such activity");
	o->off |= 1u << a;
}

static void
parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"gate", no_argument, NULL, 'g'},
		{"verbose", no_argument, NULL, 'v'},
		{"without", required_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'g':
			o->gate = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'w':
			switch_off(o, optarg);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
}

int
main(int argc, char *argv[])
{
	static struct result results[SEEDS_MAX];
	struct options o = {0};
	size_t n = 0;

	parse(argc, argv, &o);
	if (optind == argc)
		run(1, &o, true, &results[n++]);
	for (int i = optind; i < argc && n < SEEDS_MAX; i++, n++)
		run(strtoull(argv[i], NULL, 10), &o, n == 0, &results[n]);
	return table_print(results, n, &o) ? 0 : 1;
}
