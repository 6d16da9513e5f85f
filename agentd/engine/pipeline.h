/*
 * pipeline: bytes → record → event → fact → host → finding → decision, joined up.  Pure; the same
 * object code runs live in the engine and in `sshtether replay`.
 */
#ifndef ENGINE_PIPELINE_H
#define ENGINE_PIPELINE_H

#include "agentd/detect/finding.h"
#include "policy/policy.h"

struct ruling {
	const struct finding *finding; /* borrowed */
	struct decision decision;
	struct bytes as;  /* name of the finding's effective uid; empty: not known */
	enum mode mode;   /* in force: the lower of the host's and the rule's */
	bool stop;        /* the action is above alert, mode is enforce and nothing spares him: do it */
	const char *spared; /* why the action, which is above alert, is told and never taken; NULL: it is */
};

struct pipeline_options {
	const char *boot_id;   /* "" in replay: taken as unknown */
	const char *host_name;
	const struct probe *probe; /* NULL in replay */
	const struct bytes *roles;
	size_t nroles;
	enum mode host_mode;
	/*
	 * A name for a uid that is neither root's nor the session's own; NULL, or NULL
	 * returned: not known
	 */
	const char *(*user_name)(uint32_t uid, void *arg);
	/* An address of this host?  NULL in replay: only the session's own end is known. */
	bool (*is_own)(struct addr, void *arg);
	struct baseline *baseline; /* borrowed; NULL: nothing is unusual */
	/* As in struct detect_parts; NULL: there are no lists. */
	bool (*is_listed)(struct addr, const char **list, void *arg);
	/* Is the program's path what a policy means by it?  NULL in replay: it is, as recorded. */
	bool (*exe_is_here)(const struct process *);
	void (*ruling)(const struct ruling *, void *arg);
	/*
	 * NULL, or called with what is told to nobody, because it was told earlier that day: what is inferred of a
	 * session belongs to its case all the same, though another session was the first.
	 */
	void (*folded)(const struct ruling *, void *arg);
	/* NULL, or called with each assembled event and its fact before the model sees it */
	void (*event)(const struct aev *, const struct fact *, void *arg);
	void *arg;
};

struct pipeline;

struct pipeline *pipeline_new(const struct pipeline_options *);
void pipeline_free(struct pipeline **);
/* The policy is borrowed and must outlive its use; swaps in one step. */
void pipeline_policy(struct pipeline *, const struct policy *);
void pipeline_mode(struct pipeline *, enum mode host_mode);
void pipeline_feed(struct pipeline *, const char *p, size_t n);
void pipeline_record(struct pipeline *, const struct record *);
void pipeline_tick(struct pipeline *, struct rtime now);
void pipeline_flush(struct pipeline *);

/* ruling.c.  Borrows from the finding and from *room. */
struct question_room;
void ruling_make(const struct finding *, const struct policy *, const struct pipeline_options *,
    struct question_room *room, struct ruling *out);
/*
 * What becomes of a ruling that nothing is done about: recorded, passed, alerted or
 * would-have.  Who acts on it (ruling.stop) says himself what became of that.
 */
enum done ruling_done(const struct ruling *);

struct host *pipeline_host(struct pipeline *);
struct detect *pipeline_detect(struct pipeline *);
const struct aev_stats *pipeline_stats(const struct pipeline *);

/* The question that a finding asks; slices borrow from it and from *room. */
struct question_room {
	struct bytes groups[ST_GROUPS_MAX], principals[64];
	char abstract[128]; /* a sun_path has 108 bytes */
};
void question_of(const struct finding *, const struct pipeline_options *, struct question_room *,
    struct question *);
/*
 * The facts of a login alone, for its grant: what is known only when it happens is not known.  NULL: of
 * no login in particular, nothing of one is known.
 */
void question_login(const struct session *, const struct pipeline_options *, struct rtime,
    struct question_room *, struct question *);

#endif
