/*
 * baseline: what the subcommands of `sshtether baseline` share: rows from the daemon (baseline_fetch.c), rows to it
 * (baseline_send.c), and the words for them (baseline_words.c).
 */
#ifndef CLI_BASELINE_H
#define CLI_BASELINE_H

#include "agentd/engine/usual_rows.h"
#include "cli/cli.h"

/* What the daemon says of its baseline. */
struct baseline_head {
	char host[256];
	unsigned window, data, active; /* its settings */
	unsigned days;                 /* of data, today among them */
	unsigned days_before;          /* and without today: what counts */
	uint64_t users, entries, bytes, dropped;
};

/* --- baseline_fetch.c: from the daemon ------------------------------------------------------------- */

/* Rows of one user, and the host's days with them; user NULL: of all. */
struct baseline_fetch {
	const char *user;
	bool told; /* what was told, too */
	bool head_only;
	/* Each line as it came, the head first; false: enough.  NULL: rows are added to `into`. */
	bool (*line)(struct bytes line, void *arg);
	void *arg;
	struct baseline *into; /* set by the fetch when line is NULL; the caller's to free */
	struct baseline_head head;
};
/* Returns enum cli_exit. */
int baseline_fetch(const struct cli *, struct baseline_fetch *);

/* --- baseline_send.c: to the daemon ---------------------------------------------------------------- */

struct baseline_sent {
	uint64_t rows;    /* that were sent */
	uint64_t changed; /* and were not there, or less often */
	uint64_t left_out; /* of users that its policy leaves out: not taken */
	uint64_t old;     /* of days that the daemon does not keep any more: not sent */
	unsigned days;    /* of data that the daemon has now, without today */
};
/* The first day that it keeps; rows of those before are not sent. */
int32_t baseline_oldest(const struct baseline_head *);
/* What: "import" or "merge".  days of activity go last, so that nothing is judged by half of it. */
int baseline_send(const struct cli *, const struct baseline_head *, const struct baseline *, const char *what,
    struct baseline_sent *);
/* False, after it has said so: the caller is not root. */
bool baseline_may(const char *what);

/* --- baseline_words.c ------------------------------------------------------------------------------ */

#define WEEK_HOURS 168

/* Hours of the week, from Monday's first on, are of UTC everywhere: so they are judged, and so alerts speak of them. */
/* "Mon-Fri 08-18 h", "around the clock", "-": where nine of ten hours are. */
void words_week(const uint32_t hours[WEEK_HOURS], struct buf *out);
/* Seven rows of 24, with a line of hours above. */
void words_chart(const uint32_t hours[WEEK_HOURS], struct buf *out);
/* "2 h", "45 min", "10 s"; "3 MB" */
void words_span(uint64_t seconds, struct buf *out);
void words_bytes(uint64_t bytes, struct buf *out);

/* --- baseline_user.c: one user's rows, counted ------------------------------------------------------- */

struct baseline_value {
	char text[ST_USUAL_TEXT];
	unsigned days;
	uint64_t count;
	int32_t first, last;
};

/* Values of a kind, most days first; borrowed by nobody. */
struct baseline_values {
	struct baseline_value *list; /* owned */
	size_t n;
};

struct baseline_user {
	char name[ST_USUAL_TEXT];
	struct usual active; /* as the daemon would ask now */
	unsigned days;       /* of activity, today among them */
	int32_t last;
	struct baseline_values of[USUAL_COUNT];
	uint32_t hours[WEEK_HOURS]; /* UTC; how often */
};

/* All but the host itself, in order of their names. */
struct baseline_people {
	struct baseline_user *list; /* owned */
	size_t n;
	bool failed; /* out of memory */
};
void baseline_people(const struct baseline *, struct rtime now, struct baseline_people *);
void baseline_people_free(struct baseline_people *);
/* Of a kind whose values are steps: where nine of ten end, and the highest there was; UINT64_MAX: never. */
void baseline_steps(const struct baseline_values *, uint64_t *most, uint64_t *highest);

/* --- what is shown of them ---------------------------------------------------------------------------- */

/* baseline_print.c; returns enum cli_exit */
int baseline_print_all(const struct cli *, const struct baseline_head *, const struct baseline_people *);
int baseline_print_user(const struct cli *, const struct baseline_head *, const struct baseline_user *, struct rtime now);
/* "what is unusual is found", or from when on; days: of data, without today. */
void baseline_put_state(const struct baseline_head *, unsigned days, struct buf *);
/* baseline_json.c */
void baseline_json_all(const struct baseline_head *, const struct baseline_people *, struct buf *);
void baseline_json_user(const struct baseline_head *, const struct baseline_user *, struct buf *);

#endif
