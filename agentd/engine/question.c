/*
 * question: a finding, put as the question that a policy answers.  What is not known is left
 * out and its bit stays clear; what is known to be absent has its bit and no value.  The
 * difference decides whether a rule is passed over or the answer is undetermined, so each fact
 * says here when it is known.  Pure; runs in the engine and in replay.
 */
#include "agentd/engine/pipeline.h"

#define FACT(f) (1u << (f))

/* Facts of the login, in the order of enum pol_fact.  A task without a session has none of them. */
static const uint32_t login_facts = FACT(QF_USER) | FACT(QF_GROUP) | FACT(QF_ORIGIN) | FACT(QF_KEY) |
    FACT(QF_PRINCIPAL) | FACT(QF_CERT_ID) | FACT(QF_CA) | FACT(QF_METHOD) | FACT(QF_TTY);
static const uint32_t cert_facts = FACT(QF_PRINCIPAL) | FACT(QF_CERT_ID) | FACT(QF_CA);

static void
set_bytes(struct question *q, enum pol_fact fact, struct bytes *field, struct bytes value)
{
	*field = value;
	if (value.n > 0)
		q->known |= FACT(fact);
}

/* A string of the report that fills its array may have been longer. */
static void
set_reported(struct question *q, enum pol_fact fact, struct bytes *field, const struct session *s,
    const char *value, size_t cap)
{
	const struct bytes b = bytes_of(value);

	if ((s->report & REPORT_CUT) == 0 || b.n + 1 < cap)
		set_bytes(q, fact, field, b);
}

static void
set_groups(struct question *q, const struct session *s, struct question_room *room)
{
	bool none = s->source == SESSION_REPORT && s->ngroups == 0;

	if (s->group_names == NULL && !none)
		return; /* not resolved, or nobody told them */
	for (size_t i = 0; !none && i < s->ngroups && q->ngroups < ST_GROUPS_MAX; i++) {
		if (s->group_names[i] != NULL)
			room->groups[q->ngroups++] = bytes_of(s->group_names[i]);
	}
	q->groups = room->groups;
	q->known |= FACT(QF_GROUP);
	if ((s->report & REPORT_GROUPS_CUT) != 0)
		q->partial |= FACT(QF_GROUP);
}

static void
set_principals(struct question *q, const struct session *s, struct question_room *room)
{
	const size_t max = sizeof(room->principals) / sizeof(room->principals[0]);
	const char *p = s->principals;

	for (; p != NULL && *p != '\0' && q->nprincipals < max; p += strlen(p) + 1)
		room->principals[q->nprincipals++] = bytes_of(p);
	q->principals = room->principals;
	if ((s->report & REPORT_PRINCIPALS_CUT) != 0 || (p != NULL && *p != '\0'))
		q->partial |= FACT(QF_PRINCIPAL);
}

/*
 * sshd tells the key of a publickey login at open_session, but not in its account hook
 * (SSH_AUTH_INFO_0 is empty there), and records alone never do.  A method without publickey is
 * the word that there is none, unless something of the report was cut.
 */
static void
set_key(struct question *q, const struct session *s, struct question_room *room)
{
	bool cut = (s->report & REPORT_CUT) != 0;
	bool no_key = s->source == SESSION_REPORT && s->method[0] != '\0' && !cut &&
	    strstr(s->method, "publickey") == NULL;

	if (s->key_known)
		q->key = bytes_of(s->key_fp);
	if (s->key_known || no_key)
		q->known |= FACT(QF_KEY);
	if (!s->cert) {
		q->known |= s->key_known || no_key ? cert_facts : 0;
		return;
	}
	q->cert_id = bytes_of(s->cert_id);
	q->ca = bytes_of(s->ca_fp);
	set_principals(q, s, room);
	q->known |= cut ? cert_facts & ~FACT(QF_CERT_ID) : cert_facts;
}

static void
set_login(struct question *q, const struct session *s, struct question_room *room)
{
	if (!s->ssh) /* cron, console, no session at all: nobody logged in from anywhere */
		q->known |= login_facts & ~FACT(QF_USER);
	if (s->ses == SES_UNSET)
		q->known |= FACT(QF_USER);
	set_reported(q, QF_USER, &q->user, s, s->user, sizeof(s->user));
	if ((s->report & REPORT_CUT) == 0) /* one of several methods may be what was left out */
		set_bytes(q, QF_METHOD, &q->method, bytes_of(s->method));
	set_reported(q, QF_TTY, &q->tty, s, s->tty, sizeof(s->tty));
	q->origin = s->peer.addr;
	if (s->peer.addr.family != 0)
		q->known |= FACT(QF_ORIGIN);
	set_groups(q, s, room);
	set_key(q, s, room);
}

static void
set_host(struct question *q, const struct pipeline_options *opt)
{
	set_bytes(q, QF_ON, &q->host, bytes_of(opt->host_name));
	q->roles = opt->roles;
	q->nroles = opt->nroles;
}

void
question_login(const struct session *s, const struct pipeline_options *opt, struct rtime now,
    struct question_room *room, struct question *out)
{
	struct question q = {.activity = ACT_LOGIN, .known = FACT(QF_TIME), .time = now};

	if (s != NULL)
		set_login(&q, s, room);
	set_host(&q, opt);
	*out = q;
}

static struct bytes
effective_name(const struct finding *f, const struct pipeline_options *opt)
{
	if (f->euid == 0)
		return BYTES_LIT("root");
	if (f->session->user[0] != '\0' && f->euid == f->session->uid)
		return bytes_of(f->session->user);
	return opt->user_name != NULL ? bytes_of(opt->user_name(f->euid, opt->arg)) : BYTES_NONE;
}

static bool
is_own_address(const struct session *s, const struct pipeline_options *opt, struct addr a)
{
	return addr_is_loopback(a) || addr_is_any(a) || addr_eq(a, s->local.addr) ||
	    (opt->is_own != NULL && opt->is_own(a, opt->arg));
}

/* Activities that go somewhere: without a destination it is not known yet; the rest have none. */
static bool
has_destination(enum activity a)
{
	return a == ACT_OUTBOUND_SSH || a == ACT_RELAY || a == ACT_AGENT_USE ||
	    a == ACT_AGENT_HIJACK || a == ACT_MUX_USE || a == ACT_MUX_HIJACK;
}

static bool
has_owner(enum activity a)
{
	return a == ACT_AGENT_USE || a == ACT_AGENT_HIJACK || a == ACT_MUX_USE ||
	    a == ACT_MUX_HIJACK;
}

/* Of the login as such: no process of the session does them. */
static bool
is_of_login(enum activity a)
{
	return a == ACT_LOGIN || a == ACT_UNUSUAL_ORIGIN || a == ACT_UNUSUAL_HOUR || a == ACT_UNUSUAL_DURATION ||
	    a == ACT_CONCURRENT_ORIGINS || a == ACT_LISTED_ORIGIN;
}

/* A policy writes an abstract name with '@', as ss(8) does. */
static struct bytes
unix_path(struct bytes path, struct question_room *room)
{
	if (path.n == 0 || path.p[0] != '\0' || path.n > sizeof(room->abstract))
		return path;
	memcpy(room->abstract, path.p, path.n);
	room->abstract[0] = '@';
	return (struct bytes){.p = room->abstract, .n = path.n};
}

static void
set_destination(struct question *q, const struct finding *f, const struct pipeline_options *opt,
    struct question_room *room)
{
	if (f->to.addr.family != 0) {
		q->to_kind = is_own_address(f->session, opt, f->to.addr) ? TO_SELF : TO_ADDR;
		q->to_addr = f->to.addr;
		q->port = f->to.port;
	} else if (f->to_unix.n > 0) {
		q->to_kind = TO_UNIX;
		q->to_unix = unix_path(f->to_unix, room);
	}
	if (q->to_kind != TO_NONE || !has_destination(f->activity))
		q->known |= FACT(QF_TO) | FACT(QF_PORT);
}

/* A path from a mount namespace of the process's own may say anything: then it is not known. */
static void
set_exe(struct question *q, enum pol_fact fact, struct bytes *field, const struct process *p,
    const struct pipeline_options *opt)
{
	if (p->exe != NULL && (opt->exe_is_here == NULL || opt->exe_is_here(p)))
		set_bytes(q, fact, field, bytes_of(p->exe));
}

static void
set_program(struct question *q, const struct finding *f, const struct pipeline_options *opt)
{
	if (is_of_login(f->activity))
		q->known |= FACT(QF_EXE) | FACT(QF_PARENT);
	if (f->process != NULL)
		set_exe(q, QF_EXE, &q->exe, f->process, opt);
	if (f->nancestry > 0)
		set_exe(q, QF_PARENT, &q->parent, f->ancestry[0], opt);
}

void
question_of(const struct finding *f, const struct pipeline_options *opt, struct question_room *room,
    struct question *out)
{
	struct question q = {.activity = f->activity, .time = f->time, .owner = f->owner};

	q.known = FACT(QF_TIME) | FACT(QF_VIA);
	q.via = bytes_of(f->via);
	set_login(&q, f->session, room);
	set_bytes(&q, QF_AS, &q.as, effective_name(f, opt));
	set_host(&q, opt);
	set_destination(&q, f, opt, room);
	set_program(&q, f, opt);
	if (f->owner != OWNER_UNKNOWN || !has_owner(f->activity))
		q.known |= FACT(QF_OWNER);
	*out = q;
}
