/*
 * client: asks the daemon (control.h): one request, answers line by line; and how to read the
 * answers.  Not to be included beside base/json.h, whose names are jansson's too; so requests
 * are made with json_pack(), never with json_object() or json_array().
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>

#include "cli/cli.h"

enum client_socket { CLIENT_CONTROL, CLIENT_MONITOR };

/*
 * One object of the answer, and its line.  Both are borrowed.  False ends the asking (standard
 * output is gone).
 */
typedef bool client_fn(const json_t *object, struct bytes line, void *arg);

struct client_ask {
	enum client_socket socket;
	json_t *request; /* taken; NULL: json_pack() could not, which is said */
	bool follow;     /* answers may take as long as they like */
	bool quiet;      /* that no daemon is there needs no word */
	client_fn *fn;
	void *arg;
};

/* Returns enum cli_exit, after it has said what went wrong. */
int client_ask(const struct cli *, const struct client_ask *);
/* A client_fn for --json: the line as it came; arg is not looked at. */
bool client_print_line(const json_t *, struct bytes, void *);

/* --- answers: path is "a.b.c" ------------------------------------------------------------- */

/* NULL: not there. */
const json_t *answer_get(const json_t *, const char *path);
/* Borrowed; empty when it is not there or no string. */
struct bytes answer_str(const json_t *, const char *path);
/* 0 when it is not there or no integer. */
int64_t answer_int(const json_t *, const char *path);
bool answer_bool(const json_t *, const char *path);
/* A time of an answer (RFC 3339, UTC) as cli_time() prints it; "-" when it is not there. */
void answer_time(const struct cli *, const json_t *, const char *path, struct buf *out);
/* A string made visible; "-" when it is empty. */
void answer_visible(const json_t *, const char *path, struct buf *out);
/* "10.0.0.1 port 22" of an object with ip and port. */
void answer_endpoint(const json_t *, const char *path, struct buf *out);

/* "8m12s": the two largest units that say anything; upwards to the second. */
void answer_span(int64_t ms, struct buf *out);
/* ", audit again in 8m12s unless confirmed", of an object with left_ms; without it nothing. */
void answer_trial(const json_t *, struct buf *out);

#endif
