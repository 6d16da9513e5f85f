/*
 * fuzz_event: a stream, from bytes to facts.  However it is cut into pieces, the same must come out;
 * nothing stays open, and every record is accounted for.
 */
#include <libaudit.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/fact.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

struct outcome {
	uint64_t events, records, sum;
	struct fact_scratch *scratch;
};

/* Reads every byte of it, for the sanitizers. */
static void
take(struct outcome *o, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		o->sum = o->sum * 31 + (unsigned char)b.p[i];
}

static void
take_fact(struct outcome *o, const struct fact *f)
{
	const struct bytes all[] = {f->node, f->comm, f->exe, f->tty, f->argv, f->cwd, f->path, f->un.path,
	    f->acct, f->addr, f->hostname, f->terminal, f->op, f->grantors, f->user_exe};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		take(o, all[i]);
	MUST(f->argv.n <= ST_ARGV_BYTES);
	o->sum = o->sum * 31 + f->kind + f->pid + f->ses + f->family + (uint64_t)f->exit;
}

static void
on_event(const struct aev *ev, void *arg)
{
	struct outcome *o = arg;
	struct fact f;

	MUST(ev->nrec > 0 && ev->nrec <= ST_EVENT_RECORDS);
	o->events++;
	o->records += ev->nrec;
	for (size_t i = 0; i < ev->nrec; i++) {
		MUST(ev->rec[i].serial == ev->serial && ev->rec[i].type != AUDIT_EOE);
		take(o, ev->rec[i].body);
	}
	fact_from_event(ev, o->scratch, &f);
	MUST(f.serial == ev->serial);
	take_fact(o, &f);
}

static struct outcome
run(const char *p, size_t n, size_t step)
{
	struct outcome o = {.scratch = fact_scratch_new()};
	struct aev_assembler *a = aev_new(on_event, &o);

	MUST(o.scratch != NULL && a != NULL);
	for (size_t at = 0; at < n; at += step)
		aev_feed(a, p + at, n - at < step ? n - at : step);

	const struct aev_stats *s = aev_stats_get(a);

	MUST(s->open <= ST_OPEN_EVENTS && s->open_bytes <= ST_OPEN_BYTES);
	aev_flush(a);
	MUST(s->open == 0 && s->open_bytes == 0);
	MUST(s->events == o.events && o.records + s->cut <= s->records);
	aev_free(&a);
	fact_scratch_free(&o.scratch);
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct outcome whole = run(p, n, n + 1);
	struct outcome pieces = run(p, n, n % 61 + 1);

	MUST(whole.events == pieces.events && whole.records == pieces.records && whole.sum == pieces.sum);
	return 0;
}
