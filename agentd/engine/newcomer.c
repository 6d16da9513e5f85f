/* newcomer: see newcomer.h.  Engine process. */
#include "agentd/engine/newcomer.h"

#include <stdlib.h>

#include "base/report_addr.h"

static void
describe(const struct report *r, const struct notice *kernel, struct session *s)
{
	*s = (struct session){
	    .ses = SES_UNSET,
	    .auid = kernel->auid,
	    .uid = r->uid,
	    .report = r->flags,
	    .source = SESSION_REPORT,
	    .ssh = true,
	    .key_known = (r->flags & REPORT_KEY_KNOWN) != 0,
	    .cert = (r->flags & REPORT_CERT) != 0,
	    .cert_serial = r->cert_serial,
	    .monitor_pid = kernel->pid,
	    .start_ticks = kernel->start_ticks,
	};
	memcpy(s->user, r->user, sizeof(s->user));
	memcpy(s->service, r->service, sizeof(s->service));
	memcpy(s->tty, r->tty, sizeof(s->tty));
	memcpy(s->method, r->method, sizeof(s->method));
	memcpy(s->key_type, r->key_type, sizeof(s->key_type));
	memcpy(s->key_fp, r->key_fp, sizeof(s->key_fp));
	memcpy(s->ca_fp, r->ca_fp, sizeof(s->ca_fp));
}

char **
newcomer_group_names(struct names *ns, const uint32_t *gids, size_t n, char **out)
{
	if (!names_settled(ns, gids, n))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *name = names_group(ns, gids[i]);

		out[i] = name != NULL ? strdup(name) : NULL;
	}
	return out;
}

void
newcomer_fill(struct newcomer *a, const struct report *r, const struct notice *kernel, struct names *names)
{
	struct session *s = &a->s;

	*a = (struct newcomer){.report = *r};
	describe(&a->report, kernel, s);
	s->peer = endpoint_of(&a->report.peer);
	s->local = endpoint_of(&a->report.local);
	s->cert_id = a->report.cert_id;
	s->principals = a->report.principals;
	s->ngroups = a->report.ngroups;
	s->group_names = newcomer_group_names(names, a->report.groups, a->report.ngroups, a->names);
}

void
newcomer_free(struct newcomer *a)
{
	for (size_t i = 0; i < ST_GROUPS_MAX; i++)
		free(a->names[i]);
}
