/* attacks: see attacks.h. */
#include "tests/simulate/attacks.h"

#include "tests/simulate/life.h"

#define KB 1e3
#define MB 1e6
#define BIT(a) (1u << (a))

/* --- pieces --------------------------------------------------------------------------------------------- */

static struct endpoint
from_port(struct addr a)
{
	return (struct endpoint){.addr = a, .port = 51515};
}

/* Where the victim was all the time. */
static struct addr
usual_addr(const struct person *p)
{
	return p->abroad ? home_addr(p) : office_addr(p, p->office);
}

static struct credentials
stolen(const struct attack *a, struct addr from)
{
	return (struct credentials){.user = a->victim->name, .uid = a->victim->uid, .from = from_port(from),
	    .key = a->victim->key[0]};
}

static struct visit *
enter(struct site *s, struct attack *a, struct credentials c, struct rtime when)
{
	a->begin = a->end = when;
	return visit_new(s, &c, when, a->id);
}

/* In the middle of the victim's working hours. */
static struct rtime
in_hours(struct site *s, const struct attack *a, int day)
{
	const struct person *p = a->victim;

	return local_time(p, day, p->begins + 1 + rng_unit(&s->world->rng) * (p->ends - p->begins - 3));
}

/* One that the victim has nothing to do with: another team's. */
static struct endpoint
strange_host(struct site *s, const struct attack *a)
{
	unsigned host;

	do
		host = rng_below(&s->world->rng, HOSTS);
	while (host_team(host) == a->victim->team);
	return (struct endpoint){.addr = host_addr(host), .port = 22};
}

static void
hop(struct site *s, struct attack *a, struct visit *v, enum by by, double at)
{
	visit_errand(v, &(struct errand){.by = by, .program = PROG_SSH, .to = strange_host(s, a), .at = at, .minutes = 4,
	    .sent = 30 * KB, .received = 200 * KB, .through = true});
}

static void
leave(struct attack *a, struct visit *v, double minutes)
{
	visit_leave(v, minutes);
	visit_go(v);
	if (a->begin.ms + (int64_t)(minutes * (double)MINUTE_MS) > a->end.ms)
		a->end.ms = a->begin.ms + (int64_t)(minutes * (double)MINUTE_MS);
}

static int
day_of(const struct attack *a)
{
	return (int)((a->begin.ms - FIRST_DAY) / DAY_MS);
}

/* --- ssh-proxy ------------------------------------------------------------------------------------------ */

/* The victim's laptop is the attacker's: all is as ever, but where he goes on to. */
static void
proxy_nested(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	visit_shell(v, 0.05);
	for (int i = 0; i < 4; i++)
		hop(s, a, v, BY_SHELL, 1 + 6 * i);
	leave(a, v, 30);
}

static void
proxy_relay(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, foreign_addr(&s->world->rng)), in_hours(s, a, day_of(a)));

	for (int i = 0; i < 3; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD, .to = strange_host(s, a), .at = 0.1 + 5 * i, .minutes = 12,
		    .sent = 400 * KB, .received = 3 * MB, .through = true});
	leave(a, v, 40);
}

/* -D: a scan first, then gigabytes out of what was found. */
static void
proxy_socks(struct site *s, struct attack *a)
{
	static const unsigned ports[] = {22, 445, 3389, 5432, 443};
	struct visit *v = enter(s, a, stolen(a, foreign_addr(&s->world->rng)), in_hours(s, a, day_of(a)));

	for (unsigned i = 0; i < 100; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD, .at = 0.1 + 0.1 * i, .minutes = 0.1, .sent = KB,
		    .received = KB, .through = true,
		    .to = {.addr = host_addr(rng_below(&s->world->rng, HOSTS)), .port = (uint16_t)ports[i % 5]}});
	for (int i = 0; i < 3; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD, .at = 15 + 20 * i, .minutes = 18, .sent = 2 * MB,
		    .received = 3000 * MB, .through = true, .to = strange_host(s, a)});
	leave(a, v, 80);
}

/* One connection a day to one new host, in the victim's hours, with little in it. */
static void
proxy_slow(struct site *s, struct attack *a)
{
	struct addr from = foreign_addr(&s->world->rng);
	int first = day_of(a);
	struct rtime begin = RTIME_NONE;

	for (int i = 0; i < 4; i++) {
		struct visit *v = enter(s, a, stolen(a, from), in_hours(s, a, first + i));

		visit_errand(v, &(struct errand){.by = BY_SSHD, .to = strange_host(s, a), .at = 0.1, .minutes = 8,
		    .sent = 20 * KB, .received = 80 * KB, .through = true});
		if (i == 0)
			begin = a->begin;
		leave(a, v, 10);
	}
	a->begin = begin;
}

/* The victim's laptop again, and the victim's own hosts: gigabytes of what they hold. */
static void
proxy_volume(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	for (int i = 0; i < 3; i++)
		visit_errand(v, &(struct errand){.by = BY_SSHD, .at = 0.1 + 20 * i, .minutes = 18, .sent = 20 * MB,
		    .received = 9000 * MB, .through = true,
		    .to = {.addr = host_addr(a->victim->favorites[i]), .port = 22}});
	leave(a, v, 70);
}

/* --- against what is usual --------------------------------------------------------------------------------- */

/* Looks around, and goes on to two hosts. */
static void
look_and_hop(struct site *s, struct attack *a, struct visit *v)
{
	visit_shell(v, 0.05);
	visit_work(v, 1);
	hop(s, a, v, BY_SHELL, 4);
	hop(s, a, v, BY_SHELL, 12);
	leave(a, v, 25);
}

static void
origin_network(struct site *s, struct attack *a)
{
	look_and_hop(s, a, enter(s, a, stolen(a, foreign_addr(&s->world->rng)), in_hours(s, a, day_of(a))));
}

/* Looks whether the key is good; goes on when nobody came. */
static void
comes_back(struct site *s, struct attack *a)
{
	struct credentials c = stolen(a, foreign_addr(&s->world->rng));
	struct rtime first = in_hours(s, a, day_of(a));
	struct visit *v = enter(s, a, c, first);

	visit_shell(v, 0.05);
	leave(a, v, 3);
	look_and_hop(s, a, enter(s, a, c, (struct rtime){.ms = first.ms + 90 * MINUTE_MS}));
	a->begin = first;
}

/* A line in authorized_keys, used by somebody who sits in the same office. */
static void
origin_key(struct site *s, struct attack *a)
{
	struct credentials c = stolen(a, usual_addr(a->victim));

	c.key = "SHA256:intruder";
	look_and_hop(s, a, enter(s, a, c, in_hours(s, a, day_of(a))));
}

/* The key is tried, nothing else. */
static void
origin_only(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, foreign_addr(&s->world->rng)), in_hours(s, a, day_of(a)));

	visit_shell(v, 0.05);
	visit_work(v, 1);
	leave(a, v, 5);
}

/* The stolen laptop, at three in the night. */
static void
hour(struct site *s, struct attack *a)
{
	struct rtime when = local_time(a->victim, day_of(a), 2.5 + rng_unit(&s->world->rng));

	look_and_hop(s, a, enter(s, a, stolen(a, home_addr(a->victim)), when));
}

/* Comes in as ever, and stays for four days, for others to come in by. */
static void
duration(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	visit_errand(v, &(struct errand){.by = BY_SSHD, .to = strange_host(s, a), .at = 5, .minutes = 5700,
	    .sent = 20 * MB, .received = 90 * MB, .through = true});
	leave(a, v, 5760);
}

static void
destination(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	visit_shell(v, 0.05);
	for (int i = 0; i < 12; i++)
		visit_errand(v, &(struct errand){.by = BY_SHELL, .program = PROG_SSH, .to = strange_host(s, a),
		    .at = 1 + 1.5 * i, .minutes = 0.5, .sent = 5 * KB, .received = 8 * KB, .through = true});
	leave(a, v, 25);
}

/* While the victim is at work. */
static void
concurrent(struct site *s, struct attack *a)
{
	struct rtime when = in_hours(s, a, day_of(a));
	struct credentials own = {.user = a->victim->name, .uid = a->victim->uid,
	    .from = from_port(usual_addr(a->victim)), .key = a->victim->key[0]};
	struct visit *work = visit_new(s, &own, (struct rtime){.ms = when.ms - 30 * MINUTE_MS}, NO_ATTACK);

	visit_shell(work, 0.05);
	visit_work(work, 1);
	visit_leave(work, 120);
	visit_go(work);
	look_and_hop(s, a, enter(s, a, stolen(a, foreign_addr(&s->world->rng)), when));
}

static void
listed(struct site *s, struct attack *a)
{
	struct addr from = {.family = 4, .b = {192, 42, 116, (uint8_t)rng_between(&s->world->rng, 1, 254)}};

	look_and_hop(s, a, enter(s, a, stolen(a, from), in_hours(s, a, day_of(a))));
}

/* --- within the host ---------------------------------------------------------------------------------------- */

/* The other one is at work, with his agent forwarded. */
static void
victim_at_work(struct site *s, struct attack *a, struct rtime when)
{
	struct credentials c = {.user = a->other->name, .uid = a->other->uid, .from = from_port(usual_addr(a->other)),
	    .key = a->other->key[0], .agent = true};
	struct visit *v = visit_new(s, &c, (struct rtime){.ms = when.ms - 20 * MINUTE_MS}, NO_ATTACK);

	visit_shell(v, 0.05);
	visit_work(v, 1);
	visit_leave(v, 90);
	visit_go(v);
}

/* To root, to another user, and on with what is his: his key, his agent. */
static void
escalated(struct site *s, struct attack *a)
{
	struct rtime when = in_hours(s, a, day_of(a));
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), when);

	visit_shell(v, 0.05);
	visit_sudo(v, 2);
	visit_su(v, 4, a->other->name, a->other->uid);
	hop(s, a, v, BY_OTHER, 6);
	hop(s, a, v, BY_OTHER, 12);
	leave(a, v, 30);
}

static void
hijack(struct site *s, struct attack *a)
{
	struct rtime when = in_hours(s, a, day_of(a));
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), when);

	victim_at_work(s, a, when);
	visit_shell(v, 0.05);
	visit_sudo(v, 2);
	visit_agent_of(v, 5, BY_ROOT, a->other->name);
	hop(s, a, v, BY_ROOT, 6);
	leave(a, v, 20);
}

static void
key_read(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	visit_shell(v, 0.05);
	visit_sudo(v, 2);
	visit_read_key(v, 4, BY_ROOT, a->other);
	leave(a, v, 15);
}

static void
tamper(struct site *s, struct attack *a)
{
	struct rtime when = in_hours(s, a, day_of(a));
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), when);

	victim_at_work(s, a, when);
	visit_shell(v, 0.05);
	visit_sudo(v, 2);
	visit_attach(v, 5, BY_ROOT, a->other->name);
	leave(a, v, 20);
}

static void
own_server(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	visit_shell(v, 0.05);
	visit_own_server(v, 3);
	leave(a, v, 20);
}

/* What is no session of anybody's; the visit, of cron's, is only there for its time. */
static struct visit *
nobodys(struct site *s, struct attack *a)
{
	struct credentials c = {.user = "backup", .uid = BACKUP_UID, .from = from_port(foreign_addr(&s->world->rng))};

	a->begin = a->end = in_hours(s, a, day_of(a));
	return visit_cron(s, &c, a->begin);
}

/* A dropbear that was left behind. */
static void
backdoor(struct site *s, struct attack *a)
{
	struct visit *v = nobodys(s, a);

	visit_without_pam(v, 0.5, a->victim->uid);
	leave(a, v, 5);
}

/* One that makes no call which audit looks at. */
static void
stranger(struct site *s, struct attack *a)
{
	struct visit *v = nobodys(s, a);

	visit_served(v, 1);
	leave(a, v, 5);
}

/* --- together ------------------------------------------------------------------------------------------------ */

/* A stolen key at night: root, a key, somebody's agent, and on from there. */
static void
chain(struct site *s, struct attack *a)
{
	struct rtime when = local_time(a->victim, day_of(a), 23.5 + rng_unit(&s->world->rng) * 4);
	struct visit *v = enter(s, a, stolen(a, foreign_addr(&s->world->rng)), when);

	victim_at_work(s, a, when);
	visit_shell(v, 0.05);
	visit_sudo(v, 3);
	visit_read_key(v, 5, BY_ROOT, a->other);
	visit_agent_of(v, 8, BY_ROOT, a->other->name);
	hop(s, a, v, BY_ROOT, 9);
	visit_errand(v, &(struct errand){.by = BY_SSHD, .to = strange_host(s, a), .at = 15, .minutes = 20,
	    .sent = MB, .received = 30 * MB, .through = true});
	leave(a, v, 45);
}

/* The victim's network, key and hours; one new host, an hour of work there. */
static void
careful(struct site *s, struct attack *a)
{
	struct visit *v = enter(s, a, stolen(a, usual_addr(a->victim)), in_hours(s, a, day_of(a)));

	visit_shell(v, 0.05);
	visit_errand(v, &(struct errand){.by = BY_SHELL, .program = PROG_SSH, .to = strange_host(s, a), .at = 5,
	    .minutes = 50, .sent = 60 * KB, .received = 400 * KB, .through = true});
	leave(a, v, 60);
}

const struct attack_row attack_rows[] = {
	{.name = "proxy-nested", .story = "own laptop taken; ssh to 4 new hosts",
	    .finds = BIT(ACT_SSH_PROXY), .grade = GRADE_DETECTED, .plan = proxy_nested},
	{.name = "proxy-relay", .story = "stolen key elsewhere; -J to 3 new hosts",
	    .finds = BIT(ACT_SSH_PROXY), .grade = GRADE_DETECTED, .plan = proxy_relay},
	{.name = "proxy-socks", .story = "stolen key elsewhere; -D, a scan, 9 GB",
	    .finds = BIT(ACT_SSH_PROXY), .grade = GRADE_DETECTED, .plan = proxy_socks},
	{.name = "proxy-slow", .story = "stolen key elsewhere; -W, one host a day",
	    .finds = BIT(ACT_SSH_PROXY), .grade = GRADE_SUSPICIOUS, .plan = proxy_slow},
	{.name = "proxy-volume", .story = "own laptop taken; the usual hosts, 27 GB",
	    .finds = BIT(ACT_SSH_PROXY), .grade = GRADE_HIGH_VOLUME, .careful = true, .plan = proxy_volume},
	{.name = "unusual-origin", .story = "stolen key elsewhere; ssh to 2 new hosts",
	    .finds = BIT(ACT_UNUSUAL_ORIGIN), .plan = origin_network},
	{.name = "comes-back", .story = "the same, but looks first, and returns",
	    .finds = BIT(ACT_UNUSUAL_ORIGIN), .plan = comes_back},
	{.name = "unusual-key", .story = "usual network, another key; 2 new hosts",
	    .finds = BIT(ACT_UNUSUAL_ORIGIN), .plan = origin_key},
	{.name = "unusual-hour", .story = "stolen laptop at three; 2 new hosts",
	    .finds = BIT(ACT_UNUSUAL_HOUR), .by_day = true, .plan = hour},
	{.name = "unusual-duration", .story = "own laptop taken; a relay for four days",
	    .finds = BIT(ACT_UNUSUAL_DURATION), .plan = duration},
	{.name = "unusual-destination", .story = "own laptop taken; 12 new hosts in 20 min",
	    .finds = BIT(ACT_UNUSUAL_DESTINATION), .plan = destination},
	{.name = "concurrent-origins", .story = "elsewhere while the victim works",
	    .finds = BIT(ACT_CONCURRENT_ORIGINS), .plan = concurrent},
	{.name = "listed-origin", .story = "stolen key, from a listed network",
	    .finds = BIT(ACT_LISTED_ORIGIN), .plan = listed},
	{.name = "escalated-agent", .story = "root, then another user and his keys",
	    .finds = BIT(ACT_ESCALATED_AGENT), .plan = escalated},
	{.name = "agent-hijack", .story = "root asks another login's agent",
	    .finds = BIT(ACT_AGENT_HIJACK), .plan = hijack},
	{.name = "key-read", .story = "root reads another user's key",
	    .finds = BIT(ACT_KEY_READ), .plan = key_read},
	{.name = "ssh-tamper", .story = "a debugger on another login's sshd",
	    .finds = BIT(ACT_SSH_TAMPER), .plan = tamper},
	{.name = "own-server", .story = "an sshd of one's own",
	    .finds = BIT(ACT_UNREPORTED_SESSION), .plan = own_server},
	{.name = "backdoor", .story = "a server that does without PAM",
	    .finds = BIT(ACT_UNREPORTED_SESSION), .sessionless = true, .plan = backdoor},
	{.name = "stranger", .story = "a server that audit says nothing of",
	    .finds = BIT(ACT_UNREPORTED_SESSION), .sessionless = true, .plan = stranger},
	{.name = "chain", .story = "elsewhere, night, root, key, agent, relay",
	    .finds = BIT(ACT_UNUSUAL_ORIGIN) | BIT(ACT_UNUSUAL_HOUR) | BIT(ACT_AGENT_HIJACK), .plan = chain},
	{.name = "looks-only", .story = "stolen key elsewhere; looks, and leaves",
	    .finds = BIT(ACT_UNUSUAL_ORIGIN), .careful = true, .plan = origin_only},
	{.name = "careful", .story = "own laptop, network, hours; one new host",
	    .finds = BIT(ACT_SSH_PROXY) | BIT(ACT_UNUSUAL_DESTINATION), .careful = true, .plan = careful},
};
const size_t nattack_rows = sizeof(attack_rows) / sizeof(attack_rows[0]);

void
attack_plan(struct site *s, struct attack *a, int day)
{
	a->begin = a->end = local_time(a->victim, day, 12);
	attack_rows[a->row].plan(s, a);
}
