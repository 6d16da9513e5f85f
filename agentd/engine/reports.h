/*
 * reports: the PAM module's reports and their verdicts.  A connection comes from the monitor with what
 * the kernel says of its peer; the report is read off it, held against the kernel, put to the policy and
 * answered, once the monitor has its grant in the kernel.  Nothing here waits: a login that is not ready
 * keeps its connection and a deadline.
 */
#ifndef ENGINE_REPORTS_H
#define ENGINE_REPORTS_H

#include "agentd/engine/acts.h"
#include "agentd/engine/grants.h"
#include "agentd/engine/link.h"
#include "agentd/engine/names.h"
#include "agentd/engine/pipeline.h"

struct event_base;

struct reports_stats {
	uint64_t reports, allowed, refused, fallback, late;
};

struct reports_parts {
	struct event_base *base;
	struct link *link;
	struct names *names;
	struct grants *grants; /* NULL: sessions get none */
	struct pipeline *pipeline;
	const struct pipeline_options *options;        /* host_mode as it is now */
	const struct policy *(*policy)(void *arg);     /* in force */
	outcome_fn *outcome;
	/* A session that the model now has. */
	void (*opened)(const struct session *, void *arg);
	/* It lives, and its report was no good. */
	void (*found)(const struct notice *, void *arg);
	/* Something that people must hear of: "report-forged". */
	void (*warn)(const char *what, const char *sentence, void *arg);
	void *arg;
	bool fail_open;     /* what enforce mode makes of a login whose grant is not installed */
	int64_t timeout_ms; /* of the monitor: it answers for us after this */
};

struct reports;

struct reports *reports_new(const struct reports_parts *);
void reports_free(struct reports **);
/* NOTE_LOGIN; takes the descriptor. */
void reports_begin(struct reports *, const struct notice *, int fd);
/* NOTE_FALLBACK: the monitor answered. */
void reports_fallback(struct reports *, uint32_t id);
/* A ruling of the pipeline: true when it was about the login at hand and is dealt with. */
bool reports_ruling(struct reports *, const struct ruling *);
const struct reports_stats *reports_stats(const struct reports *);

#endif
