/* recall: see recall.h.  Engine process. */
#include "agentd/engine/recall.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define AT_ONCE 32 /* questions, half of what the store's queue takes */

struct recalling {
	TAILQ_ENTRY(recalling) link;
	struct recall *all;
	uint32_t ses;
	recall_known_fn *known;
	void *arg;
};

struct recall {
	struct host *host;       /* borrowed */
	struct history *history; /* borrowed */
	struct archive *archive; /* borrowed; NULL: no store */
	const char *boot_id;     /* borrowed; "": it cannot be read */
	TAILQ_HEAD(, recalling) waiting, asked; /* owned */
	unsigned nasked;
};

/* --- giving back ------------------------------------------------------------------------------------- */

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

/* --- asking ------------------------------------------------------------------------------------------ */

static void
on_row(const struct store_session *row, void *arg)
{
	struct recalling *r = arg;
	struct recall *all = r->all;
	struct session *s = host_session(all->host, r->ses);

	if (row != NULL && s != NULL && s->source == SESSION_PROC && is_same(s, row)) {
		restore(s, row);
		history_recalled(all->history, s->ses);
	}
	TAILQ_REMOVE(&all->asked, r, link);
	all->nasked--;
	recall_more(all);
	r->known(r->arg);
	free(r);
}

void
recall_more(struct recall *all)
{
	struct recalling *r;

	while (all->nasked < AT_ONCE && (r = TAILQ_FIRST(&all->waiting)) != NULL &&
	    archive_get_session(all->archive, all->boot_id, r->ses, on_row, r)) {
		TAILQ_REMOVE(&all->waiting, r, link);
		TAILQ_INSERT_TAIL(&all->asked, r, link);
		all->nasked++;
	}
}

bool
recall_session(struct recall *all, const struct session *s, recall_known_fn *known, void *arg)
{
	struct recalling *r;

	if (all->archive == NULL || all->boot_id[0] == '\0' || (r = calloc(1, sizeof(*r))) == NULL)
		return false;
	*r = (struct recalling){.all = all, .ses = s->ses, .known = known, .arg = arg};
	TAILQ_INSERT_TAIL(&all->waiting, r, link);
	recall_more(all);
	return true;
}

struct recall *
recall_new(struct host *host, struct history *history, struct archive *archive, const char *boot_id)
{
	struct recall *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->host = host;
	all->history = history;
	all->archive = archive;
	all->boot_id = boot_id;
	TAILQ_INIT(&all->waiting);
	TAILQ_INIT(&all->asked);
	return all;
}

void
recall_free(struct recall **ap)
{
	struct recall *all = *ap;
	struct recalling *r;

	if (all == NULL)
		return;
	*ap = NULL;
	TAILQ_CONCAT(&all->waiting, &all->asked, link);
	while ((r = TAILQ_FIRST(&all->waiting)) != NULL) {
		TAILQ_REMOVE(&all->waiting, r, link);
		free(r);
	}
	free(all);
}
