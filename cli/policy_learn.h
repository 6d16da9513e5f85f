/*
 * policy_learn: the pass rules that would keep what was observed, as few as say exactly that, for a human to review.
 * The parts: what was seen (policy_learn_seen.c), of which sessions nothing is learned (policy_learn_case.c), addresses joined into networks (policy_learn_join.c), rules of what
 * is alike (policy_learn_rules.c), these in words (policy_learn_words.c), as a policy (policy_learn_text.c) and as
 * objects (policy_learn_json.c); cmd_policy_learn.c holds them together.
 */
#ifndef CLI_POLICY_LEARN_H
#define CLI_POLICY_LEARN_H

#include "cli/past.h"
#include "cli/tally.h"

/* Where addresses are joined: this many of a network, and of IPv4 no fewer than a quarter of it. */
#define LEARN_JOIN      4
#define LEARN_JOIN_PART 4
#define LEARN_BITS4     24 /* no network is larger */
#define LEARN_BITS6     64
#define LEARN_GROUP     3  /* users, for whom their group may stand */

struct learn_options {
	const char *user;    /* of this one alone; NULL: of all */
	uint64_t min;        /* rules of what was seen less often are shown, and are not in force */
	bool exact;          /* no networks, no groups */
	bool alerts;         /* also what was alerted or stopped */
	bool by_key;         /* rules name the key of the login, too */
	bool late;           /* whose case alerted may be told behind what was seen of it: learn_settle() */
	uint32_t activities; /* 1u << enum activity; 0: all */
};

/* What a rule of an activity is about, beside the user. */
enum learn_want {
	WANT_ORIGIN = 1u << 0,
	WANT_TO = 1u << 1,
	WANT_PORT = 1u << 2,
	WANT_OWNER = 1u << 3,
};
unsigned learn_wants(enum activity);

/* Of one thing that was seen, or of all that a rule stands for. */
struct learn_evidence {
	uint64_t count;
	struct rtime first, last;
};
void learn_evidence_add(struct learn_evidence *, const struct learn_evidence *);

/* An origin or a destination. */
struct learn_dest {
	struct prefix prefix;
	bool self; /* an address of the host; then there is no prefix */
};

/* One thing that somebody did. */
struct learn_cell {
	enum activity activity;
	uint32_t user, key, dest, port, owner; /* port, owner: themselves, the others numbers; what is not wanted is 0 */
	uint32_t session; /* until learn_settle(): 1 + its number; 0: none, or it does not matter any more */
	struct learn_evidence seen;
	bool joined; /* dest is a network that was made of addresses */
};

struct learn_user {
	char *name; /* owned */
	/*
	 * The groups that he was in whenever he logged in, and whenever he did anything else; sorted.  Not known on
	 * any such occasion: none.
	 */
	struct learn_groups {
		bool begun;
		uint32_t *ids; /* owned */
		size_t n;
	} always[2];
};

enum learn_dim { DIM_ACTIVITY, DIM_USER, DIM_KEY, DIM_DEST, DIM_PORT, DIM_OWNER, DIM_COUNT };

/* All combinations of what stands in its sets were seen, and no other rule stands for any of them. */
struct learn_rule {
	unsigned wants;
	struct learn_set {
		uint32_t *v; /* owned; at the end users by name, places by address */
		size_t n;
	} dim[DIM_COUNT];
	const char *group; /* that stands for its users; borrowed; NULL: none does */
	struct learn_evidence seen;
	bool joined;
};

struct learn {
	struct learn_options options;
	struct tally *cell_keys, *dest_keys, *user_keys, *key_keys, *group_keys, *member_keys;
	struct learn_cell *cells;
	size_t ncells, cell_room;
	struct learn_dest *dests;
	size_t ndests, dest_room;
	struct learn_user *users;
	size_t nusers, user_room;
	char **keys;        /* owned names */
	size_t nkeys, key_room;
	char **groups;      /* owned names */
	uint32_t *members;  /* of each: how many users were seen in it at all */
	size_t ngroups, group_room, members_room;
	struct tally *sessions; /* how often its case alerted; those that alerted, and when it is told late all */
	struct tally *left; /* what no rule is made of, and why */
	struct learn_rule *rules; /* owned */
	size_t nrules;
	uint64_t asked, learned, lost; /* lost: there was no room */
	struct rtime first, last;
	bool failed; /* no memory */
};

/* --- policy_learn_seen.c -------------------------------------------------------------------- */

/* False: out of memory. */
bool learn_begin(struct learn *, const struct learn_options *);
void learn_end(struct learn *);
void learn_see(struct learn *, const struct asked *);
/* The number of a place; false: no room. */
bool learn_dest_number(struct learn *, struct learn_dest, uint32_t *out);
/* One thing more; false: no room. */
bool learn_cell_add(struct learn *, const struct learn_cell *);
/* No rule is made of it: listed as an expect line has it, as far as a rule would name it. */
void learn_leave(struct learn *, const struct question *, uint64_t count, const char *why);

/* --- policy_learn_case.c -------------------------------------------------------------------- */

#define LEARN_CASE_ALERTED "the case of its session alerted (--include-alerts)"

/* The case of this session alerted: no rule is made of what was seen of it. */
void learn_alerted(struct learn *, struct bytes session);
/* All was seen: where that is told late, what was seen of such sessions goes.  False: out of memory. */
bool learn_settle(struct learn *);

/* --- policy_learn_join.c -------------------------------------------------------------------- */

/* Cells of neighbours become one of their network.  False: out of memory. */
bool learn_join(struct learn *);

/* --- policy_learn_rules.c ------------------------------------------------------------------- */

/* What was seen, as rules.  False: out of memory. */
bool learn_rules(struct learn *);
void learn_rules_free(struct learn_rule *, size_t n);

/* --- policy_learn_text.c, policy_learn_json.c ----------------------------------------------- */

/* When, and of what. */
struct learn_show {
	const struct cli *cli;
	struct learn *learn;
	struct rtime now, since, until;
	const char *source; /* "what sshtetherd keeps", "recorded logs" */
};
/* A policy that parses, its rules with what they rest on. */
void learn_text(const struct learn_show *, struct buf *out);
/* An object a rule, an object for what none was made of, and a summary. */
void learn_json(const struct learn_show *, struct buf *out);

#endif
