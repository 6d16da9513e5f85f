/*
 * policy_diff: which questions two policies answer differently.  The parts: what an answer comes to and how two
 * differ (policy_diff_answer.c), counting those that are alike together (policy_diff_group.c), showing
 * (policy_diff_print.c); cmd_policy_diff.c holds them together.
 */
#ifndef CLI_POLICY_DIFF_H
#define CLI_POLICY_DIFF_H

#include <sshtether/limits.h>

#include "cli/cli.h"
#include "cli/tally.h"
#include "policy/policy.h"

/* --- policy_diff_answer.c ------------------------------------------------------------------- */

/* By weight. */
enum diff_kind {
	DIFF_STOPPED,   /* the new one stops it */
	DIFF_ALLOWED,   /* the old one did */
	DIFF_OTHERWISE, /* both stop it, in other ways */
	DIFF_TRIAL,     /* either would stop it, were it in enforce mode */
	DIFF_TOLD,      /* recorded, passed, alerted */
	DIFF_WORDED,    /* severity, tags, message, at most */
	DIFF_UNSURE,    /* an answer hangs on what is not known */
	DIFF_KINDS,
};

/* "newly stopped"; as JSON: "stopped". */
const char *diff_title(enum diff_kind);
const char *diff_word(enum diff_kind);
/* False: they say the same. */
bool diff_kind_of(const struct decision *was, const struct decision *is, enum diff_kind *);
/* What would be done: "block", "would block", "alert (never-stop: block)", "alert or block: it hangs on group". */
void diff_put_answer(const struct decision *, struct buf *);
/* The same with what else differs: "alert severity high tag pci". */
void diff_put_answer_full(const struct decision *, struct buf *);

/* --- policy_diff_group.c -------------------------------------------------------------------- */

/* Questions of one activity that the same rules answer in the same two ways. */
struct diff_group {
	enum diff_kind kind;
	enum activity activity;
	uint64_t count;          /* of the past */
	uint64_t expected;       /* of expect lines */
	struct rtime first, last;
	struct decision was, is; /* of the first one; borrowed from the policies */
	struct tally *users, *ports;
	struct prefix to[2];     /* the least that covers all addresses, of IPv4 and IPv6; family 0: none */
	char *example;           /* owned: the first question, in words */
	char *at;                /* owned: the expect line that it was, "file:line"; NULL: of the past */
};

struct diff {
	const struct policy *was, *is; /* borrowed */
	struct tally *keys;
	struct diff_group *groups; /* owned */
	size_t ngroups;
	uint64_t asked, expects, same; /* asked: of the past */
	uint64_t kinds[DIFF_KINDS];
	uint64_t lost;             /* different, and there was no room for one more group */
};

/* False: out of memory. */
bool diff_begin(struct diff *, const struct policy *was, const struct policy *is);
void diff_end(struct diff *);
/*
 * faint: inferred with low confidence, so at most told, whatever a policy says; at: where the expect line stands; NULL:
 * the question is one of the past, and was asked count times.
 */
void diff_ask(struct diff *, const struct question *, bool faint, uint64_t count, const char *at);
/* By weight: kind, then how often. */
void diff_sort(struct diff *);

/* --- policy_diff_print.c -------------------------------------------------------------------- */

struct diff_show {
	const struct cli *cli;
	struct diff *diff; /* sorted */
	const char *was, *is;
};
/* Returns enum cli_exit. */
int diff_print(const struct diff_show *);

#endif
