/* policy_verbs: the policy, shown and loaded; see verbs.h. */
#include "agentd/engine/verbs.h"

#include "agentd/engine/in_force.h"

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

void
verb_policy_load(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *path = args_str(args, "path");
	struct buf diag = BUF_INIT, line = BUF_INIT;
	bool loaded;
	struct json j;

	if (path == NULL || path[0] != '/') {
		client_end(c, 3, "the path is to be absolute");
		return;
	}
	loaded = in_force_load(e, path, &diag);
	json_init(&j, &line);
	json_object(&j);
	if (loaded) {
		json_kstr(&j, "fleet", pol_fleet(policy_box_get(e->policy)));
		json_kuint(&j, "serial", pol_serial(policy_box_get(e->policy)));
		json_kuint(&j, "rules", pol_nrules(policy_box_get(e->policy)));
		json_kbytes(&j, "warnings", buf_bytes(&diag));
	} else
		json_kbytes(&j, "diagnostics", buf_bytes(&diag));
	json_end(&j, '}');
	verb_send(c, &line);
	client_end(c, loaded ? 0 : 1, loaded ? NULL : "not loaded; the policy in force stays");
	buf_free(&diag);
}
