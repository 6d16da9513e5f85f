/* policy_verbs: the policy, shown and loaded; see verbs.h. */
#include "agentd/engine/verbs.h"

#include "agentd/engine/loads.h"
#include "agentd/engine/pending.h"
#include "base/proc.h"

/* Of the file itself; nobody may have. */
static void
put_signer(struct json *j, const struct policy_box *box)
{
	const struct policy_files *files = policy_box_files(box);

	if (files == NULL)
		return;
	json_kstr(j, "signer", policy_files_signer(files)->name);
	json_kstr(j, "signer_key", policy_files_signer(files)->key);
}

static void
put_policy(struct engine *e, struct buf *line)
{
	const struct policy *p = policy_box_get(e->policy);
	struct buf text = BUF_INIT;
	struct json j;

	pol_print(p, &text);
	json_init(&j, line);
	json_object(&j);
	json_kstr(&j, "fleet", pol_fleet(p));
	json_kuint(&j, "serial", pol_serial(p));
	json_kstr(&j, "mode", mode_name(pol_mode(p)));
	json_kstr(&j, "path", policy_box_path(e->policy));
	put_signer(&j, e->policy);
	json_kbool(&j, "last_good", policy_box_last_good(e->policy));
	json_kbytes(&j, "text", buf_bytes(&text));
	json_end(&j, '}');
	buf_free(&text);
}

static void
put_rule(struct engine *e, size_t i, struct buf *line)
{
	const struct policy *p = policy_box_get(e->policy);
	struct buf text = BUF_INIT;
	const char *file;
	unsigned at;
	struct json j;

	pol_rule_place(p, i, &file, &at);
	pol_rule_text(p, i, &text);
	json_init(&j, line);
	json_object(&j);
	json_kuint(&j, "rule", i);
	json_kstr(&j, "file", file);
	json_kuint(&j, "line", at);
	json_kbytes(&j, "text", buf_bytes(&text));
	json_kuint(&j, "hits", policy_box_hits(e->policy, i));
	json_end(&j, '}');
	buf_free(&text);
}

void
verb_policy_show(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const size_t n = args_flag(args, "verbose") ? pol_nrules(policy_box_get(e->policy)) : 0;
	struct buf line = BUF_INIT;

	put_policy(e, &line);
	verb_send(c, &line);
	for (size_t i = 0; i < n; i++) {
		put_rule(e, i, &line);
		verb_send(c, &line);
	}
	client_end(c, 0, NULL);
}

static void
put_answer(const struct policy_load *l, bool loaded, const struct engine *e, struct json *j)
{
	const struct policy *p = policy_box_get(e->policy);

	json_object(j);
	if (loaded) {
		json_kstr(j, "fleet", pol_fleet(p));
		json_kuint(j, "serial", pol_serial(p));
		json_kstr(j, "mode", mode_name(pol_mode(p)));
		json_kuint(j, "rules", pol_nrules(p));
		put_signer(j, e->policy);
		json_kbytes(j, "warnings", buf_bytes(&l->diag));
	} else {
		json_kbytes(j, "diagnostics", buf_bytes(&l->diag));
	}
	json_end(j, '}');
}

static void
on_loaded(const struct policy_load *l, bool loaded, void *arg)
{
	struct pending *p = arg;
	struct buf line = BUF_INIT;
	struct json j;

	if (p->client != NULL) {
		json_init(&j, &line);
		put_answer(l, loaded, p->e, &j);
		verb_send(p->client, &line);
		client_end(p->client, loaded ? 0 : 1, loaded ? NULL : "not loaded; the policy in force stays");
	}
	pending_free(p);
}

void
verb_policy_load(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *path = args_str(args, "path");
	struct load_who who = {.by = LOAD_HAND, .pid = (uint32_t)client_pid(c), .auid = AUID_UNSET};
	struct pending *p;

	if (path == NULL || path[0] != '/') {
		client_end(c, 3, "the path is to be absolute");
		return;
	}
	(void)proc_loginuid(client_pid(c), &who.auid);
	p = pending_new(e, c);
	if (p != NULL && loads_order(e, path, &who, on_loaded, p))
		return;
	if (p != NULL)
		pending_free(p);
	client_end(c, 3, "too many loads wait");
}
