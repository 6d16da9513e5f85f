/* open_event: see open_event.h. */
#include "agentd/audit/open_event.h"

#include <libaudit.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/syscalls.h"

#define FIRST_TEXT 4096u /* room that nearly every event finds enough; what has grown is not kept */
#define FIRST_RECS 16u

enum part { /* what an event has */
	PART_SYSCALL = 1u << 0,
	PART_URING = 1u << 1,
	PART_SOCKADDR = 1u << 2,
	PART_EXECVE = 1u << 3,
	PART_DETAIL = 1u << 4, /* a record that is never without a SYSCALL or URINGOP */
	PART_CUT = 1u << 5,
};

/* --- what has come, and what must ------------------------------------------------------------- */

/* Records that kernel/auditsc.c, audit_log_exit(), puts behind a SYSCALL or URINGOP. */
static bool
is_detail(uint16_t type)
{
	switch (type) {
	case AUDIT_PATH:
	case AUDIT_SOCKETCALL:
	case AUDIT_SOCKADDR:
	case AUDIT_CWD:
	case AUDIT_EXECVE:
	case AUDIT_BPRM_FCAPS:
	case AUDIT_PROCTITLE:
		return true;
	default:
		return false;
	}
}

/* What a SYSCALL says first: arch, syscall, success, exit, a0–a3, items. */
struct announcement {
	uint64_t arch, number, a0, items;
	bool success;
};

static struct announcement
announcement_of(const struct record *r)
{
	struct announcement a = {0};
	struct field_iter it;
	struct field f;

	field_iter_init(&it, r->body);
	while (field_next(&it, &f))
		if (bytes_is(f.name, "arch"))
			(void)bytes_hex64(f.value, &a.arch);
		else if (bytes_is(f.name, "syscall"))
			(void)bytes_u64(f.value, &a.number);
		else if (bytes_is(f.name, "success"))
			a.success = bytes_is(f.value, "yes");
		else if (bytes_is(f.name, "a0"))
			(void)bytes_hex64(f.value, &a.a0);
		else if (bytes_is(f.name, "items")) {
			(void)bytes_u64(f.value, &a.items);
			break;
		}
	return a;
}

/*
 * items=N: so many PATH records follow.  Some calls do not come without another record, unless
 * something else (LOGIN, EVENT_LISTENER …) is why they are written: then no details were kept.
 */
static void
note_announcement(struct open_event *e, const struct record *r)
{
	struct announcement a = announcement_of(r);
	enum call call = call_of_syscall((uint32_t)a.arch, (uint32_t)a.number);

	e->items = a.items;
	if (e->nrec > 0)
		return;
	if (call == CALL_SOCKETCALL)
		call = call_of_socketcall(a.a0);
	if (call == CALL_CONNECT || call == CALL_BIND)
		e->wanted |= PART_SOCKADDR;
	else if (call == CALL_EXEC && a.success)
		e->wanted |= PART_EXECVE;
}

static void
note_part(struct open_event *e, const struct record *r)
{
	switch (r->type) {
	case AUDIT_SYSCALL:
		e->parts |= PART_SYSCALL;
		note_announcement(e, r);
		break;
	case AUDIT_URINGOP:
		e->parts |= PART_URING;
		break;
	case AUDIT_SOCKADDR:
		e->parts |= PART_SOCKADDR;
		break;
	case AUDIT_EXECVE:
		e->parts |= PART_EXECVE;
		break;
	case AUDIT_PATH:
		e->paths++;
		break;
	}
	if (is_detail(r->type))
		e->parts |= PART_DETAIL;
}

/*
 * The kernel ends a syscall's event with PROCTITLE and EOE; log files have no EOE.  A PROCTITLE ends
 * an event of which all that was announced is here: else some may still be under way.
 */
bool
oev_is_whole(const struct open_event *e)
{
	return (e->parts & PART_SYSCALL) != 0 && (e->parts & e->wanted) == e->wanted &&
	    e->paths >= e->items;
}

/* LOGIN, BPF, CONFIG_CHANGE … may or may not come with a SYSCALL; URINGOP has no PROCTITLE. */
bool
oev_needs_no_end(const struct open_event *e)
{
	if ((e->parts & (PART_SYSCALL | PART_CUT)) != 0)
		return false;
	return (e->parts & PART_DETAIL) == 0 || (e->parts & PART_URING) != 0;
}

/* --- memory ----------------------------------------------------------------------------------- */

static bool
text_room(struct open_event *e, size_t n)
{
	size_t cap = e->captext > 0 ? e->captext : FIRST_TEXT;

	while (cap - e->ntext < n)
		cap *= 2;
	if (cap == e->captext)
		return true;

	char *text = realloc(e->text, cap);

	if (text == NULL)
		return false;
	e->text = text;
	e->captext = cap;
	e->key.node.p = text;
	return true;
}

static bool
record_room(struct open_event *e)
{
	size_t cap = e->caprec > 0 ? e->caprec * 2 : FIRST_RECS;

	if (e->nrec < e->caprec)
		return true;

	struct record *rec = realloc(e->rec, cap * sizeof(*rec));

	if (rec == NULL)
		return false;
	e->rec = rec;
	e->caprec = cap;
	return true;
}

static void
text_put(struct open_event *e, struct bytes b)
{
	if (b.n > 0)
		memcpy(e->text + e->ntext, b.p, b.n);
	e->ntext += b.n;
}

/* An argv of megabytes may fill half of the room only: CWD and PATH come behind it and matter. */
static bool
within_limits(const struct open_event *e, const struct record *r, size_t n)
{
	size_t share = r->type == AUDIT_EXECVE ? 2 : 1;

	return e->nrec < ST_EVENT_RECORDS / share && e->ntext + n <= ST_EVENT_BYTES / share;
}

static bool
append_record(struct open_event *e, const struct record *r)
{
	size_t n = r->type_name.n + r->body.n;

	if (!within_limits(e, r, n) || !text_room(e, n) || !record_room(e))
		return false;
	text_put(e, r->type_name);
	text_put(e, r->body);
	e->rec[e->nrec++] = *r;
	return true;
}

bool
oev_begin(struct open_event *e, const struct event_key *k)
{
	if (!text_room(e, k->node.n + 1) || !record_room(e))
		return false;
	text_put(e, k->node);
	e->key = (struct event_key){.serial = k->serial, .time = k->time,
	    .node = {.p = e->text, .n = k->node.n}};
	return true;
}

bool
oev_add(struct open_event *e, const struct record *r)
{
	note_part(e, r);
	if (append_record(e, r))
		return true;
	e->parts |= PART_CUT;
	return false;
}

/*
 * Text holds the node, then name and body of each record, in order: so that it may move while it
 * grows, the slices are made now.
 */
void
oev_slice(struct open_event *e)
{
	const char *p = e->text + e->key.node.n;

	for (size_t i = 0; i < e->nrec; i++) {
		struct record *r = &e->rec[i];

		r->node = e->key.node;
		r->type_name.p = p;
		p += r->type_name.n;
		r->body.p = p;
		p += r->body.n;
	}
}

size_t
oev_footprint(const struct open_event *e)
{
	return sizeof(*e) + e->caprec * sizeof(*e->rec) + e->captext;
}

bool
oev_reuse(struct open_event *e)
{
	if (e->captext > FIRST_TEXT || e->caprec > FIRST_RECS)
		return false;
	*e = (struct open_event){.rec = e->rec, .caprec = e->caprec, .text = e->text,
	    .captext = e->captext};
	return true;
}

void
oev_free(struct open_event *e)
{
	if (e == NULL)
		return;
	free(e->rec);
	free(e->text);
	free(e);
}
