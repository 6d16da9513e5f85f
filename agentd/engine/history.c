/* history: see history.h.  Engine process. */
#include "agentd/engine/history.h"

#include <stdlib.h>
#include <sys/queue.h>

#define SHORT_MS  60000 /* a quiet session that ended before this is counted, not stored */
#define BUCKETS   1024
#define DAY_MS    86400000

/* A session that did more than to log in. */
struct busy {
	SLIST_ENTRY(busy) link;
	uint32_t ses;
};
SLIST_HEAD(bucket, busy);

struct history {
	struct host *host;       /* borrowed */
	struct archive *archive; /* borrowed; NULL: no store */
	const char *boot_id;     /* borrowed */
	struct bucket busy[BUCKETS];
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

void
history_recalled(struct history *h, uint32_t ses)
{
	mark(h, ses);
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
	struct busy *b;

	if (h == NULL)
		return;
	*hp = NULL;
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((b = SLIST_FIRST(&h->busy[i])) != NULL) {
			SLIST_REMOVE_HEAD(&h->busy[i], link);
			free(b);
		}
	}
	free(h);
}
