/* sessions_json: a session as one JSON object; its shape is in sshtether/control.h. */
#include <stdio.h>
#include <unistd.h>

#include "agentd/engine/state.h"

static const char *const states[] = {[SESSION_OPEN] = "open", [SESSION_CLOSED] = "closed",
    [SESSION_OVER] = "over"};
static const char *const known_by[] = {[SESSION_RECORDS] = "records", [SESSION_PROC] = "proc",
    [SESSION_REPORT] = "report"};
static const char *const kinds[] = {[USOCK_OTHER] = "other", [USOCK_AGENT] = "agent",
    [USOCK_MUX] = "mux", [USOCK_TMUX] = "tmux", [USOCK_SCREEN] = "screen"};

static void
put_endpoint(struct json *j, const char *key, struct endpoint e)
{
	char text[ADDR_STRLEN];

	if (e.addr.family == 0)
		return;
	json_kobject(j, key);
	json_kstr(j, "ip", addr_str(e.addr, text));
	json_kuint(j, "port", e.port);
	json_end(j, '}');
}

static void
put_id(struct json *j, const char *key, uint32_t uid)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", uid);
	json_kobject(j, key);
	json_kstr(j, "id", text); /* ECS: a keyword */
	json_end(j, '}');
}

/* --- a login --- */

static void
put_user(struct json *j, const struct session *s)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", s->auid);
	json_kobject(j, "user");
	json_kstr(j, "name", s->user);
	json_kstr(j, "id", text);
	json_end(j, '}');
}

static void
put_lists(struct json *j, const struct session *s)
{
	json_karray(j, "principals");
	for (const char *p = s->principals; p != NULL && *p != '\0'; p += strlen(p) + 1)
		json_str(j, bytes_of(p));
	json_end(j, ']');
	json_karray(j, "groups");
	for (size_t i = 0; s->group_names != NULL && i < s->ngroups; i++) {
		if (s->group_names[i] != NULL)
			json_str(j, bytes_of(s->group_names[i]));
	}
	json_end(j, ']');
}

/*
 * No record tells of a process's end.  Good enough for looking at: the pid may be another's by now.
 */
static bool
is_alive(const struct process *p)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", p->pid);
	return access(path, F_OK) == 0;
}

static bool
count_alive(struct process *p, void *arg)
{
	unsigned *n = arg;

	*n += is_alive(p);
	return true;
}

static void
put_ours(struct json *j, const struct engine *e, const struct session *s)
{
	char name[ALERT_SESSION_LEN];
	uint32_t parent;
	unsigned alive = 0;

	host_each_process(pipeline_host(e->pipeline), s->ses, count_alive, &alive);
	json_kobject(j, "sshtether");
	json_kstr(j, "session", alert_session(e->boot_id, s->ses, name));
	json_kuint(j, "ses", s->ses);
	if (s->auid != AUID_UNSET)
		json_kuint(j, "auid", s->auid);
	json_kstr(j, "state", states[s->state]);
	json_kstr(j, "known_by", known_by[s->source]);
	json_kbool(j, "ssh", s->ssh);
	json_kstr(j, "service", s->service);
	json_kstr(j, "tty", s->tty);
	json_kstr(j, "method", s->method);
	json_kstr(j, "key", s->key_fp);
	json_kstr(j, "key_type", s->key_type);
	json_kstr(j, "cert_id", s->cert_id);
	if (s->cert)
		json_kuint(j, "cert_serial", s->cert_serial);
	json_kstr(j, "ca", s->ca_fp);
	put_lists(j, s);
	json_ktime(j, "opened", s->opened);
	json_ktime(j, "closed", s->closed);
	json_ktime(j, "last", s->last);
	json_kuint(j, "events", s->events);
	json_kuint(j, "findings", s->findings);
	json_kuint(j, "refused", s->refused);
	json_kuint(j, "bytes_in", s->bytes_in);
	json_kuint(j, "bytes_out", s->bytes_out);
	if (s->isolated != 0)
		json_kbool(j, "isolated", true);
	if (s->revoked != 0)
		json_kbool(j, "agents_revoked", true);
	json_kuint(j, "processes", alive);
	if (flows_find(&e->flows, s->peer, &parent))
		json_kuint(j, "parent", parent);
	json_end(j, '}');
}

/* --- its processes, parents first --- */

struct tree {
	struct json *j;
	const struct process *p[ST_TREE_PROCESSES];
	bool done[ST_TREE_PROCESSES];
	size_t n;
	enum command_line command_line;
};

static bool
collect(struct process *p, void *arg)
{
	struct tree *t = arg;

	if (t->n == ST_TREE_PROCESSES)
		return false;
	t->p[t->n++] = p;
	return true;
}

static void
put_command(struct json *j, const struct process *p, enum command_line how)
{
	struct buf line = BUF_INIT;

	if (p->argv == NULL || how != COMMAND_FULL)
		return;
	for (size_t i = 0; i < p->argv_len; i++) {
		if (p->argv[i] != '\0')
			buf_putc(&line, p->argv[i]);
		else if (i + 1 < p->argv_len)
			buf_putc(&line, ' ');
	}
	json_kbytes(j, "command_line", buf_bytes(&line));
	buf_free(&line);
}

static void
put_process(struct tree *t, const struct process *p, unsigned depth)
{
	struct json *j = t->j;

	json_object(j);
	json_kuint(j, "pid", p->pid);
	json_kobject(j, "parent");
	json_kuint(j, "pid", p->ppid);
	json_end(j, '}');
	json_kuint(j, "depth", depth);
	json_kstr(j, "executable", p->exe);
	json_kbytes(j, "name", (struct bytes){.p = p->comm, .n = strnlen(p->comm, sizeof(p->comm))});
	put_command(j, p, t->command_line);
	put_id(j, "user", p->uid);
	put_id(j, "effective", p->euid);
	json_ktime(j, "start", p->seen);
	json_kbool(j, "ssh", p->program == PROGRAM_SSH);
	json_kbool(j, "alive", is_alive(p));
	json_end(j, '}');
}

/* The index of the parent among those shown; t->n: not among them. */
static size_t
parent_of(const struct tree *t, size_t i)
{
	size_t at = 0;

	while (at < t->n && (at == i || t->p[at]->pid != t->p[i]->ppid))
		at++;
	return at;
}

static void
put_branch(struct tree *t, size_t i, unsigned depth)
{
	t->done[i] = true;
	put_process(t, t->p[i], depth);
	for (size_t k = 0; k < t->n && depth < ST_ANCESTRY; k++) {
		if (!t->done[k] && t->p[k]->ppid == t->p[i]->pid)
			put_branch(t, k, depth + 1);
	}
}

static void
put_processes(struct json *j, const struct engine *e, const struct session *s)
{
	struct tree t = {.j = j, .command_line = e->context.command_line};

	host_each_process(pipeline_host(e->pipeline), s->ses, collect, &t);
	json_karray(j, "processes");
	for (size_t i = 0; i < t.n; i++) {
		if (!t.done[i] && parent_of(&t, i) == t.n)
			put_branch(&t, i, 0);
	}
	for (size_t i = 0; i < t.n; i++) { /* deeper than is shown, or a ring of used-again pids */
		if (!t.done[i])
			put_process(&t, t.p[i], ST_ANCESTRY);
	}
	json_end(j, ']');
}

/* --- its sockets --- */

static bool
put_socket(struct usock *u, void *arg)
{
	struct json *j = arg;

	json_object(j);
	json_kbytes(j, "path", (struct bytes){.p = u->path, .n = u->path_len});
	json_kstr(j, "kind", kinds[u->kind]);
	json_kuint(j, "inode", u->inode);
	json_kuint(j, "pid", u->owner_pid);
	json_kbool(j, "forwarded", u->forwarded);
	json_end(j, '}');
	return true;
}

/* --- where it went --- */

static void
put_hop(struct json *j, const struct hop_seen *v)
{
	json_object(j);
	json_kstr(j, "activity", activity_info(v->activity)->name);
	put_endpoint(j, "destination", v->to);
	json_kstr(j, "to", v->path);
	json_kobject(j, "process");
	json_kuint(j, "pid", v->pid);
	json_end(j, '}');
	json_kstr(j, "done", done_name(v->done));
	json_ktime(j, "time", v->time);
	json_end(j, '}');
}

static void
put_hops(struct json *j, const struct hops *hops, uint32_t ses)
{
	const struct hop_seen *v;

	json_karray(j, "hops");
	for (size_t i = 0; (v = hops_get(hops, i)) != NULL; i++) {
		if (v->ses == ses)
			put_hop(j, v);
	}
	json_end(j, ']');
}

void
session_json(struct engine *e, const struct session *s, bool detail, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	put_user(&j, s);
	put_endpoint(&j, "source", s->peer);
	put_endpoint(&j, "server", s->local);
	if (s->monitor_pid != 0) {
		json_kobject(&j, "process");
		json_kuint(&j, "pid", s->monitor_pid);
		json_end(&j, '}');
	}
	put_ours(&j, e, s);
	if (detail) {
		put_processes(&j, e, s);
		json_karray(&j, "sockets");
		host_each_socket(pipeline_host(e->pipeline), s->ses, put_socket, &j);
		json_end(&j, ']');
		put_hops(&j, &e->hops, s->ses);
	}
	json_end(&j, '}');
}
