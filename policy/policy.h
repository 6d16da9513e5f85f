/*
 * policy: the language of a fleet's rules: load, ask, print, explain.  The same code serves the
 * daemon and `sshtether policy …`.  A loaded policy is an immutable snapshot; a load is all or
 * nothing and reports every error at once.  Knows base only.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "policy/level.h"

struct policy;

/* --- the question ------------------------------------------------------------------------------ */

/*
 * Facts of a question.  A bit in `known` says that the fact is there; a rule that hangs on a fact which
 * is not known is neither matched nor passed over: the answer is undetermined (see pol_ask).
 * A fact that is known to be absent has its bit set and an empty value.
 */
enum pol_fact {
	QF_USER, QF_AS, QF_GROUP, QF_ORIGIN, QF_KEY, QF_PRINCIPAL, QF_CERT_ID, QF_CA, QF_METHOD,
	QF_ON, QF_TIME, QF_TTY,
	/* known only when it happens: never part of a grant */
	QF_TO, QF_PORT, QF_EXE, QF_PARENT, QF_VIA, QF_OWNER,
	QF_COUNT,
};

enum pol_to_kind { TO_NONE, TO_ADDR, TO_SELF, TO_UNIX };

struct question {
	enum activity activity;
	uint32_t known;           /* 1u << enum pol_fact */
	uint32_t partial;         /* of those, lists of which a part is here: what is not in it may be in the rest */
	struct bytes user, as;    /* the login user; the effective one */
	const struct bytes *groups;
	size_t ngroups;
	struct addr origin;
	struct bytes key;         /* "SHA256:…" */
	const struct bytes *principals;
	size_t nprincipals;
	struct bytes cert_id, ca, method, host, tty;
	const struct bytes *roles; /* of this host, for `on` */
	size_t nroles;
	struct rtime time;
	enum pol_to_kind to_kind; /* TO_SELF: an address of this host; to_addr is set as well */
	struct addr to_addr;
	struct bytes to_unix;
	uint16_t port;
	struct bytes exe, parent, via;
	enum owner owner;
};

struct decision {
	/*
	 * The answer hangs on the facts in `missing`: with them known, different rules could decide, and
	 * they say different things.  The rest is then the weakest of what could be the answer, so that
	 * nothing is stopped that might have been allowed.
	 */
	bool undetermined;
	uint32_t missing;
	enum action strongest; /* of what could be the answer; `action` when it is determined */
	bool by_default;      /* no rule matched */
	/* A never-stop line holds, or may hold (its fact is not known): alerted, never taken. */
	bool never_stop;
	enum action action;   /* what the rule says */
	enum severity severity;
	bool severity_given;  /* by the rule; else it is the activity's own */
	enum mode mode;       /* the policy's or the rule's own, before the host's is applied */
	const char *file;     /* borrowed from the policy; NULL by default */
	unsigned line;
	unsigned rule;        /* index, for pol_hit(); UINT_MAX by default */
	const char *message;  /* for the user; NULL for none */
	const struct bytes *tags; /* as the rule says; borrowed like file */
	size_t ntags;
	/* Of the rule's alerts about one user, at most this many in window_ms; n 0: no limit.  Never of what is done. */
	struct pol_rate {
		unsigned n;
		int64_t window_ms;
	} at_most;
};

/* First match wins.  Constant memory, no I/O. */
void pol_ask(const struct policy *, const struct question *, struct decision *out);
/* Whether `spare exe` names this program. */
bool pol_spares(const struct policy *, struct bytes exe);
/* What the asker does is learned, and judged by what is usual: no `no-baseline` line names him, or may name him. */
bool pol_learns(const struct policy *, const struct question *);
/* A `no-baseline` line names that user, whatever his groups. */
bool pol_leaves_out(const struct policy *, struct bytes user);
bool pol_is_ssh_port(const struct policy *, uint16_t port);

/* --- grants ------------------------------------------------------------------------------------- */

/*
 * What a policy says of SSH connections and sockets as far as it can be said at login, for gates that know
 * addresses, ports and owners and nothing else.  The classes: every address (and port) belongs to one, and
 * for two of one class no rule can tell the difference.
 */
#define POL_ADDR_CLASSES 64
#define POL_PORT_CLASSES 8
#define POL_PREFIXES     131072 /* at most; as many as a gate holds */

struct pol_space;

struct pol_prefix {
	struct prefix prefix;
	unsigned addr_class;
};
struct pol_ports {
	uint16_t lo, hi;
	unsigned port_class;
	bool ssh;
};

/* own: addresses of this host, which `to self` means.  The policy is borrowed.  NULL: out of memory. */
struct pol_space *pol_space_new(const struct policy *, const struct addr *own, size_t nown);
void pol_space_free(struct pol_space **);
/* Longest prefix wins; what none covers is of class 0.  IPv4 is apart from IPv6: ::/0 covers none of it. */
const struct pol_prefix *pol_space_prefixes(const struct pol_space *, size_t *n);
/* Disjoint, ascending; what none covers is of class 0. */
const struct pol_ports *pol_space_ports(const struct pol_space *, size_t *n);
/* More classes than there is room for: what is left over is refused where it is refused wherever it goes. */
bool pol_space_blurred(const struct pol_space *);

enum pol_verdict { POL_ALLOW, POL_REPORT, POL_DENY }; /* REPORT: allowed, or hangs on what a gate does not know */

struct pol_grant {
	enum pol_verdict ssh[POL_PORT_CLASSES][POL_ADDR_CLASSES];   /* outbound-ssh, given that it is SSH */
	enum pol_verdict relay[POL_PORT_CLASSES][POL_ADDR_CLASSES];
	enum pol_verdict agent[OWNER_COUNT], mux[OWNER_COUNT];      /* use for self and same-login, else hijack */
	bool no_destination; /* every outbound-ssh is refused, wherever it goes */
	bool denies;         /* anything */
};

/*
 * login: a question with the facts of the login; its activity, and what is known only when it happens, do
 * not matter.  DENY: every rule that may decide it refuses it, in enforce mode, and no never-stop may hold:
 * pol_ask() with any value of what is not known would refuse as well.  ALLOW: only of the session's own
 * sockets, where no rule stops anything, be it in audit mode.
 */
void pol_grant_of(const struct policy *, const struct pol_space *, const struct question *login,
    struct pol_grant *out);
/* A rule hangs on the time (hours, until): grants are to be computed again as it passes. */
bool pol_has_time(const struct policy *);

/* --- loading ----------------------------------------------------------------------------------- */

/* What a file is to the policy that names it. */
enum pol_file {
	POLF_POLICY,   /* itself, or what it includes */
	POLF_TABLE,
	POLF_UNSIGNED, /* a table that the policy takes without a signature of its own */
	POLF_ZONE,     /* a time zone: the system's, and nobody's to sign */
};

/*
 * Where the bytes of a policy and of the files it names come from. 0 or −errno; why as safe_read(): static, or
 * arg's own until the next call.
 */
typedef int pol_read_fn(const char *path, enum pol_file, size_t max, struct buf *out, const char **why,
    void *arg);
/*
 * The files that an include's pattern (a glob in its last part) names, sorted, each path ended by a zero byte.
 * None is no error.  0 or −errno.
 */
typedef int pol_list_fn(const char *pattern, struct buf *out, const char **why, void *arg);

struct pol_options {
	pol_read_fn *read; /* NULL: plain_read() */
	pol_list_fn *list; /* NULL: the directory as it is */
	void *arg;         /* of both */
	bool skip_expect;  /* do not run the expect lines */
	bool enforce;      /* as if it said mode enforce: for rehearsals */
	/*
	 * For the warning about rules whose `until` is past; RTIME_NONE: rtime_now().  expect lines take
	 * such rules as still in force at a load, so that what loaded yesterday loads today.
	 */
	struct rtime now;
	/*
	 * Lines that stand before the file's own, for rules that are given for a while: pass rules with an
	 * `until`, and nothing else.  expect lines do not see them.  name stands for the file's.
	 */
	struct {
		const char *name;
		struct bytes text;
	} prelude;
	/*
	 * Where the text's rules stood before they were printed into it: their places from now on.  Borrowed, and
	 * longer lived than the policy; n 0: they are where they are.
	 */
	struct pol_places {
		const struct pol_place {
			const char *file;
			unsigned line;
		} *list;
		size_t n;
	} places;
};

/*
 * NULL on any error.  Diagnostics (errors and warnings, in order, caret and all) are appended to diag;
 * *nerrors counts the errors.
 */
struct policy *pol_load(const char *path, const struct pol_options *, struct buf *diag,
    unsigned *nerrors);
/* From memory; name stands in diagnostics, dir is where relative files are. */
struct policy *pol_parse(const char *name, struct bytes text, const struct pol_options *,
    struct buf *diag, unsigned *nerrors);
/* An empty policy: serial 0, mode audit, no rules. */
struct policy *pol_empty(void);
void pol_free(struct policy **);

/* --- what is in it ------------------------------------------------------------------------------ */

const char *pol_fleet(const struct policy *);
uint64_t pol_serial(const struct policy *);
enum mode pol_mode(const struct policy *);
/* n actions in window_ms return the host to audit mode; n 0: off. */
void pol_stop_limit(const struct policy *, unsigned *n, int64_t *window_ms);
/* What a task of no known session may do: true: it reaches no SSH port. */
bool pol_ungranted_deny(const struct policy *);
size_t pol_nrules(const struct policy *);
size_t pol_nexpects(const struct policy *);
/* The rule's place and canonical text, with what the blocks around it ask for and without its newline. */
void pol_rule_text(const struct policy *, size_t rule, struct buf *);
void pol_rule_place(const struct policy *, size_t rule, const char **file, unsigned *line);
/* 1u << enum activity */
uint32_t pol_rule_activities(const struct policy *, size_t rule);
/*
 * How strongly the rule can be carried out with these gates (enum pol_gate) for one of its activities.
 * *why: what keeps it from more; NULL when nothing does.
 */
enum level pol_rule_level_of(const struct policy *, size_t rule, enum activity, unsigned gates,
    const char **why);
/* The best that it comes to for any of them. */
enum level pol_rule_level(const struct policy *, size_t rule, unsigned gates, const char **why);

/* The same as it is carried out: by the rule's own mode, and among the others. */
struct pol_reach {
	enum level level;
	const char *why; /* NULL: as above */
	/*
	 * SIZE_MAX, or a rule before this one that may let the same go on, and hangs on what no gate knows: where it may
	 * hold, this one is only carried out just after.  With LEVEL_REACT that is everywhere.  Looked for among the
	 * first thousands.
	 */
	size_t before;
};
struct pol_reach pol_rule_reach(const struct policy *, size_t rule, enum activity, unsigned gates);

/*
 * What the policy asks for and a host with these gates cannot do: rules in enforce mode that stop something
 * which would only be seen.  A line each; returns how many.
 */
unsigned pol_beyond(const struct policy *, unsigned gates, struct buf *);
/* The same of what a host with all the gates would stop more strongly. */
unsigned pol_weaker(const struct policy *, unsigned gates, struct buf *);

/* Canonical text: print → parse → print is the identity. */
void pol_print(const struct policy *, struct buf *);
void pol_print_json(const struct policy *, struct json *);

/* --- tools -------------------------------------------------------------------------------------- */

/*
 * A question as on an expect line or a command line: "outbound-ssh user alice origin 10.1.2.3 to
 * 10.20.0.9 port 22".  Slices point into storage that *q_store owns.  False: diag says why.
 */
struct question_store;
bool question_parse(const struct policy *, struct bytes text, struct question *,
    struct question_store **, struct buf *diag);
void question_free(struct question_store **);

/* The question in words: question_parse() reads them, and there is nothing in it that they cannot say but `partial`. */
void question_print(const struct question *, struct buf *);

/* One line a rule up to the match: matched, or the condition that failed and the fact that failed it. */
void pol_explain(const struct policy *, const struct question *, struct buf *);
void pol_explain_json(const struct policy *, const struct question *, struct json *);

/* An expect line that was run.  All is good for the call only. */
struct pol_tested {
	const char *file;
	unsigned line;
	const char *what;        /* the line, in the canonical form */
	bool ok;
	const char *why;         /* what the policy says instead, in a sentence; "": it says so */
	enum action expected, got; /* got: after never-stop */
	const struct decision *answer;
};
/*
 * Runs the expect lines; calls fn for each.  Returns the number that failed.  now: for `until`, where a
 * line names no hours itself; RTIME_NONE: as at a load.
 */
typedef void pol_expect_fn(const struct pol_tested *, void *arg);
unsigned pol_test(const struct policy *, struct rtime now, pol_expect_fn *, void *arg);
/*
 * The same of a text that holds expect lines and nothing else: a file of tests beside the policy, named so in
 * messages.  With an error in it (*nerrors, diag) none of its lines is run.
 */
unsigned pol_test_text(const struct policy *, const char *name, struct bytes text, struct rtime now,
    pol_expect_fn *, void *arg, struct buf *diag, unsigned *nerrors);
/* What the expect lines ask; all is borrowed from the policy. */
typedef void pol_asked_fn(const char *file, unsigned line, const struct question *, void *arg);
void pol_each_expect(const struct policy *, pol_asked_fn *, void *arg);

/*
 * Shape: rules that never match, are shadowed, unused tables, `principal` without `ca`, actions that these
 * gates (enum pol_gate) cannot carry out.  Count, with the warnings that the load gave.
 */
unsigned pol_lint(const struct policy *, unsigned gates, struct buf *diag);

#endif
