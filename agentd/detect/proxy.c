/*
 * ssh-proxy: the host received an SSH connection and went on from it.  A hop or a relay follows from another
 * detector's finding; here it is judged.  The grades, each stronger than the one before:
 *
 *   unusual      the user seldom goes there, or this host never went there for that origin
 *   high-volume  the session carried more than any of its user's, in and out
 *   suspicious   never seen and seldom gone to, a relay there without a shell, or an origin of no known network
 *   detected     what came in by the session went out by it, byte for byte or nearly so
 *
 * The first three hold against what is usual and are silent until that is known.  The last is seen, so it needs no
 * baseline; but a way that the baseline knows well is silent, and so are accounts that the policy leaves out.  Where the
 * user goes anyway it is of low confidence: that he comes from somewhere else is unusual-origin's to tell.  One
 * a day for each destination and grade.  Pure.
 */
#include <stdio.h>

#include "agentd/detect/habit.h"
#include "agentd/detect/proxied.h"
#include "base/amount.h"

#define SELDOM 3            /* days of the window */
#define MUCH   (64u << 20)  /* bytes, in as well as out: below that no volume is high */
#define ON_WAY (8u << 20)   /* bytes that the programs and sockets of a connection hold between in and out */

/* How alike, of how much, how sure. */
static const struct {
	uint64_t bytes;
	unsigned alike;
	enum confidence confidence;
} likeness[] = {
	{1u << 20, 90, CONFIDENCE_HIGH},
	{64u << 10, 85, CONFIDENCE_MEDIUM}, /* a client's greetings and one command are a tenth of that */
};

/* --- where a session went ------------------------------------------------------------------------------- */

static bool
is_command(struct process *p, void *arg)
{
	uint32_t *child = arg;

	if (p->ppid != *child || p->is_sshd || p->exec_time.ms == RTIME_NONE.ms)
		return true;
	*child = 0;
	return false;
}

/* Was anything ever started for the user, a shell or a command? */
static bool
has_shell(const struct detect *d, const struct session *s)
{
	uint32_t child = s->child_pid;

	if (child != 0)
		host_each_process(detect_host(d), s->ses, is_command, &child);
	return child == 0;
}

static struct place *
take_place(struct detect *d, struct proxied *p, const struct finding *f)
{
	struct place *at = place_get(p, f->to);
	const enum grade told = at->grade;

	*at = (struct place){.to = f->to, .from = f->from, .serial = f->serial, .pid = f->pid, .uid = f->uid,
	    .euid = f->euid, .life = f->process != NULL ? f->process->life : 0, .grade = told,
	    .relay = f->activity == ACT_RELAY, .shell = has_shell(d, f->session)};
	return at;
}

/* --- telling it --------------------------------------------------------------------------------------- */

static const char *
manner(const struct place *at)
{
	return !at->relay ? "a client in the session" : at->shell ? "relay beside a shell" : "relay without a shell";
}

static void
start(struct detect *d, const struct session *s, const struct place *at, enum grade grade, struct rtime when,
    struct finding *f)
{
	const struct evidence e = {.time = when, .serial = at->serial, .pid = at->pid, .ses = s->ses,
	    .auid = s->auid, .uid = at->uid, .euid = at->euid, .life = at->life, .to = at->to, .from = at->from,
	    .count = 1};

	finding_start(d, &e, ACT_SSH_PROXY, f);
	if (f->process != NULL && f->process->life != at->life)
		f->process = NULL;
	f->via = NULL;
	f->grade = grade;
}

static void
tell(struct detect *d, struct place *at, struct finding *f)
{
	char to[ENDPOINT_STRLEN], subject[ENDPOINT_STRLEN + 16];

	(void)snprintf(subject, sizeof(subject), "%s %s", endpoint_str(at->to, to), grade_name(f->grade));
	finding_daily(d, f, subject);
	if (at->grade < f->grade)
		at->grade = f->grade;
	finding_send(d, f);
}

/* --- against what is usual ----------------------------------------------------------------------------- */

/* What the baseline says of a hop. */
struct novelty {
	struct usual pair, to, origin;
	char net[USUAL_NET_STRLEN];
	bool seldom;    /* the user goes there */
	bool new_pair, new_origin;
};

/* False: nothing is known yet. */
static bool
ask_usual(const struct detect *d, const struct session *s, struct endpoint to, struct rtime when, struct novelty *n)
{
	char value[ENDPOINT_STRLEN], in[ADDR_STRLEN], out[ADDR_STRLEN], pair[2 * ADDR_STRLEN + 1];

	(void)snprintf(pair, sizeof(pair), "%s %s", addr_str(s->peer.addr, in), addr_str(to.addr, out));
	if (!detect_judges(d, s) ||
	    !detect_usual(d, s, USUAL_DESTINATION, endpoint_str(to, value), when, &n->to) ||
	    !detect_usual(d, s, USUAL_ORIGIN, usual_net(s->peer.addr, n->net), when, &n->origin))
		return false;
	n->pair = detect_usual_here(d, USUAL_PAIR, pair, when);
	n->seldom = n->to.days < SELDOM;
	n->new_pair = n->pair.days == 0;
	n->new_origin = n->origin.days == 0;
	return true;
}

static void
put(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
put(char *text, size_t size, const char *fmt, ...)
{
	const size_t n = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text + n, size - n, fmt, ap);
	va_end(ap);
}

static void
say_unusual(struct finding *f, const struct place *at, const struct novelty *n)
{
	const struct session *s = f->session;
	char in[ADDR_STRLEN], out[ADDR_STRLEN], to[ENDPOINT_STRLEN], why[200] = "";

	if (n->new_origin)
		put(why, sizeof(why), ", came from %s on 0 of %u active days", n->net, n->origin.active);
	if (n->seldom)
		put(why, sizeof(why), ", went there on %u of %u active days", n->to.days, n->to.active);
	if (n->new_pair)
		put(why, sizeof(why), ", first time in %u days from %s to %s", n->to.data + 1,
		    addr_str(s->peer.addr, in), addr_str(at->to.addr, out));
	finding_reason(f, "goes on to %s (%s)%s", endpoint_str(at->to, to), manner(at), why);
}

static void
judge(struct detect *d, const struct session *s, struct place *at, struct rtime when)
{
	struct novelty n;
	struct finding f;
	int against;

	if (!ask_usual(d, s, at->to, when, &n))
		return;
	against = n.new_origin + (n.seldom && n.new_pair) + (n.seldom && at->relay && !at->shell);
	at->known = !n.seldom;
	at->usual = against == 0 && !n.seldom && !n.new_pair;
	if (at->usual)
		return;
	start(d, s, at, against > 0 ? GRADE_SUSPICIOUS : GRADE_UNUSUAL, when, &f);
	f.confidence = confidence_step(CONFIDENCE_LOW, against - 1);
	say_unusual(&f, at, &n);
	tell(d, at, &f);
}

static void
proxy_found(struct detect *d, void *state, const struct finding *f)
{
	const struct session *s = f->session;
	struct proxied *p;

	if (!habit_goes_out(f) || s->ses == SES_UNSET || !s->ssh || s->peer.addr.family == 0 ||
	    !detect_is_learned(d, s) || (p = proxied_get(state, s->ses)) == NULL)
		return;
	passage_began(&p->passage, s, f->time);
	judge(d, s, take_place(d, p, f), f->time);
}

/* --- what passes through ------------------------------------------------------------------------------- */

static void
tell_volume(struct detect *d, struct place *at, struct finding *f, const char *why)
{
	char from[ADDR_STRLEN], to[ENDPOINT_STRLEN], in[AMOUNT_STRLEN], out[AMOUNT_STRLEN];

	finding_reason(f, "is passed through: in from %s %s, out to %s %s%s; %s",
	    addr_str(f->session->peer.addr, from), amount_str(f->bytes_in, in), endpoint_str(at->to, to),
	    amount_str(f->bytes_out, out), why, manner(at));
	tell(d, at, f);
}

/* What is in the host by now has yet to leave it: then there is more, and more alike, to be told. */
static bool
will_be_surer(const struct passed *now, enum confidence c)
{
	return c < CONFIDENCE_HIGH && now->moves && now->apart < ON_WAY;
}

static void
judge_likeness(struct detect *d, const struct session *s, struct place *at, const struct passed *now,
    struct rtime when)
{
	const size_t n = sizeof(likeness) / sizeof(likeness[0]);
	struct finding f;
	char why[64];
	size_t i = 0;

	while (i < n && (now->in < likeness[i].bytes || now->out < likeness[i].bytes || now->alike < likeness[i].alike))
		i++;
	if (i == n || at->usual || at->grade >= GRADE_DETECTED || will_be_surer(now, likeness[i].confidence))
		return;
	start(d, s, at, GRADE_DETECTED, when, &f);
	f.confidence = at->known ? CONFIDENCE_LOW : likeness[i].confidence;
	f.bytes_in = now->in;
	f.bytes_out = now->out;
	(void)snprintf(why, sizeof(why), " within %lld s: %u %% alike", (long long)(now->ms + 999) / 1000,
	    now->alike);
	tell_volume(d, at, &f, why);
}

/* More than any session of that user has carried; where none was measured, nothing is known of it. */
static void
judge_volume(struct detect *d, const struct session *s, const struct passage *p, struct place *at, struct rtime when)
{
	const uint64_t in = passage_in(p), out = passage_out(p);
	const unsigned step = usual_step(in);
	char value[16], most[AMOUNT_STRLEN], why[96];
	struct finding f;
	struct usual u;
	int64_t high;

	if (in < MUCH || out < MUCH || at->grade >= GRADE_HIGH_VOLUME || !detect_judges(d, s))
		return;
	(void)snprintf(value, sizeof(value), "%u", step);
	if (!detect_usual(d, s, USUAL_VOLUME, value, when, &u))
		return;
	high = baseline_high(detect_baseline(d), USUAL_VOLUME, s->user, when, 1);
	if (high < 0 || (int64_t)step <= high)
		return;
	start(d, s, at, GRADE_HIGH_VOLUME, when, &f);
	f.confidence = CONFIDENCE_MEDIUM;
	f.bytes_in = in;
	f.bytes_out = out;
	(void)snprintf(why, sizeof(why), "; in %u days no session of the user had %s", u.data + 1,
	    amount_str(usual_step_from((unsigned)high + 1), most));
	tell_volume(d, at, &f, why);
}

static void
proxy_volume(struct detect *d, void *state, const struct volume *v)
{
	const struct session *s = host_session(detect_host(d), v->ses);
	struct proxied *p = proxied_find(state, v->ses);
	struct passed now;
	struct place *at;

	if (s == NULL || p == NULL || !passage_volume(&p->passage, s, v, &now) ||
	    (at = place_find(p, now.to)) == NULL)
		return;
	judge_likeness(d, s, at, &now, v->time);
	judge_volume(d, s, &p->passage, at, v->time);
}

static void *
proxy_new(void)
{
	return proxies_new();
}

static void
proxy_free(void *state)
{
	proxies_free(state);
}

const struct detector detector_proxy = {
	.name = "ssh-proxy",
	.state_new = proxy_new,
	.state_free = proxy_free,
	.volume = proxy_volume,
	.found = proxy_found,
};
