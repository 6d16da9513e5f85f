/* history: see history.h.  Engine process. */
#include "agentd/engine/history.h"

#include <stdlib.h>
#include <sys/queue.h>

#define SHORT_MS  60000 /* a quiet session that ended before this is counted, not stored */
#define BUCKETS   1024
#define DAY_MS    86400000

/* A session that has its row. */
struct written {
	SLIST_ENTRY(written) link;
	uint32_t ses;
};
SLIST_HEAD(bucket, written);

struct history {
	struct host *host;       /* borrowed */
	struct archive *archive; /* borrowed; NULL: no store */
	const char *boot_id;     /* borrowed */
	struct bucket written[BUCKETS];
};

static struct written *
find(struct history *h, uint32_t ses)
{
	struct written *w;

	SLIST_FOREACH(w, &h->written[hash_u64(ses) % BUCKETS], link) {
		if (w->ses == ses)
			return w;
	}
	return NULL;
}

static void
mark(struct history *h, uint32_t ses)
{
	struct written *w;

	if (find(h, ses) != NULL || (w = calloc(1, sizeof(*w))) == NULL)
		return;
	w->ses = ses;
	SLIST_INSERT_HEAD(&h->written[hash_u64(ses) % BUCKETS], w, link);
}

static void
unmark(struct history *h, uint32_t ses)
{
	struct written *w = find(h, ses);

	if (w == NULL)
		return;
	SLIST_REMOVE(&h->written[hash_u64(ses) % BUCKETS], w, written, link);
	free(w);
}

static void
write_session(struct history *h, const struct session *s, struct rtime over)
{
	char ip[ADDR_STRLEN];
	const struct store_session row = {
	    .boot = h->boot_id,
	    .ses = s->ses,
	    .auid = s->auid,
	    .user = s->user,
	    .ip = addr_str(s->peer.addr, ip),
	    .service = s->service,
	    .tty = s->tty,
	    .method = s->method,
	    .key_type = s->key_type,
	    .key = s->key_fp,
	    .ca = s->ca_fp,
	    .cert_id = s->cert_id,
	    .port = s->peer.port,
	    .cert_serial = s->cert_serial,
	    .opened_ms = s->opened.ms,
	    .closed_ms = s->closed.ms,
	    .over_ms = over.ms,
	    .events = s->events,
	    .findings = s->findings,
	};

	archive_session(h->archive, &row);
	mark(h, s->ses);
}

static void
count_login(struct history *h, const struct session *s, struct rtime over)
{
	char ip[ADDR_STRLEN];
	const struct store_logins row = {
	    .day_ms = s->opened.ms - s->opened.ms % DAY_MS,
	    .user = s->user,
	    .ip = addr_str(s->peer.addr, ip),
	    .key = s->key_fp,
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
	const struct session *s = host_session(h->host, row->ses);
	const struct store_finding f = {
	    .time_ms = row->time.ms,
	    .boot = h->boot_id,
	    .ses = row->ses,
	    .user = row->user,
	    .activity = row->activity < ACT_COUNT ? activity_info(row->activity)->name : "sshtether",
	    .action = action_name(row->action),
	    .done = done_name(row->done),
	    .severity = severity_name(row->severity),
	    .alert = row->alert,
	    .json = row->json,
	};

	if (h->archive == NULL || (row->activity == ACT_LOGIN && !row->alert))
		return;
	archive_finding(h->archive, &f);
	if (s != NULL && s->ssh && find(h, s->ses) == NULL)
		write_session(h, s, RTIME_NONE);
}

void
history_over(struct history *h, uint32_t ses)
{
	const struct session *s = host_session(h->host, ses);
	const struct rtime now = rtime_now();

	if (h->archive == NULL || s == NULL || !s->ssh)
		return;
	if (find(h, ses) != NULL || rtime_since(now, s->opened) >= SHORT_MS)
		write_session(h, s, now);
	else
		count_login(h, s, now);
	unmark(h, ses);
}

struct checking {
	struct history *h;
	struct rtime now;
};

static bool
check(struct session *s, void *arg)
{
	const struct checking *c = arg;

	if (s->ssh && s->state != SESSION_OVER && find(c->h, s->ses) == NULL &&
	    rtime_since(c->now, s->opened) >= SHORT_MS)
		write_session(c->h, s, RTIME_NONE);
	return true;
}

void
history_check(struct history *h, struct rtime now)
{
	struct checking c = {.h = h, .now = now};

	if (h->archive != NULL)
		host_each_session(h->host, check, &c);
}

void
history_keep_all(struct history *h)
{
	history_check(h, (struct rtime){.ms = INT64_MAX});
}

/* --- after a restart ------------------------------------------------------------------------------ */

struct restoring {
	struct history *h;
	uint32_t ses;
};

static bool
same_connection(const struct session *s, const struct store_session *row)
{
	char ip[ADDR_STRLEN];

	return s->auid == row->auid && s->peer.port == row->port &&
	    bytes_is(bytes_of(addr_str(s->peer.addr, ip)), row->ip);
}

/* What the module once reported and nobody reports again. */
static void
restore(struct session *s, const struct store_session *row)
{
	(void)bytes_copy(bytes_of(row->user), s->user, sizeof(s->user));
	(void)bytes_copy(bytes_of(row->service), s->service, sizeof(s->service));
	(void)bytes_copy(bytes_of(row->tty), s->tty, sizeof(s->tty));
	(void)bytes_copy(bytes_of(row->method), s->method, sizeof(s->method));
	(void)bytes_copy(bytes_of(row->key_type), s->key_type, sizeof(s->key_type));
	(void)bytes_copy(bytes_of(row->key), s->key_fp, sizeof(s->key_fp));
	(void)bytes_copy(bytes_of(row->ca), s->ca_fp, sizeof(s->ca_fp));
	s->key_known = row->key[0] != '\0';
	s->cert_serial = row->cert_serial;
	if (row->cert_id[0] != '\0' && s->cert_id == NULL) {
		s->cert_id = strdup(row->cert_id);
		s->cert = s->cert_id != NULL;
	}
	s->opened.ms = row->opened_ms;
}

static void
on_row(const struct store_session *row, void *arg)
{
	struct restoring *r = arg;
	struct session *s = host_session(r->h->host, r->ses);

	if (row != NULL && s != NULL && s->source == SESSION_PROC && same_connection(s, row)) {
		restore(s, row);
		mark(r->h, s->ses);
	}
	free(r);
}

void
history_found(struct history *h, struct session *s)
{
	struct restoring *r;

	if (h->archive == NULL || (r = calloc(1, sizeof(*r))) == NULL)
		return;
	*r = (struct restoring){.h = h, .ses = s->ses};
	if (!archive_get_session(h->archive, h->boot_id, s->ses, on_row, r))
		free(r);
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
	return h;
}

void
history_free(struct history **hp)
{
	struct history *h = *hp;
	struct written *w;

	if (h == NULL)
		return;
	*hp = NULL;
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((w = SLIST_FIRST(&h->written[i])) != NULL) {
			SLIST_REMOVE_HEAD(&h->written[i], link);
			free(w);
		}
	}
	free(h);
}
