/* history: see history.h.  Engine process. */
#include "agentd/engine/history.h"

#include <stdlib.h>
#include <sys/queue.h>

#define SHORT_MS  60000 /* a quiet session that ended before this is counted, not stored */
#define BUCKETS   1024
#define DAY_MS    86400000
#define ASKED     32 /* questions to the store under way, half of what its queue takes */

/* A session that did more than to log in. */
struct busy {
	SLIST_ENTRY(busy) link;
	uint32_t ses;
};
SLIST_HEAD(bucket, busy);

/* What the store knows of a session that was found. */
struct restoring {
	TAILQ_ENTRY(restoring) link;
	struct history *h;
	uint32_t ses;
	void (*known)(void *arg);
	void *arg;
};

struct history {
	struct host *host;       /* borrowed */
	struct archive *archive; /* borrowed; NULL: no store */
	const char *boot_id;     /* borrowed */
	struct bucket busy[BUCKETS];
	TAILQ_HEAD(, restoring) waiting, out; /* owned; to be asked for, asked for */
	unsigned asked; /* of the latter */
};

static struct busy *
find(struct history *h, uint32_t ses)
{
	struct busy *b;

	SLIST_FOREACH(b, &h->busy[hash_u64(ses) % BUCKETS], link) {
		if (b->ses == ses)
			return b;
	}
	return NULL;
}

static void
mark(struct history *h, uint32_t ses)
{
	struct busy *b;

	if (find(h, ses) != NULL || (b = calloc(1, sizeof(*b))) == NULL)
		return;
	b->ses = ses;
	SLIST_INSERT_HEAD(&h->busy[hash_u64(ses) % BUCKETS], b, link);
}

static void
unmark(struct history *h, uint32_t ses)
{
	struct busy *b = find(h, ses);

	if (b == NULL)
		return;
	SLIST_REMOVE(&h->busy[hash_u64(ses) % BUCKETS], b, busy, link);
	free(b);
}

/* "" when they are not known. */
static void
join_groups(const struct session *s, struct buf *out)
{
	for (size_t i = 0; s->group_names != NULL && i < s->ngroups; i++) {
		if (s->group_names[i] != NULL) {
			buf_puts(out, s->group_names[i]);
			buf_putc(out, '\n');
		}
	}
}

static void
write_session(struct history *h, const struct session *s, struct rtime over)
{
	struct buf groups = BUF_INIT;
	char ip[ADDR_STRLEN];

	join_groups(s, &groups);
	const struct store_session row = {
	    .boot = h->boot_id,
	    .ses = s->ses,
	    .auid = s->auid,
	    .user = s->user,
	    .ip = addr_str(s->peer.addr, ip),
	    .service = s->service,
	    .tty = s->tty,
	    .method = s->method,
	    .key_type = s->key_known ? s->key_type : "",
	    .key = s->key_known ? s->key_fp : "",
	    .ca = s->ca_fp,
	    .cert_id = s->cert_id,
	    .groups = buf_ok(&groups) ? groups.p : NULL,
	    .port = s->peer.port,
	    .cert_serial = s->cert_serial,
	    .opened_ms = s->opened.ms,
	    .closed_ms = s->closed.ms,
	    .over_ms = over.ms,
	    .events = s->events,
	    .findings = s->findings,
	};

	archive_session(h->archive, &row);
	buf_free(&groups);
}

static void
count_login(struct history *h, const struct session *s, struct rtime over)
{
	char ip[ADDR_STRLEN];
	const struct store_logins row = {
	    .day_ms = s->opened.ms - s->opened.ms % DAY_MS,
	    .user = s->user,
	    .ip = addr_str(s->peer.addr, ip),
	    .key = s->key_known ? s->key_fp : "",
	    .method = s->method,
	    .first_ms = s->opened.ms,
	    .last_ms = s->opened.ms,
	    .count = 1,
	    .seconds = (uint64_t)(rtime_since(over, s->opened) / 1000),
	};

	archive_logins(h->archive, &row);
}

void
history_row(struct history *h, const struct outlet_row *row)
{
	const struct store_finding f = {
	    .time_ms = row->time.ms,
	    .boot = h->boot_id,
	    .ses = row->ses,
	    .user = row->user,
	    .activity = outlet_row_name(row),
	    .action = action_name(row->action),
	    .done = done_name(row->done),
	    .severity = severity_name(row->severity),
	    .alert = row->alert,
	    .json = row->stored,
	};

	if (h->archive == NULL || (row->activity == ACT_LOGIN && !row->alert))
		return;
	archive_finding(h->archive, &f);
	if (host_session(h->host, row->ses) != NULL)
		mark(h, row->ses);
}

void
history_opened(struct history *h, const struct session *s)
{
	if (h->archive == NULL)
		return;
	write_session(h, s, RTIME_NONE);
	archive_soon(h->archive);
}

void
history_over(struct history *h, uint32_t ses)
{
	const struct session *s = host_session(h->host, ses);
	const struct rtime now = rtime_now();

	if (h->archive == NULL || s == NULL || !s->ssh)
		return;
	if (find(h, ses) != NULL || rtime_since(now, s->opened) >= SHORT_MS) {
		write_session(h, s, now);
	} else {
		archive_drop_session(h->archive, h->boot_id, ses);
		count_login(h, s, now);
	}
	unmark(h, ses);
}

/* --- after a restart ------------------------------------------------------------------------------ */

/* A ses is unique in a boot; the connection is looked at where there still is one. */
static bool
is_same(const struct session *s, const struct store_session *row)
{
	char ip[ADDR_STRLEN];

	return s->auid == row->auid && (s->peer.addr.family == 0 || ((s->peer.port == 0 || s->peer.port == row->port) &&
	    bytes_is(bytes_of(addr_str(s->peer.addr, ip)), row->ip)));
}

static void
restore_peer(struct session *s, const struct store_session *row)
{
	struct addr a;

	if (s->peer.addr.family == 0 && addr_parse(bytes_of(row->ip), &a))
		s->peer = (struct endpoint){.addr = a, .port = (uint16_t)row->port};
}

/* One name a line, back into the session's own list. */
static void
restore_groups(struct session *s, const char *text)
{
	size_t n = 0;

	if (s->group_names != NULL || s->ngroups != 0 || text[0] == '\0' ||
	    (s->group_names = calloc(ST_GROUPS_MAX, sizeof(s->group_names[0]))) == NULL)
		return;
	while (*text != '\0' && n < ST_GROUPS_MAX) {
		const size_t len = strcspn(text, "\n");

		s->group_names[n++] = strndup(text, len);
		text += len + (text[len] == '\n');
	}
	s->ngroups = n;
}

static void
restore_cert(struct session *s, const struct store_session *row)
{
	if (row->ca[0] == '\0' || s->cert_id != NULL || (s->cert_id = strdup(row->cert_id)) == NULL)
		return;
	s->cert = true;
	s->report |= REPORT_PRINCIPALS_CUT; /* they are not stored */
}

/* As the module has it: what fills its array may have been longer. */
static bool
is_cut(const struct store_session *row)
{
	const struct report *r = NULL;

	return strlen(row->user) + 1 >= sizeof(r->user) || strlen(row->method) + 1 >= sizeof(r->method) ||
	    strlen(row->tty) + 1 >= sizeof(r->tty) || strlen(row->cert_id) + 1 >= sizeof(r->cert_id);
}

/* What the module once reported and nobody reports again: from now on it counts as reported. */
static void
restore(struct session *s, const struct store_session *row)
{
	s->source = SESSION_REPORT;
	restore_peer(s, row);
	restore_groups(s, row->groups);
	if (s->ngroups == 0 || s->ngroups == ST_GROUPS_MAX)
		s->report |= REPORT_GROUPS_CUT; /* everybody is in one */
	if (row->user[0] != '\0')
		(void)bytes_copy(bytes_of(row->user), s->user, sizeof(s->user));
	(void)bytes_copy(bytes_of(row->service), s->service, sizeof(s->service));
	(void)bytes_copy(bytes_of(row->tty), s->tty, sizeof(s->tty));
	(void)bytes_copy(bytes_of(row->method), s->method, sizeof(s->method));
	(void)bytes_copy(bytes_of(row->key_type), s->key_type, sizeof(s->key_type));
	(void)bytes_copy(bytes_of(row->key), s->key_fp, sizeof(s->key_fp));
	(void)bytes_copy(bytes_of(row->ca), s->ca_fp, sizeof(s->ca_fp));
	s->key_known = row->key[0] != '\0';
	s->cert_serial = row->cert_serial;
	restore_cert(s, row);
	s->report |= is_cut(row) ? REPORT_CUT : 0u;
	s->opened.ms = row->opened_ms;
}

static void
on_row(const struct store_session *row, void *arg)
{
	struct restoring *r = arg;
	struct session *s = host_session(r->h->host, r->ses);

	if (row != NULL && s != NULL && s->source == SESSION_PROC && is_same(s, row)) {
		restore(s, row);
		mark(r->h, s->ses); /* what it did before is not known here */
	}
	r->h->asked--;
	TAILQ_REMOVE(&r->h->out, r, link);
	history_ask(r->h);
	r->known(r->arg);
	free(r);
}

void
history_ask(struct history *h)
{
	struct restoring *r;

	while (h->asked < ASKED && (r = TAILQ_FIRST(&h->waiting)) != NULL &&
	    archive_get_session(h->archive, h->boot_id, r->ses, on_row, r)) {
		TAILQ_REMOVE(&h->waiting, r, link);
		TAILQ_INSERT_TAIL(&h->out, r, link);
		h->asked++;
	}
}

bool
history_found(struct history *h, const struct session *s, void (*known)(void *arg), void *arg)
{
	struct restoring *r;

	if (h->archive == NULL || h->boot_id[0] == '\0' || (r = calloc(1, sizeof(*r))) == NULL)
		return false;
	*r = (struct restoring){.h = h, .ses = s->ses, .known = known, .arg = arg};
	TAILQ_INSERT_TAIL(&h->waiting, r, link);
	history_ask(h);
	return true;
}

struct history *
history_new(struct host *host, struct archive *archive, const char *boot_id)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->host = host;
	h->archive = archive;
	h->boot_id = boot_id;
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->out);
	return h;
}

void
history_free(struct history **hp)
{
	struct history *h = *hp;
	struct restoring *r;
	struct busy *b;

	if (h == NULL)
		return;
	*hp = NULL;
	TAILQ_CONCAT(&h->waiting, &h->out, link); /* the store has forgotten them */
	while ((r = TAILQ_FIRST(&h->waiting)) != NULL) {
		TAILQ_REMOVE(&h->waiting, r, link);
		free(r);
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((b = SLIST_FIRST(&h->busy[i])) != NULL) {
			SLIST_REMOVE_HEAD(&h->busy[i], link);
			free(b);
		}
	}
	free(h);
}
